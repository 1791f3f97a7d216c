// The lease book: which deliveries home has in hand. In memory only; a lease is never a row.
//
// Losing it (an idle object is evicted after seconds) harms nothing, because nothing but comfort hangs on it:
//   - Only the newest epoch may call at all (sessions.ts), so two home nodes never hold the same delivery by our doing.
//   - Order holds without it: the head of a sender stays its head until it is acknowledged, and whatever is leased
//     anew begins at that head.
//   - An answer is taken if the delivery that it names still waits, whether or not the book remembers the lease.
//   - What home is working on may be leased to the same home again. Home's ledger knows by id every delivery that it
//     has begun or answered, and does not begin it twice.
// What the book adds is that this last case is rare, and that a sender has one run in flight while the object lives.

interface Lease {
  expiresAt: number;
  /** seq → sender's key. */
  readonly held: Map<number, string>;
}

export class LeaseBook {
  readonly #leases = new Map<string, Lease>();
  readonly #leaseOf = new Map<number, string>();
  readonly #inFlight = new Map<string, number>();

  /** Has this sender (line.ts, `lineKey`) a run in flight? Then nothing more of it is leased. */
  holds(key: string): boolean {
    return this.#inFlight.has(key);
  }

  /** Has home this one in hand, as far as the book remembers? */
  isInHand(seq: number, now: number): boolean {
    const lease = this.#leases.get(this.#leaseOf.get(seq) ?? '');
    return lease !== undefined && lease.expiresAt > now;
  }

  open(lease: string, deliveries: readonly { seq: number; key: string }[], expiresAt: number): void {
    const held = new Map(deliveries.map(({ seq, key }) => [seq, key]));
    this.#leases.set(lease, { expiresAt, held });
    for (const [seq, key] of held) {
      this.#leaseOf.set(seq, lease);
      this.#inFlight.set(key, (this.#inFlight.get(key) ?? 0) + 1);
    }
  }

  /** A lease that is not in the book (ended, or forgotten) stays out of it. */
  renew(lease: string, expiresAt: number): void {
    const found = this.#leases.get(lease);
    if (found !== undefined) found.expiresAt = expiresAt;
  }

  /** Home answered for this delivery: it is in flight no longer. */
  settle(seq: number): void {
    const name = this.#leaseOf.get(seq);
    const lease = name === undefined ? undefined : this.#leases.get(name);
    const key = lease?.held.get(seq);
    if (name === undefined || lease === undefined || key === undefined) return;
    this.#leaseOf.delete(seq);
    lease.held.delete(seq);
    if (lease.held.size === 0) this.#leases.delete(name);
    const others = (this.#inFlight.get(key) ?? 1) - 1;
    if (others === 0) this.#inFlight.delete(key);
    else this.#inFlight.set(key, others);
  }

  /** Ends the leases that were not renewed in time. */
  expire(now: number): void {
    for (const lease of this.#leases.values()) if (lease.expiresAt <= now) this.#end(lease);
  }

  /** Home is on a new link and names every lease that it has: the reply that opened another was lost with an old one. */
  keepOnly(named: readonly string[]): void {
    for (const [name, lease] of this.#leases) if (!named.includes(name)) this.#end(lease);
  }

  /** A newer home node took over: what the older one holds is leased anew. */
  clear(): void {
    this.#leases.clear();
    this.#leaseOf.clear();
    this.#inFlight.clear();
  }

  #end(lease: Lease): void {
    for (const seq of [...lease.held.keys()]) this.settle(seq);
  }
}
