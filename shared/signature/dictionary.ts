// A structured dictionary (RFC 9651 section 3.2) that may hold one member only. Two header lines that a server joined
// into one look like a dictionary of two, and when both carry the same key the parser keeps the last without a word:
// so the members are counted before they are parsed.

import { type InnerList, type Item, ParseError, parseDictionary } from 'structured-headers';
import { refused } from './refused.ts';

/** Throws `signature-refused` unless `value` is a dictionary of exactly one member. */
export function soleMember(field: string, value: string): readonly [key: string, member: Item | InnerList] {
  const [member] = membersOf(field, value);
  // Outside of quoted strings, commas separate members and nothing else (section 4.2.2).
  const separated = value.replace(/"(?:[^"\\]|\\.)*"/g, '').includes(',');
  if (member === undefined || separated) throw refused(`${field} does not hold exactly one member; send one`);
  return member;
}

function membersOf(field: string, value: string): [string, Item | InnerList][] {
  try {
    return [...parseDictionary(value)];
  } catch (thrown) {
    if (thrown instanceof ParseError) throw refused(`${field} is not a dictionary of RFC 9651; send one`, thrown);
    throw thrown;
  }
}
