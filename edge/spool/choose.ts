// Which deliveries the next lease holds: pure, over the line and the lease book. Of one sender only a run from its head
// on, and nothing while a run of it is in flight or its head is deferred. Servers take turns, in the order in which
// their first ones arrived: one that left twenty thousand keeps nobody waiting who left five. Of one server, arrival
// order over its senders.

import type { LeaseBook } from './leases.ts';
import type { Line, LineEntry } from './line.ts';

export interface Wish {
  readonly services: ReadonlySet<string>;
  /** Servers (line.ts, `peerKey`) of which home has enough in hand. */
  readonly enough: ReadonlySet<string>;
  readonly deliveries: number;
  readonly bytes: number;
  readonly now: number;
}

export interface Choice {
  readonly chosen: readonly { readonly seq: number; readonly key: string }[];
  /** Another one could be leased, had the wish been larger. */
  readonly more: boolean;
}

/** What could be leased of one server. */
interface Offer {
  readonly entries: LineEntry[];
  /** Of its entries in the line, those not looked at. */
  unseen: number;
  /** Nothing more of it need be looked at. */
  isDone: boolean;
}

/** One delivery larger than `wish.bytes` is chosen alone: it must be able to leave. */
export function choose(line: Line, book: LeaseBook, wish: Wish): Choice {
  const offers = offersOf(line, book, wish);
  const chosen: { seq: number; key: string }[] = [];
  let bytes = 0;
  for (let round = 0; ; round += 1) {
    let isLast = true;
    for (const { entries } of offers) {
      const entry = entries[round];
      if (entry === undefined) continue;
      isLast = false;
      const fits = chosen.length === 0 || bytes + entry.inlineBytes <= wish.bytes;
      if (chosen.length >= wish.deliveries || !fits) return { chosen, more: true };
      bytes += entry.inlineBytes;
      chosen.push({ seq: entry.seq, key: entry.key });
    }
    if (isLast) return { chosen, more: false };
  }
}

/**
 * Of each server as many as may be chosen, and of all one more than the wish, because that there is more is to be known. Looks
 * no further than it must, and keeps no more: a line may have half a million entries, of thousands of servers.
 */
function offersOf(line: Line, book: LeaseBook, wish: Wish): readonly Offer[] {
  const offers = new Map<string, Offer>();
  const blocked = new Set<string>();
  /** Servers with one entry, with two ...: each round takes one of each. */
  const rounds: number[] = [];
  let unseen = line.live;
  const end = (offer: Offer): void => {
    offer.isDone = true;
    unseen -= offer.unseen;
  };
  for (const entry of line.entries()) {
    if (unseen === 0) break;
    const isFull = (rounds[0] ?? 0) > wish.deliveries;
    let offer = offers.get(entry.peer);
    if (offer === undefined) {
      // Others are before it in the first round already.
      if (isFull) continue;
      offer = { entries: [], unseen: line.liveOf(entry.peer), isDone: false };
      offers.set(entry.peer, offer);
      if (!wish.services.has(entry.service) || wish.enough.has(entry.peer)) end(offer);
    }
    if (offer.isDone) continue;
    offer.unseen -= 1;
    unseen -= 1;
    if (blocked.has(entry.key)) continue;
    if (entry.notBefore > wish.now || book.holds(entry.key)) {
      blocked.add(entry.key);
      continue;
    }
    const round = offer.entries.length;
    if (countBefore(rounds, round) > wish.deliveries) {
      end(offer);
      continue;
    }
    offer.entries.push(entry);
    rounds[round] = (rounds[round] ?? 0) + 1;
    if (countBefore(rounds, round + 1) > wish.deliveries) end(offer);
    if (isFull || (rounds[0] ?? 0) <= wish.deliveries) continue;
    // Only servers of which nothing can be leased so far are looked for from here on.
    unseen = 0;
    for (const one of offers.values()) {
      if (one.entries.length > 0) one.isDone = true;
      else if (!one.isDone) unseen += one.unseen;
    }
  }
  return [...offers.values()];
}

/** Entries of the rounds before this one. */
function countBefore(rounds: readonly number[], round: number): number {
  let count = 0;
  for (let at = 0; at < round; at += 1) count += rounds[at] ?? 0;
  return count;
}
