// Which calls of a session were seen. A captured call must not count twice, and a call that overtook another on the
// network must still count: a window over the rising number, as IPsec has it (RFC 4303 section 3.4.3). In memory: after
// an eviction a session begins with an empty window.

const windowSize = 64;

export class CallOrder {
  #highest = -1;
  readonly #seen = new Set<number>();

  /** Was `n` not seen yet, and is it not too old to know? */
  isNew(n: number): boolean {
    return n > this.#highest - windowSize && !this.#seen.has(n);
  }

  see(n: number): void {
    this.#seen.add(n);
    this.#highest = Math.max(this.#highest, n);
    for (const old of this.#seen) {
      if (old <= this.#highest - windowSize) this.#seen.delete(old);
    }
  }
}
