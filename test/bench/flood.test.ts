// A twentieth of a day's flood before the real Worker and the real spool: what it costs, counted. Its CPU is for the
// benchmark to say, beside the whole day.

import { expect, test } from 'vitest';
import { floodOf } from '../../bench/activitypub/flood.ts';

test('a flood of strangers’ Deletes costs no row and no question for a key; what comes among them costs a row each', async () => {
  const { cpuMs, emptyCpuMs, ...counts } = await floodOf(3_000);
  expect(counts).toEqual({ requests: 3_000, deletes: 2_850, rowWrites: 150, waiting: 150, keyFetches: 10 });
  expect(cpuMs).toBeGreaterThan(0);
  expect(emptyCpuMs).toBeGreaterThan(0);
}, 120_000);
