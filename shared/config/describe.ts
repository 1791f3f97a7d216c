// The manual of porchlight.toml, made from the schema: as Markdown for docs/configuration.md, as text for a terminal.

import { type Section, schema, sections } from './schema.ts';
import type { Known, Setting } from './setting.ts';

/** What the examples are about. */
const example: Known = {
  allowPrivateAddresses: false,
  domain: 'home.example',
  kind: null,
  driver: null,
  otherMachine: false,
};
const exampleService: Known = { ...example, kind: 'activitypub', driver: 'process' };

interface Described {
  readonly path: string;
  readonly purpose: string;
  /** Name and text, in the order in which they are told. */
  readonly facts: readonly (readonly [name: string, says: string])[];
}

function described(section: Section): readonly Described[] {
  const known = section.name === 'services' ? exampleService : example;
  return Object.entries(schema[section.name]).map(([key, setting]: [string, Setting<unknown>]) => ({
    path: section.path + key,
    purpose: setting.purpose,
    facts: [
      ['type', setting.unit === null ? setting.type : `${setting.type}; ${setting.unit}`],
      ['wanted', setting.wanted(known)],
      ['default', setting.otherwise],
      ...(setting.appliesTo === null ? [] : [['only for', setting.appliesTo.says] as const]),
      ['changed by', setting.changedBy],
      ['the edge', setting.toldToEdge ? 'is told' : 'is not told'],
      ['a change holds', setting.takesEffect === 'at once' ? 'at once' : 'after a restart of the home node'],
      ['example', `\`${key} = ${setting.example(known)}\``],
    ],
  }));
}

/** docs/configuration.md. */
export function configurationManual(): string {
  const parts = sections.map((section) => {
    const settings = described(section).map(
      ({ path, purpose, facts }) =>
        `### \`${path}\`\n\n${purpose}\n\n${facts.map(([name, says]) => `- ${name}: ${says}`).join('\n')}\n`,
    );
    const title = section.header === null ? 'The file itself' : `\`${section.header}\``;
    return `## ${title}\n\n${section.purpose}\n\n${settings.join('\n')}`;
  });
  return `${introduction}\n${parts.join('\n')}`;
}

const introduction = `# Configuration

<!-- Made by \`npm run docs\` from shared/config/schema.ts: change it there. -->

Every setting of a home is in one file, \`porchlight.toml\`, in home's data folder. It is TOML. The shortest useful one is

    domain = "home.example"
    admin = "you@home.example"

A running home node reads the file again when it is saved. What is at fault is told with its line, all faults at once, and
nothing of the file holds until it is mended; what held before goes on. What the edge is told goes there signed by home's
key (docs/protocol.md, "Settings"), and holds there within a second.

What a service is (its name, kind, hosts, signatures, where it is and who runs it) holds after a restart of the home node, at
home and at the edge alike: an edge that went by other hosts or names than home serves would send home what no service of
it takes. Until then \`porchlight status\`, \`porchlight config check\` and the log name what waits.
`;

/** For a terminal of 80 columns. */
export function configurationText(): string {
  const parts = sections.map((section) => {
    const settings = described(section).map(({ path, purpose, facts }) => {
      const told = facts.map(([name, says]) => wrapped(`${name}: ${says}`, '      ', '        '));
      return `  ${path}\n${wrapped(purpose, '    ', '    ')}\n${told.join('\n')}`;
    });
    return `${section.header ?? 'porchlight.toml'}\n${wrapped(section.purpose, '', '')}\n\n${settings.join('\n\n')}\n`;
  });
  return parts.map((part) => part.replaceAll('`', '')).join('\n');
}

const columns = 80;

function wrapped(text: string, first: string, later: string): string {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(' ')) {
    const longer = line.trim() === '' ? line + word : `${line} ${word}`;
    if (longer.length <= columns || line.trim() === '') line = longer;
    else {
      lines.push(line);
      line = later + word;
    }
  }
  return [...lines, line].join('\n');
}
