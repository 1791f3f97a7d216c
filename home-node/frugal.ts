// How little memory Node is to take on a small computer. What it does by default is meant for machines with many
// gigabytes: it keeps room for young objects that a home node fills only while it starts, and never gives it back.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Of each Node that the home node starts: MiB of each half of the room for young objects, instead of 16. */
export const frugalNodeFlags: readonly string[] = ['--max-semi-space-size=1'];

/**
 * Before the first connection: undici's parser is WebAssembly, and is compiled once, fast, and not again, better. To do that
 * took 10 to 20 MB, which stayed taken, and saved no CPU that could be measured. A Node that has no such flags any
 * more ignores them.
 */
export function compileParserOnce(): void {
  setFlagsFromString('--no-wasm-tier-up');
  setFlagsFromString('--no-wasm-dynamic-tiering');
}

/** After a start, ms: whatever began with it is done. */
const settledMs = 30_000;
const againMs = 2 * 60_000;

/**
 * Gives back what is held for nothing: first what only the start needed, then now and then what came since. V8 does so
 * when it needs room, which a home for which nobody asks rarely does: until then 5 to 10 MB stay taken. Costs 15 ms of
 * CPU each time, 0.013 % of a core.
 */
export function tidyMemory(firstMs = settledMs, laterMs = againMs): void {
  setTimeout(() => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('globalThis.gc') as (() => void) | undefined;
    setFlagsFromString('--no-expose-gc');
    collect?.();
    setInterval(() => collect?.(), laterMs).unref();
  }, firstMs).unref();
}
