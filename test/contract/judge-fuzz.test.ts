import { expect, test } from 'vitest';
import { fuzzJudge } from '../fuzz/judge.ts';

// A short run of what test/fuzz/judge.ts does a million times.
test('the judge throws at nothing and accepts nothing that was mutated', async () => {
  const { runs, verdicts, untouched } = await fuzzJudge(10_000, 20261121);
  const sum = Object.values(verdicts).reduce((total, count) => total + count, 0);
  expect(sum).toBe(runs);
  // Each way out was taken, and enough came through whole for the rest to mean something.
  for (const verdict of ['accepted', 'unproven', 'malformed', 'undecided', 'try-again']) {
    expect([verdict, verdicts[verdict] ?? 0]).toEqual([verdict, expect.any(Number)]);
    expect(verdicts[verdict]).toBeGreaterThan(10);
  }
  expect(untouched).toBe(verdicts.accepted);
});
