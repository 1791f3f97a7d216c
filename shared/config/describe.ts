// The manual of porchlight.toml, made from the schema: as Markdown for docs/configuration.md, as text for a terminal, as
// data for programs.

import { type Section, schema, sections } from './schema.ts';
import type { ChangedBy, Known, Setting, SettingType, TakesEffect } from './setting.ts';

/** What the examples are about. */
const example: Known = {
  allowPrivateAddresses: false,
  domain: 'home.example',
  kind: null,
  driver: null,
  otherMachine: false,
};
const exampleService: Known = { ...example, kind: 'activitypub', driver: 'process' };

/** All that is to be known of one setting. */
export interface SettingManual {
  /** As `services[].url`. */
  readonly path: string;
  /** The header below which it stands; null: above all. */
  readonly header: string | null;
  readonly purpose: string;
  /** What it guards, or what a bad value does. */
  readonly danger: string;
  readonly type: SettingType;
  readonly unit: string | null;
  readonly wanted: string;
  /** All values that there are; null: too many to name. */
  readonly choices: readonly string[] | null;
  /** In words. */
  readonly default: string;
  /** null: for every service, or there is none. */
  readonly onlyFor: string | null;
  readonly changedBy: ChangedBy;
  readonly toldToEdge: boolean;
  readonly takesEffect: TakesEffect;
  /** As it is written in the file. */
  readonly example: string;
}

/** In the order of the file. */
export function settingManuals(): readonly SettingManual[] {
  return sections.flatMap(described);
}

function described(section: Section): readonly SettingManual[] {
  const known = section.name === 'services' ? exampleService : example;
  return Object.entries(schema[section.name]).map(([key, setting]: [string, Setting<unknown>]) => {
    const { purpose, danger, type, unit, choices, changedBy, toldToEdge, takesEffect } = setting;
    return {
      path: section.path + key,
      header: section.header,
      purpose,
      danger,
      type,
      unit,
      wanted: setting.wanted(known),
      choices,
      default: setting.otherwise,
      onlyFor: setting.appliesTo?.says ?? null,
      changedBy,
      toldToEdge,
      takesEffect,
      example: `${key} = ${setting.example(known)}`,
    };
  });
}

/** Name and text, in the order in which they are told. */
function factsOf(of: SettingManual): readonly (readonly [name: string, says: string])[] {
  return [
    ['type', of.type],
    ['unit', of.unit ?? 'none'],
    ['wanted', of.wanted],
    ['default', of.default],
    ...(of.onlyFor === null ? [] : [['only for', of.onlyFor] as const]),
    ['danger', of.danger],
    ['changed by', of.changedBy],
    ['the edge', of.toldToEdge ? 'is told' : 'is not told'],
    ['a change holds', of.takesEffect === 'at once' ? 'at once' : 'after a restart of the home node'],
    ['example', `\`${of.example}\``],
  ];
}

/** docs/configuration.md. */
export function configurationManual(): string {
  const parts = sections.map((section) => {
    const settings = described(section).map(
      (of) =>
        `### \`${of.path}\`\n\n${of.purpose}\n\n${factsOf(of)
          .map(([name, says]) => `- ${name}: ${says}`)
          .join('\n')}\n`,
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
    const settings = described(section).map((of) => {
      const told = factsOf(of).map(([name, says]) => wrapped(`${name}: ${says}`, '      ', '        '));
      return `  ${of.path}\n${wrapped(of.purpose, '    ', '    ')}\n${told.join('\n')}`;
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
