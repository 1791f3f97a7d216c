// How many wait for each service, since when, and how many are kept: what it costs to know, and that it is right after
// code that did not count.

import { describe, expect, test } from 'vitest';
import { countsOf, noCounts, others, waitingOf, withMore, withOneLess } from '../../../edge/spool/counts.ts';
import type { Standing } from '../../../edge/spool/inspect.ts';
import { heard } from '../../../edge/spool/told.ts';
import { limits } from '../../../shared/limits.ts';
import { type Home, SpoolRig } from './spool-rig.ts';

const many = (count: number, service: string) =>
  Array.from({ length: count }, (_, i) => ({ text: 'x', change: { service, sender: `https://peer.example/${i}` } }));

async function standing(rig: SpoolRig): Promise<Standing> {
  return await rig.stub.standing();
}

async function summary(rig: SpoolRig, home: Home) {
  return heard(await rig.stub.summary(...(await home.sign({ method: 'GET' }))));
}

describe('standing()', () => {
  test('says how many wait for each service and since when, over evictions, and costs no row write', async () => {
    const rig = await SpoolRig.open();
    const first = rig.now();
    await rig.putMany(many(3, 'social'));
    rig.advance(1_000);
    await rig.putMany(many(2, 'site'));
    await rig.stub.snapshotTaken(rig.now());
    const expected: Standing = {
      waiting: 5,
      oldestWaitingAt: first,
      services: [
        { name: 'site', waiting: 2, oldestWaitingAt: first + 1_000 },
        { name: 'social', waiting: 3, oldestWaitingAt: first },
      ],
      snapshotAt: first + 1_000,
    };
    const cost = await rig.counting(async () => {
      expect(await standing(rig)).toEqual(expected);
      await rig.evict();
      expect(await standing(rig)).toEqual(expected);
    });
    expect(cost.written).toBe(0);
  });

  test('of an empty spool is nothing', async () => {
    const rig = await SpoolRig.open();
    expect(await standing(rig)).toEqual({ waiting: 0, oldestWaitingAt: null, services: [], snapshotAt: null });
  });

  test('reads a bounded number of rows, however many wait, and finds what stands far back by and by', async () => {
    const rig = await SpoolRig.open();
    await rig.putMany(many(700, 'social'));
    await rig.putMany(many(1, 'site'));
    await rig.evict();
    const ages: (number | null)[] = [];
    for (let i = 0; i < 4; i++) {
      const cost = await rig.counting(async () => {
        const { services } = await standing(rig);
        expect(services.map(({ name, waiting }) => [name, waiting])).toEqual([
          ['site', 1],
          ['social', 700],
        ]);
        ages.push(services[0]?.oldestWaitingAt ?? null);
      });
      expect(cost.read).toBeLessThan(300);
    }
    expect(ages.slice(0, 2)).toEqual([null, null]);
    expect(ages.slice(2)).toEqual([rig.now(), rig.now()]);
    const known = await rig.counting(async () => await standing(rig));
    expect(known.read).toBeLessThanOrEqual(1);
  });
});

describe('the owner’s summary', () => {
  test('says what is kept and dead, and how much room is taken', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put(new Uint8Array(limits.inlineBodyBytes + 1));
    await rig.put('poison', { sender: 'https://peer.example/users/bob' });
    await home.drain(({ body }) => (body === null ? { outcome: 'delivered' } : { outcome: 'dead', reason: 'no' }));
    await rig.put('waits');
    expect(await summary(rig, home)).toEqual({
      waiting: 1,
      oldestWaitingAt: rig.now(),
      services: [{ name: 'social', waiting: 1, oldestWaitingAt: rig.now() }],
      kept: 1,
      dead: 1,
      databaseBytes: expect.any(Number),
      databaseLimitBytes: limits.spoolDatabaseBytes,
      largeBytes: limits.inlineBodyBytes + 1,
      largeLimitBytes: limits.spoolLargeBytes,
      snapshotAt: null,
    });
    rig.advance(limits.keptMs);
    await rig.put('pushes out what was kept', { sender: 'https://peer.example/users/carol' });
    expect(await summary(rig, home)).toMatchObject({ waiting: 2, kept: 0, dead: 1, largeBytes: 0 });
  });
});

describe('rows that older code wrote', () => {
  /** As if the edge had been an older one: what its rows carry of counts is none, or what it found and did not keep. */
  async function byOlderCode(rig: SpoolRig, counts: 'none' | 'handed on'): Promise<void> {
    await rig.object((_, { storage }) => {
      storage.sql.exec(
        counts === 'none'
          ? `UPDATE delivery SET totals = json_remove(totals, '$.counts')`
          : `UPDATE delivery SET totals = json_set(totals, '$.counts', json('{"age":1,"kept":7,"waiting":{"old":9}}'))`,
      );
    });
    await rig.evict();
  }

  test.each(['none', 'handed on'] as const)('are counted once, and written down: counts %s', async (counts) => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.putMany(many(2, 'social'));
    await home.drain();
    await rig.putMany(many(3, 'social'));
    await rig.putMany(many(4, 'site'));
    await byOlderCode(rig, counts);
    const cost = await rig.counting(async () => {
      const { services } = await standing(rig);
      expect(services.map(({ name, waiting }) => [name, waiting])).toEqual([
        ['site', 4],
        ['social', 3],
      ]);
    });
    expect(cost.written).toBe(1);
    await rig.evict();
    const again = await rig.counting(async () => {
      expect(await summary(rig, home)).toMatchObject({ waiting: 7, kept: 2 });
      await rig.put('one more', { service: 'site' });
    });
    expect(again.written).toBe(1);
    expect((await standing(rig)).services[0]).toMatchObject({ name: 'site', waiting: 5 });
  });
});

describe('counts', () => {
  test('tell no more than limits.spoolServices services apart, and their sum is right whatever comes and goes', () => {
    const names = Array.from({ length: limits.spoolServices + 5 }, (_, i) => `service-${i}`);
    let counts = names.reduce((so, name) => withMore(so, name, 2), noCounts);
    expect(Object.keys(counts.waiting).length).toBe(limits.spoolServices + 1);
    expect(waitingOf(counts, others)).toBe(10);
    counts = withOneLess(withOneLess(counts, 'service-0'), 'service-0');
    // There is room for a name now, and older ones of it stand among the others.
    counts = withMore(counts, `service-${limits.spoolServices}`, 1);
    for (const name of names.slice(1)) counts = withOneLess(withOneLess(counts, name), name);
    counts = withOneLess(counts, `service-${limits.spoolServices}`);
    expect(counts.waiting).toEqual({});
    const rows = names.map((service) => ({ service, count: 1 }));
    expect(waitingOf(countsOf(1, 0, rows), others)).toBe(5);
  });

  test('take no service for something that every object has', () => {
    expect(waitingOf(noCounts, 'constructor')).toBe(0);
    expect(withMore(noCounts, 'constructor', 1).waiting).toEqual({ constructor: 1 });
  });
});
