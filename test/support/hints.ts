// What a program tells its owner to type next: found in what it printed, and held against what was typed. So that every
// hint is one that somebody followed.

/** As it was printed: "porchlight claim CODE". */
export type Hint = string;

const program = '(?:(?:porchlight|systemctl|loginctl|npm run) |export PORCHLIGHT_)';

/** Behind a colon at the end of a line, in brackets, or on a line of its own. */
const places = [
  new RegExp(`: (${program}[^\\n]*)$`, 'gm'),
  new RegExp(`\\bsee (${program}[^\\n]*)$`, 'gm'),
  new RegExp(`\\((${program}[^)\\n]*)\\)`, 'gm'),
  new RegExp(`^ *(${program}[^\\n]*)$`, 'gm'),
];

/** Each once, in the order in which they stand there. `porchlight spool show SEQ, spool retry SEQ` are two. */
export function hintsIn(screen: string): Hint[] {
  const found = places.flatMap((place) =>
    [...screen.matchAll(place)].map(({ 1: text = '', index }) => ({ text, index })),
  );
  const hints = found
    .sort((one, other) => one.index - other.index)
    .flatMap(({ text }) => text.split(', ').map((part, nth) => (nth === 0 ? part : `porchlight ${part}`)))
    .map((text) => text.trim());
  return [...new Set(hints)];
}

/** SEQ, CODE and FILE stand for anything; more options may follow. */
export function isFollowedBy(hint: Hint, typed: string): boolean {
  const words = typed.split(/\s+/);
  return hint
    .split(/\s+/)
    .every((word, at) => (/^[A-Z]{3,}$/.test(word) ? words[at] !== undefined : word === words[at]));
}
