// Commands that a document shows, and what it says that they print: fences of `sh` (commands alone) and of `console` (a
// command behind `$`, its output below). And the comparison of that with what a terminal really showed.

export interface DocumentedCommand {
  readonly command: string;
  /** What the document prints below it; null when it prints nothing. `...` stands for any lines. */
  readonly output: string | null;
  /** How many times the document had the same command before. */
  readonly nth: number;
}

/** In the order of the document. */
export function documentedCommands(markdown: string): DocumentedCommand[] {
  const found: DocumentedCommand[] = [];
  const add = (command: string, output: string | null): void => {
    found.push({ command, output, nth: found.filter((one) => one.command === command).length });
  };
  for (const [, kind, text = ''] of markdown.matchAll(/^```(sh|console)\n([\s\S]*?)^```$/gm)) {
    if (kind === 'sh') for (const line of text.split('\n')) addLine(line, add);
    else {
      for (const [, command = '', output = ''] of text.matchAll(/^\$ (.*)\n((?:(?!\$ ).*\n)*)/gm)) {
        add(command, output.trimEnd() === '' ? null : output.trimEnd());
      }
    }
  }
  return found;
}

function addLine(line: string, add: (command: string, output: null) => void): void {
  const command = line.replace(/(^|\s{2,})#.*$/, '').trim();
  if (command !== '') add(command, null);
}

/** What is another at every evening, and what stands for it on both sides of a comparison. In this order. */
export const changing: readonly (readonly [name: string, RegExp])[] = [
  ['<code>', /\b[0-9A-Z]{4}(-[0-9A-Z]{4}){6}\b/g],
  ['<time>', /\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d\.\d{3}Z)?/g],
  ['<span>', /\b\d+ (s|min|h|days)\b/g],
  // As npm and terminals tell them.
  ['<span>', /\b[\d.]+m?s\b/g],
  ['<size>', /\b[\d.]+ (bytes|KiB|MiB|GiB)\b/g],
  ['<loopback>', /\b127\.0\.0\.1:\d+\b/g],
  // The neighbour's server has a name in the documents.
  ['friend.example', /\blocalhost:\d+\b/g],
  ['<delivery>', /\b[0-9A-HJKMNP-TV-Z]{26}\b/g],
  ['<seq>', /\b\d{15,16}\b/g],
  ['<home>', /\b[0-9a-f]{32}\b/g],
  ['home <home>', /\bhome [0-9a-f]{8}$/gm],
  // Keys and their hashes, and how one begins: `porchlight edge codes` and `homes`.
  ['<key>', /(?<![\w-])[\w-]{43}(?![\w-])/g],
  ['<key> $1', /^[\w-]{8}\s+(<span>)/gm],
  ['<time> <key> ', /<time>\s+[\w-]{12}\s+/g],
  // Columns are as wide as what stands in them.
  [' ', / {2,}/g],
];

export function withoutChanging(text: string): string {
  return changing.reduce((left, [name, pattern]) => left.replace(pattern, name), text);
}

/** Whether what was shown is what the document says, but for what changes. */
export function isAsDocumented(documented: string, shown: string): boolean {
  const lines = withoutChanging(documented).split('\n');
  const pattern = lines
    .map((line) => (line === '...' ? '(?:.*\\n)*?' : `${line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\n`))
    .join('');
  return new RegExp(`^${pattern}$`).test(`${withoutChanging(shown)}\n`);
}
