// What an isolate remembers for several homes in one bounded memory. When it is full, the home that has most in it gives
// way, with what was least lately set: so whoever floods one home makes the edge forget nothing of another's.

export class FairMemory<Value> {
  readonly #most: number;
  readonly #homes = new Map<string, Map<string, Value>>();
  #size = 0;

  /** `most`: entries of all homes together. */
  constructor(most: number) {
    this.#most = most;
  }

  get(homeId: string, key: string): Value | undefined {
    return this.#homes.get(homeId)?.get(key);
  }

  /** It is the latest of its home afterwards. */
  set(homeId: string, key: string, value: Value): void {
    this.delete(homeId, key);
    const own = this.#homes.get(homeId) ?? new Map<string, Value>();
    own.set(key, value);
    this.#homes.set(homeId, own);
    this.#size += 1;
    if (this.#size > this.#most) this.#giveWay();
  }

  delete(homeId: string, key: string): void {
    const own = this.#homes.get(homeId);
    if (own?.delete(key) !== true) return;
    this.#size -= 1;
    if (own.size === 0) this.#homes.delete(homeId);
  }

  #giveWay(): void {
    let fullest: readonly [homeId: string, own: ReadonlyMap<string, Value>] | null = null;
    for (const home of this.#homes) if (fullest === null || home[1].size > fullest[1].size) fullest = home;
    const [oldest] = fullest?.[1].keys() ?? [];
    if (fullest !== null && oldest !== undefined) this.delete(fullest[0], oldest);
  }
}
