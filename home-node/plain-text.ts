// Text that others chose (names, paths, reasons, whatever an edge answered), as it may stand on a terminal or in a log:
// without characters that move a cursor, forge a line, or turn the order of the letters around.

/**
 * Controls (C0, DEL and C1, of which terminals obey some in UTF-8 too), line and paragraph separators, and those that
 * set the direction of writing (UAX #9): with them a name reads as another one.
 */
const obeyed = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;
const allObeyed = new RegExp(`${obeyed.source}+`, 'gu');

/** On one line. */
export function plainText(text: string): string {
  return text.replace(allObeyed, ' ');
}

/** JSON that any terminal shows as it is: what JSON.stringify leaves in is escaped as well. */
export function plainJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(new RegExp(obeyed, 'gu'), (one) =>
    one === '\n' ? one : `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const escapeSign = '\u001b';
/** Those that terminal.ts styles with, and no other: some hide what follows. */
const ownStyle = new RegExp(`(${escapeSign}\\[(?:1|2|22|3[1236]|39)m)`);
const obeyedInLines = new RegExp(`(?![\\n\\t])${obeyed.source}`, 'gu');

/** Lines of our own, in which line ends, tabs and our own colours are obeyed. */
export function plainLines(text: string): string {
  const parts = text.split(ownStyle);
  return parts.map((part, n) => (n % 2 === 1 ? part : part.replace(obeyedInLines, ' '))).join('');
}
