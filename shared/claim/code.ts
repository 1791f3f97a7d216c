// Claim codes: what the operator of an edge hands to an owner so that one home may answer for named hosts, once.
// Read over the telephone and typed by hand, so the alphabet is Crockford's base 32 (no I, L, O, U) in groups of four.
// The edge stores only the hash.

import { base64url } from 'jose';
import type { Random } from '../clock.ts';
import { PorchlightError } from '../errors.ts';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** 28 symbols of 5 bits: 140 bits, not to be guessed. */
const symbols = 28;
const group = 4;

/** For example `7QK2-M0XA-...`: seven groups. */
export function makeClaimCode(random: Random): string {
  // 256 is a multiple of 32, so that each symbol is equally likely.
  const letters = Array.from(random.bytes(symbols), (byte) => alphabet.charAt(byte & 31)).join('');
  return (letters.match(/.{4}/g) ?? []).join('-');
}

/**
 * The code as it is hashed: symbols only, upper case, what people confuse put right (O is 0, I and L are 1).
 * Throws `claim-code-malformed` for anything else; the text is not repeated, it may be a code with one letter wrong.
 */
export function parseClaimCode(typed: string): string {
  const letters = typed.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  const valid = letters.length === symbols && [...letters].every((letter) => alphabet.includes(letter));
  if (!valid) {
    throw new PorchlightError(
      'claim-code-malformed',
      `Cannot read the claim code: it has ${letters.length} letters and digits; copy all ${symbols / group} groups of ${group}.`,
    );
  }
  return letters;
}

/** SHA-256 of a parsed code, base64url without padding: what the edge stores and what the proof names. */
export async function hashClaimCode(parsed: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(parsed));
  return base64url.encode(new Uint8Array(digest));
}
