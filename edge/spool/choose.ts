// Which deliveries the next lease holds: pure, over the line and the lease book. Arrival order over all senders; of one
// sender only a run from its head on, and nothing while a run of it is in flight or its head is deferred.

import type { LeaseBook } from './leases.ts';
import type { Line } from './line.ts';

export interface Wish {
  readonly services: ReadonlySet<string>;
  readonly deliveries: number;
  readonly bytes: number;
  readonly now: number;
}

export interface Choice {
  readonly chosen: readonly { readonly seq: number; readonly key: string }[];
  /** Another one could be leased, had the wish been larger. */
  readonly more: boolean;
}

/** One delivery larger than `wish.bytes` is chosen alone: it must be able to leave. */
export function choose(line: Line, book: LeaseBook, wish: Wish): Choice {
  const chosen: { seq: number; key: string }[] = [];
  const blocked = new Set<string>();
  let bytes = 0;
  for (const entry of line.entries()) {
    if (!wish.services.has(entry.service) || blocked.has(entry.key)) continue;
    if (entry.notBefore > wish.now || book.holds(entry.key)) {
      blocked.add(entry.key);
      continue;
    }
    const fits = chosen.length === 0 || bytes + entry.inlineBytes <= wish.bytes;
    if (chosen.length >= wish.deliveries || !fits) return { chosen, more: true };
    bytes += entry.inlineBytes;
    chosen.push({ seq: entry.seq, key: entry.key });
  }
  return { chosen, more: false };
}
