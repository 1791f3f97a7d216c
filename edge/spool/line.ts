// The line: what waits, as far as this object has walked it, in memory and in the order of seq. It is read from the
// rows page by page as leasing needs it, each row once in the object's life, so that ten thousand deliveries that are
// blocked at the head cost one walk and not one walk per turn. It is lost on eviction and walked again.

import { peerOf } from '../../shared/peer.ts';
import type { Waiting } from './waiting-rows.ts';

/** Estimated bytes of memory per row, and per sender beside its name. */
const rowBytes = 64;
const senderBytes = 160;
const gone = -1;

export interface LineEntry {
  readonly seq: number;
  /** `service` and sender as one key: what order is kept for. */
  readonly key: string;
  readonly service: string;
  /** `service` and the sender's server as one key: among whom leases are shared. */
  readonly peer: string;
  readonly inlineBytes: number;
  readonly notBefore: number;
}

/** What all rows of one sender have in common. */
interface Sender {
  readonly key: string;
  readonly service: string;
  readonly peer: Peer;
}

interface Peer {
  readonly key: string;
  /** Rows in the line. */
  live: number;
}

export class Line {
  /** How much memory it may take. Danger: a spool full of small deliveries from invented senders. */
  readonly #maxBytes: number;
  // One place per row in each, so that a long line costs no object per row.
  #seqs: number[] = [];
  #senders: number[] = [];
  #inlineBytes: number[] = [];
  #first = 0;
  #live = 0;
  #keys: Sender[] = [];
  #keyBytes = 0;
  readonly #numbers = new Map<string, number>();
  readonly #peers = new Map<string, Peer>();
  readonly #deferred = new Map<number, number>();
  #services = new Set<string>();
  #walkedTo = 0;
  #complete = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Everything of the line's services up to this seq is in it. */
  get walkedTo(): number {
    return this.#walkedTo;
  }

  /** Does nothing wait beyond `walkedTo`? */
  get isComplete(): boolean {
    return this.#complete;
  }

  /** How many entries it has; of one server (`peerKey`). */
  get live(): number {
    return this.#live;
  }

  liveOf(peer: string): number {
    return this.#peers.get(peer)?.live ?? 0;
  }

  get isFull(): boolean {
    return this.#live * rowBytes + this.#keyBytes > this.#maxBytes;
  }

  /** Makes it a line for these services. What it knows of others stays, unless it is full of them. */
  serve(services: ReadonlySet<string>): void {
    if (this.isFull && this.#live < this.#seqs.length * 0.9) this.#compact();
    const others = [...this.#services].filter((service) => !services.has(service));
    const isNews = [...services].some((service) => !this.#services.has(service));
    if (!isNews && !(this.isFull && others.length > 0)) return;
    const all = this.isFull ? [] : others;
    this.forget();
    this.#services = new Set([...services, ...all]);
  }

  /** Takes a page of rows that follow `walkedTo`; a page shorter than `asked` was the last one. */
  extend(page: readonly Waiting[], asked: number): void {
    for (const row of page) this.#push(row);
    this.#complete = page.length < asked;
  }

  /** A row was stored at the end. Known at once if the line was complete, otherwise found by the walk. */
  stored(row: Waiting): void {
    if (!this.#complete) return;
    if (this.isFull) this.#complete = false;
    else this.#push(row);
  }

  /** Forgotten unless the row is in the line: the walk will read it from the row. */
  defer(seq: number, notBefore: number): void {
    if (this.#indexOf(seq) !== null) this.#deferred.set(seq, notBefore);
  }

  remove(seq: number): void {
    this.#deferred.delete(seq);
    const at = this.#indexOf(seq);
    const sender = at === null ? undefined : this.#keys[this.#senders[at] ?? gone];
    if (at === null || sender === undefined) return;
    this.#senders[at] = gone;
    this.#live -= 1;
    sender.peer.live -= 1;
    while (this.#first < this.#senders.length && this.#senders[this.#first] === gone) this.#first += 1;
    if (this.#seqs.length > 1024 && this.#live < this.#seqs.length / 2) this.#compact();
  }

  /** Entries in the order of seq. */
  *entries(): Generator<LineEntry> {
    for (let at = this.#first; at < this.#seqs.length; at++) {
      const sender = this.#keys[this.#senders[at] ?? gone];
      const seq = this.#seqs[at];
      if (sender === undefined || seq === undefined) continue;
      const { key, service, peer } = sender;
      const notBefore = this.#deferred.get(seq) ?? 0;
      yield { seq, key, service, peer: peer.key, inlineBytes: this.#inlineBytes[at] ?? 0, notBefore };
    }
  }

  /** Earliest time after `now` at which something deferred for these services becomes due; null if nothing is. */
  nextDueAt(now: number, services: ReadonlySet<string>): number | null {
    let next: number | null = null;
    for (const [seq, notBefore] of this.#deferred) {
      if (notBefore <= now || (next !== null && notBefore >= next)) continue;
      const sender = this.#keys[this.#senders[this.#indexOf(seq) ?? gone] ?? gone];
      if (sender !== undefined && services.has(sender.service)) next = notBefore;
    }
    return next;
  }

  /** Rows moved under it: it must be walked again. */
  forget(): void {
    this.#clear();
    this.#walkedTo = 0;
    this.#complete = false;
  }

  #push(row: Waiting): void {
    this.#walkedTo = row.seq;
    if (!this.#services.has(row.service)) return;
    const key = lineKey(row);
    const number = this.#numbers.get(key) ?? this.#know(key, row.service, peerKey(row.service, peerOf(row.sender)));
    this.#append(row.seq, number, row.inlineBytes);
    if (row.notBefore > 0) this.#deferred.set(row.seq, row.notBefore);
  }

  #append(seq: number, number: number, inlineBytes: number): void {
    this.#seqs.push(seq);
    this.#senders.push(number);
    this.#inlineBytes.push(inlineBytes);
    this.#live += 1;
    const peer = this.#keys[number]?.peer;
    if (peer !== undefined) peer.live += 1;
  }

  /** A sender's number. */
  #know(key: string, service: string, peerKey: string): number {
    const peer = this.#peers.get(peerKey) ?? { key: peerKey, live: 0 };
    if (!this.#peers.has(peerKey)) this.#keyBytes += peerKey.length * 2 + senderBytes;
    this.#peers.set(peerKey, peer);
    const number = this.#keys.length;
    this.#keys.push({ key, service, peer });
    this.#numbers.set(key, number);
    this.#keyBytes += key.length * 2 + senderBytes;
    return number;
  }

  #indexOf(seq: number): number | null {
    let low = this.#first;
    let high = this.#seqs.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const found = this.#seqs[middle] ?? 0;
      if (found === seq) return middle;
      if (found < seq) low = middle + 1;
      else high = middle - 1;
    }
    return null;
  }

  /** Closes the gaps. Row by row, because a line can be half a million rows long. */
  #compact(): void {
    const [seqs, senders, bytes, keys] = [this.#seqs, this.#senders, this.#inlineBytes, this.#keys];
    const deferred = new Map(this.#deferred);
    this.#clear();
    for (const [at, seq] of seqs.entries()) {
      const sender = keys[senders[at] ?? gone];
      if (sender === undefined) continue;
      const { key, service, peer } = sender;
      this.#append(seq, this.#numbers.get(key) ?? this.#know(key, service, peer.key), bytes[at] ?? 0);
    }
    for (const [seq, notBefore] of deferred) this.#deferred.set(seq, notBefore);
  }

  #clear(): void {
    this.#seqs = [];
    this.#senders = [];
    this.#inlineBytes = [];
    this.#first = 0;
    this.#live = 0;
    this.#keys = [];
    this.#keyBytes = 0;
    this.#numbers.clear();
    this.#peers.clear();
    this.#deferred.clear();
  }
}

/** What order is kept for, as one string that no other pair can spell. */
export function lineKey(row: { readonly service: string; readonly sender: string }): string {
  return JSON.stringify([row.service, row.sender]);
}

/** A server, as one of those that send to this service. No service name holds a space. */
export function peerKey(service: string, peer: string): string {
  return `${service} ${peer}`;
}
