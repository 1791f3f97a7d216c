// A copy of a public page as it lies in R2: its bytes as home sent them, and beside them what its head said.

import { limits } from '../../shared/limits.ts';
import type { Variant } from './variant.ts';

export interface CopyHead {
  /** End-to-end headers as home sent them (RFC 9111 section 3.1). */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Edge time, ms since the epoch. */
  readonly storedAt: number;
  /** Seconds that it was old already when it came (its own Age). */
  readonly ageThen: number;
  /** Of a document that is kept apart for who signs: the service shows this one to all. */
  readonly open?: true;
}

/** Said anew of each copy that is given, or true only of the connection that it came by. */
const notKept = new Set([
  'age',
  'accept-ranges',
  'cache-status',
  'connection',
  'content-length',
  'keep-alive',
  'trailer',
]);

/** null when its headers are too long to lie beside it. */
export function headOf(headers: Headers, storedAt: number, open = false): CopyHead | null {
  const kept = [...headers].filter(([name]) => !notKept.has(name) && !name.startsWith('cf-'));
  const age = Number(headers.get('Age') ?? 0);
  const ageThen = Number.isSafeInteger(age) && age > 0 ? age : 0;
  const head: CopyHead = { headers: kept, storedAt, ageThen, ...(open ? { open } : {}) };
  return asMetadata(head).head.length > limits.copyHeaderBytes ? null : head;
}

/** R2's metadata travels in headers of its own, so it is kept to ASCII. */
export function asMetadata(head: CopyHead): { readonly head: string } {
  const asEscape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return { head: JSON.stringify(head).replace(/[^\x20-\x7e]/g, asEscape) };
}

export function fromMetadata(metadata: Readonly<Record<string, string>>): CopyHead {
  return JSON.parse(metadata.head ?? '') as CopyHead;
}

export function headersOf({ headers }: CopyHead): Headers {
  return new Headers(headers.map(([name, value]) => [name, value]));
}

/** Where a copy lies. Hashed, because addresses are longer and freer than R2's keys. */
export async function copyKey(homeId: string, url: URL, variant: Variant): Promise<string> {
  const address = new TextEncoder().encode(`${url.host}\n${url.pathname}${url.search}\n${variant}`);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', address));
  return `copies/${homeId}/${Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
