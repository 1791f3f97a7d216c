// How little memory Node is to take on a small computer. What it does by default is meant for machines with many
// gigabytes: it keeps room for young objects that a home node fills only while it starts, and never gives it back.

import { setFlagsFromString } from 'node:v8';

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
