// What is wrong with a porchlight.toml, as data: where, what was found, what is wanted, and what was probably meant. One
// reading tells all of them, so that an owner mends a file once and not once per mistake.

import { closestMatch } from 'leven';

export interface ConfigFault {
  /** From 1. Of something that is missing: the line of the table that lacks it. */
  readonly line: number;
  /** As `services[0].url`; '' when the file is no TOML. */
  readonly key: string;
  readonly found: string;
  readonly wanted: string;
  /** What was probably meant: a name or a value, as it is to be written. */
  readonly suggestion: string | null;
}

/** One line for an owner. */
export function faultText({ line, key, found, wanted, suggestion }: ConfigFault): string {
  const place = key === '' ? `line ${line}` : `line ${line}: ${key}`;
  const meant = suggestion === null ? '' : `; did you mean \`${suggestion}\`?`;
  return `${place}: found ${found}, wanted ${wanted}${meant}`;
}

/** The name that somebody who wrote `written` probably meant: few letters are wrong, or null. */
export function probablyMeant(written: string, names: readonly string[]): string | null {
  const maxDistance = Math.max(1, Math.min(3, Math.floor(written.length / 3)));
  const plain = written.toLowerCase().replaceAll('-', '_');
  return names.find((name) => name === plain) ?? closestMatch(written, names, { maxDistance }) ?? null;
}

const shownLength = 80;

/** What an owner wrote, short enough for one line. */
export function shown(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > shownLength ? `${line.slice(0, shownLength - 3)}...` : line;
}
