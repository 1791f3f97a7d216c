// What doctor says of the snapshot by the edge's word: of a home that is awake, sleeps, or does not run.

import { describe, expect, test } from 'vitest';
import { snapshotCheck } from '../../../home-node/doctor/checks/snapshot.ts';
import type { Answer } from '../../../home-node/doctor/ports.ts';
import {
  answerOf,
  configOf,
  edgePorts,
  examOf,
  findingsOf,
  homeReport,
  nodeReport,
  now,
  problemOf,
  production,
} from './exams.ts';

const hour = 3_600_000;
const iso = (at: number): string => new Date(at).toISOString();
const status = (change: Readonly<Record<string, unknown>> = {}): Answer =>
  answerOf(200, {
    version: 1,
    at: iso(now),
    home: { state: 'asleep', since: iso(now - hour), expectedBack: null },
    waiting: { upTo: 0, since: null },
    pagesAsOf: iso(now - 2 * hour),
    ...change,
  });

async function found(answer: Answer, change: Parameters<typeof examOf>[1] = {}, config = production) {
  const ports = edgePorts(async ({ target }) => {
    expect(target).toBe('/.porchlight/status.json');
    return await Promise.resolve(answer);
  });
  const [finding] = await findingsOf(snapshotCheck, examOf(config, change), ports);
  return [finding?.verdict, finding?.found, finding?.cure];
}

const asleep = { node: nodeReport({ state: 'asleep', home: null }) };
const awake = { node: nodeReport({ home: homeReport({ snapshotAt: null }) }) };

describe('the snapshot', () => {
  test.each([
    ['does not run', {}],
    ['sleeps', asleep],
    ['is awake and left none itself', awake],
  ])('of a home that %s: when it was left, by the edge’s clock', async (_, exam) => {
    expect(await found(status(), exam)).toEqual(['well', expect.stringMatching(/ at 2026-.*, 2 h ago$/), null]);
    // Home's own clock may be wrong by years.
    const years = status({ at: iso(now + 10_000 * hour), pagesAsOf: iso(now + 9_999 * hour) });
    expect(await found(years, exam)).toEqual(['well', expect.stringMatching(/, 1 h ago$/), null]);
  });

  test.each([
    ['does not run', {}, 'porchlight up'],
    ['sleeps', asleep, 'porchlight wake'],
    ['is awake', awake, 'log of the home node'],
  ])('of a home that %s is warned of when it is older than snapshot_hours', async (_, exam, cure) => {
    const old = status({ pagesAsOf: iso(now - 37 * hour) });
    expect(await found(old, exam)).toEqual(['warning', expect.stringContaining('37 h'), expect.stringContaining(cure)]);
    const lax = configOf('domain = "example.org"\n[alerts]\nsnapshot_hours = 48\n');
    expect((await found(old, exam, lax))[0]).toBe('well');
  });

  test('that was never left is a warning, unless home woke a moment ago', async () => {
    const none = status({ pagesAsOf: null });
    expect((await found(none))[0]).toBe('warning');
    const woke = nodeReport({ since: now - 1_000, home: homeReport({ snapshotAt: null }) });
    expect((await found(none, { node: woke }))[0]).toBe('unchecked');
  });

  test('that a home left which is awake is judged by its own word, without asking anybody', async () => {
    const ask = async (): Promise<Answer> => await Promise.reject(new Error('asked'));
    const left = async (snapshotAt: number) =>
      (
        await findingsOf(
          snapshotCheck,
          examOf(production, { node: nodeReport({ home: homeReport({ snapshotAt }) }) }),
          edgePorts(ask),
        )
      )[0];
    expect(await left(now - hour)).toMatchObject({ verdict: 'well', found: expect.stringContaining('1 h ago') });
    expect(await left(now - 37 * hour)).toMatchObject({ verdict: 'warning', cure: expect.stringContaining('log') });
  });

  test('of which something is left out is warned of, a line for each', async () => {
    const ask = async (): Promise<Answer> => await Promise.reject(new Error('asked'));
    const lines = async (leftOut?: readonly string[]) => {
      const home = homeReport({ snapshotAt: now - hour, ...(leftOut === undefined ? {} : { leftOut }) });
      return await findingsOf(snapshotCheck, examOf(production, { node: nodeReport({ home }) }), edgePorts(ask));
    };
    const two = ['20001 domains are blocked, and none is left.', '3 of 5 accounts are left out.'];
    expect((await lines(two)).map(({ verdict, found }) => [verdict, found]).slice(1)).toEqual([
      ['warning', two[0]],
      ['warning', two[1]],
    ]);
    // A home node of an earlier version does not say.
    for (const none of [undefined, []]) expect(await lines(none)).toHaveLength(1);
  });

  test.each([
    ['a page that is turned off', problemOf(404, 'no-such-call'), 'turned off'],
    ['an edge that cannot answer', answerOf(500, 'sorry'), 'it answered 500'],
    ['what is no status', answerOf(200, { hello: 1 }), 'no Porchlight edge'],
    ['a time that is none', status({ pagesAsOf: 'yesterday \u001b[2J' }), 'no snapshot'],
  ])('is unknown by %s, and nothing of it is believed', async (_, answer, why) => {
    const [verdict, text] = await found(answer);
    expect([['unchecked', 'warning'].includes(String(verdict)), text]).toEqual([true, expect.stringContaining(why)]);
    expect(text).not.toContain('\u001b');
  });

  test('of a home that never claimed is not asked for', async () => {
    const [finding] = await findingsOf(
      snapshotCheck,
      examOf(production, { claimed: null }),
      edgePorts(async () => await Promise.reject(new Error('asked'))),
    );
    expect(finding).toMatchObject({ verdict: 'unchecked', found: expect.stringContaining('claimed') });
  });
});
