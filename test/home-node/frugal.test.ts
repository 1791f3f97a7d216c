// Memory that nobody holds any more is given back by a home for which nobody asks.

import { expect, test, vi } from 'vitest';
import { tidyMemory } from '../../home-node/frugal.ts';

/** Something that nobody holds. */
const dropped = (): WeakRef<object> => new WeakRef({ text: 'x'.repeat(1_000_000) });

const untilGone = async (held: WeakRef<object>): Promise<boolean> =>
  await vi.waitUntil(() => held.deref() === undefined, { timeout: 30_000 });

test('what the start needed is collected once, and what came later is collected again', async () => {
  const first = dropped();
  tidyMemory(1, 50);
  // Held to the end of this turn at least.
  expect(first.deref()).toBeDefined();
  await untilGone(first);
  await untilGone(dropped());
});
