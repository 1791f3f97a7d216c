// A first porchlight.toml: domain and owner, and every other setting as a comment. Each line that begins with `# ` and
// holds a setting says, uncommented, what holds without it, or, where nothing does, what it may be. A service is a block:
// its lines go together, but for those with a second `# `.

import { schema, sections } from './schema.ts';
import { type Known, type Setting, written } from './setting.ts';
import { softwareKinds } from './software.ts';

export interface StarterFacts {
  readonly domain: string;
  /** E-mail address or URL. */
  readonly admin: string;
}

export function starterConfig({ domain, admin }: StarterFacts): string {
  const known: Known = { allowPrivateAddresses: false, domain, kind: null, driver: null, otherMachine: false };
  const plain = sections.filter(({ name }) => name !== 'top' && name !== 'services' && name !== 'links');
  const parts = [
    head,
    `domain = ${written(domain)}\nadmin = ${written(admin)}\n`,
    ...optional(schema.top, known, ['domain', 'admin']),
    '# A header as [alerts] must stay above its settings.\n',
    ...plain.flatMap(({ name, header, purpose }) => [
      `${comment(purpose)}${header ?? ''}\n`,
      ...optional(schema[name], known, []),
    ]),
    comment(`${servicesHead} To write one down, take the first "# " from each line of its block.`),
    service('The embedded home, as it is without any [[services]]', { ...known, kind: 'embedded' }),
    service(
      `A server that Porchlight knows by name (${softwareKinds.join(', ')}): what has two "# " are the defaults of its kind, or examples`,
      { ...known, kind: 'mastodon', driver: 'external' },
    ),
    service('Another ActivityPub server, that something else starts', {
      ...known,
      kind: 'activitypub',
      driver: 'external',
    }),
    service('One that the home node starts', { ...known, kind: 'activitypub', driver: 'process' }),
    `${comment(linksHead)}# [[links]]\n${Object.entries(schema.links)
      .map(([key, setting]) => `# ${key} = ${setting.example(known)}\n`)
      .join('')}`,
  ];
  return parts.join('\n');
}

const head = `# Settings of a home; docs/configuration.md has all of them. What stands behind "# " holds without being written down,
# or is an example where the comment says so.
`;

const linksHead = sections.find(({ name }) => name === 'links')?.purpose ?? '';
const servicesHead = sections.find(({ name }) => name === 'services')?.purpose ?? '';

/** Every setting but `written` ones, each with what it is for. */
function optional(
  settings: Readonly<Record<string, Setting<unknown>>>,
  known: Known,
  writtenDown: readonly string[],
): readonly string[] {
  return Object.entries(settings)
    .filter(([key]) => !writtenDown.includes(key))
    .map(([key, setting]) => {
      const unless = `Default: ${setting.otherwise}.`;
      return `${comment(`${setting.purpose} ${unless}`)}# ${key} = ${setting.example(known)}\n`;
    });
}

function service(title: string, known: Known): string {
  const lines = Object.entries(schema.services as Readonly<Record<string, Setting<unknown>>>)
    .filter(([, { appliesTo }]) => appliesTo === null || appliesTo.when(known))
    .map(([key, setting]) => `# ${isNeeded(key, setting, known) ? '' : '# '}${key} = ${setting.example(known)}`);
  return `${comment(`${title}:`)}# [[services]]\n${lines.join('\n')}\n`;
}

/** Besides what must be there: what makes this block another than its neighbours. */
function isNeeded(key: string, setting: Setting<unknown>, known: Known): boolean {
  if (key === 'driver') return known.driver === 'process';
  if (key === 'hosts') return known.kind !== 'embedded';
  return setting.fallback({ ...known, driver: key === 'command' ? known.driver : null }) === undefined;
}

const columns = 118;

/** Prose: never taken for a setting, because it has no ` = `. */
function comment(text: string): string {
  const lines: string[] = [];
  let line = '#';
  for (const word of text.replaceAll('`', '').split(' ')) {
    if (line.length + word.length >= columns) {
      lines.push(line);
      line = '#';
    }
    line += ` ${word}`;
  }
  return `${[...lines, line].join('\n')}\n`;
}
