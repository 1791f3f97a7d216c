// Time and randomness, handed in. The only file that reads the clock or the random source of the runtime,
// so that every other part can be run at any hour and with any dice in a test (test/rules holds this).

/** Milliseconds since the Unix epoch. */
export interface Clock {
  now(): number;
}

/** `count` unpredictable bytes. */
export interface Random {
  bytes(count: number): Uint8Array<ArrayBuffer>;
}

export const systemClock: Clock = { now: () => Date.now() };

/** Milliseconds and fractions since some moment, for measuring how long something took: nobody sets it. */
export const steadyClock: Clock = { now: () => performance.now() };

export const systemRandom: Random = { bytes: (count) => crypto.getRandomValues(new Uint8Array(count)) };
