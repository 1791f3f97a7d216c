// Two homes on one edge: A's session is good, and A uses it at its own host, with the names and numbers of what is B's; and
// somebody who sends to A. What B has, and what B is told, stays as it was.

import { SELF } from 'cloudflare:test';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SpoolClient } from '../../edge/spool/client.ts';
import { systemClock } from '../../shared/clock.ts';
import type { EdgePart } from '../../shared/config/edge-part.ts';
import type { Outcome } from '../../shared/delivery.ts';
import { decodeBatch } from '../../shared/lease/batch.ts';
import type { WaitingList } from '../../shared/lease/messages.ts';
import { limits } from '../../shared/limits.ts';
import type { ServiceState } from '../../shared/presence.ts';
import { codeOf } from './operator/small-operator.ts';
import type { SmallHome } from './router/small-home.ts';
import { arrival, bindings } from './spool/spool-rig.ts';
import { hostOf, Peers, snapshotOf, twoHomes } from './two-homes.ts';

let a: SmallHome;
let b: SmallHome;
let pair: number;

beforeEach(async () => {
  ({ a, b, pair } = await twoHomes());
});

afterEach(() => {
  vi.restoreAllMocks();
});

const json = async (home: SmallHome, name: string): Promise<unknown> => await (await home.call('GET', name)).json();

describe('what waits for B, is kept or dead', () => {
  interface Held {
    readonly seq: number;
    readonly id: string;
  }
  let waiting: Held;
  let large: Held;
  let kept: Held;
  let dead: Held;

  beforeEach(async () => {
    const own = { homeId: b.homeId, spools: bindings.SPOOL, store: bindings.STORE };
    const client = new SpoolClient({ ...own, clock: systemClock, pause: async () => undefined });
    const put = async (body: string): Promise<Held> => {
      const [given, bytes] = await arrival(body, { service: 'site', id: `of-b-${pair}-${body.length}` });
      const stored = await client.put(given, bytes);
      if (stored.put !== 'stored') throw new Error(stored.put);
      return { seq: stored.seq, id: given.id };
    };
    const answered = async (held: Held, outcome: Outcome): Promise<Held> => {
      const answers = [{ ...held, ...outcome }];
      const turn = await b.call('POST', 'lease', { answers, renew: [], max: 0, services: [] });
      expect(decodeBatch(await turn.bytes()).reply.refused).toEqual([]);
      return held;
    };
    kept = await answered(await put('k'), { outcome: 'delivered' });
    dead = await answered(await put('de'), { outcome: 'dead', reason: 'as the test says' });
    waiting = await put('wai');
    large = await put('l'.repeat(limits.inlineBodyBytes + 1));
  });

  test('is not shown to A, by its id or its number', async () => {
    for (const { id, seq } of [waiting, large, kept, dead]) {
      for (const name of [id, seq]) {
        expect((await b.call('GET', `spool/deliveries/${name}`)).status).toBe(200);
        expect(await codeOf(await a.call('GET', `spool/deliveries/${name}`))).toEqual([404, 'no-delivery']);
      }
    }
    expect(await json(a, 'spool/waiting')).toEqual({ deliveries: [], next: null });
    expect(await json(a, 'spool/waiting?after=0&limit=100')).toEqual({ deliveries: [], next: null });
    expect(await json(a, 'dead-letters')).toEqual([]);
  });

  test('is not read by A: the body in R2 is B’s', async () => {
    expect((await b.call('GET', `bodies/${large.id}`)).status).toBe(200);
    for (const id of [large.id, `${b.homeId}%2F${large.id}`, `..%2F..%2F${b.homeId}%2Factivitypub%2F${large.id}`]) {
      expect(await codeOf(await a.call('GET', `bodies/${id}`))).toEqual([404, 'no-body']);
    }
  });

  test('is not moved by A, by hand or by answers', async () => {
    const before = await json(b, 'spool');
    const listed = (await json(b, 'spool/waiting')) as WaitingList;
    expect(listed.deliveries.map(({ id }) => id)).toEqual([waiting.id, large.id]);
    const tries: [path: string, code: string][] = [
      [`spool/waiting/${waiting.seq}/now`, 'not-waiting'],
      [`spool/waiting/${waiting.seq}/discard`, 'not-waiting'],
      [`spool/kept/${kept.seq}/replay`, 'not-kept'],
      [`dead-letters/${dead.seq}/retry`, 'no-dead-letter'],
      [`dead-letters/${dead.seq}/discard`, 'no-dead-letter'],
    ];
    for (const [path, code] of tries) expect(await codeOf(await a.call('POST', path, {}))).toEqual([404, code]);
    expect(await (await a.call('POST', 'replay', { since: 0 })).json()).toEqual({ replayed: 0 });
    const answers = [waiting, large, kept, dead].map((held) => ({ ...held, outcome: 'delivered' }));
    const turn = await a.call('POST', 'lease', { answers, renew: ['1', b.homeId], max: 100, services: ['site'] });
    const { reply, deliveries } = decodeBatch(await turn.bytes());
    expect([reply.refused.length, deliveries.length]).toEqual([answers.length, 0]);
    expect([await json(b, 'spool'), await json(b, 'spool/waiting')]).toEqual([before, listed]);
    expect(await json(b, 'dead-letters')).toMatchObject([{ id: dead.id }]);
  });
});

describe('settings', () => {
  const partOf = (home: SmallHome, changes: Partial<EdgePart> = {}): EdgePart => ({
    version: 1,
    hosts: [hostOf(home)],
    language: 'en',
    title: 'A garden',
    services: [{ name: 'site', kind: 'embedded', hosts: [hostOf(home)], signatures: ['cavage'] }],
    statusPage: true,
    ...changes,
  });

  test('of A that name B’s host are refused, in each of their parts, and both go on as they were', async () => {
    expect((await a.leaveConfig(partOf(a))).status).toBe(200);
    const both = [hostOf(a), hostOf(b)];
    const wide: Partial<EdgePart>[] = [
      { hosts: both },
      { hosts: [hostOf(b)] },
      { services: [{ name: 'site', kind: 'embedded', hosts: both, signatures: ['cavage'] }] },
    ];
    for (const part of wide) {
      const refused = await a.leaveConfig(partOf(a, { version: 2, ...part }));
      expect(await codeOf(refused)).toEqual([400, 'config-foreign-host']);
    }
    // Under A's key, and said to be B's.
    for (const where of [{ homeId: b.homeId }, { homeId: b.homeId, edge: b.origin }]) {
      expect(await codeOf(await a.leaveConfig(partOf(b), where))).toEqual([403, 'config-proof']);
    }
    for (const { origin } of [a, b]) expect(await (await SELF.fetch(`${origin}/`)).text()).toBe('page /');
  });

  test('of A turn off A’s status page and rename A, and nothing of B’s', async () => {
    await b.leaveConfig(partOf(b, { title: 'B’s garden' }));
    await a.leaveConfig(partOf(a, { title: 'A’s garden', statusPage: false }));
    const statusAt = async ({ origin }: SmallHome): Promise<[number, string]> => {
      const response = await SELF.fetch(`${origin}/.porchlight/status`);
      return [response.status, await response.text()];
    };
    // The Worker may go by what it read half a second ago.
    await vi.waitFor(async () => expect((await statusAt(a))[0]).toBe(404), { timeout: 20_000 });
    expect(await statusAt(b)).toEqual([200, expect.stringContaining('B’s garden')]);
  });
});

describe('the status page', () => {
  const serviceOf = (home: SmallHome, state: 'up' | 'down', hosts: readonly string[]): ServiceState => {
    return { name: `of-${hostOf(home).split('.')[0]}`, hosts, state, since: 1, why: null, until: null };
  };

  test('and its JSON tell at each host of its own home alone, whatever the other says and holds', async () => {
    await a.connect(2);
    await b.connect(2);
    a.tell(1, [serviceOf(a, 'down', [hostOf(a), hostOf(b)]), serviceOf(b, 'down', [hostOf(b)])]);
    b.tell(1, [serviceOf(b, 'up', [hostOf(b)])]);
    for (const home of [a, b]) expect((await home.call('PUT', 'snapshot', snapshotOf(home))).status).toBe(200);
    const stub = bindings.SPOOL.get(bindings.SPOOL.idFromName(a.homeId));
    for (const body of ['1', '2', '3']) await stub.put(...(await arrival(body, { service: 'site' })));
    await a.sleep(Date.UTC(2090, 0, 2, 3, 4));
    const at = async ({ origin }: SmallHome, path: string): Promise<string> =>
      await (await SELF.fetch(`${origin}/.porchlight/${path}`)).text();

    expect(JSON.parse(await at(b, 'status.json'))).toMatchObject({
      home: { state: 'awake', expectedBack: null },
      services: [
        { name: 'site', waiting: { upTo: 0 } },
        { name: `of-b${pair}`, state: 'up' },
      ],
      waiting: { upTo: 0, since: null },
    });
    expect(JSON.parse(await at(a, 'status.json'))).toMatchObject({
      home: { state: 'asleep', expectedBack: '2090-01-02T03:04:00.000Z' },
      waiting: { upTo: 10 },
    });
    const secretsOf = ({ homeId, origin }: SmallHome): RegExp => new RegExp(`${homeId}|${new URL(origin).host}|of-a`);
    for (const path of ['status', 'status.json']) {
      expect(await at(b, path)).not.toMatch(secretsOf(a));
      expect(await at(b, path)).not.toContain('2090');
      expect(await at(a, path)).not.toContain(b.homeId);
    }
  });
});

describe('whoever sends to A', () => {
  test('uses up nothing of what senders to B may have of the edge: questions for keys of one domain', async () => {
    const peers = await Peers.there();
    for (const home of [a, b]) await home.call('PUT', 'snapshot', snapshotOf(home));
    const domain = `domain${pair}.example`;
    for (let i = 0; i < limits.keySubdomainsPerHourInAll; i++) {
      peers.empty(`random${i}.${domain}`);
      expect(await peers.deliver(a, `random${i}.${domain}`, `203.0.113.${i}`)).toBe(401);
    }
    peers.asked.length = 0;
    expect(await peers.deliver(a, `new.${domain}`, '198.51.100.1')).toBe(202);
    expect(peers.asked).toEqual([]);
    expect(await peers.deliver(b, `new.${domain}`, '198.51.100.1')).toBe(202);
    expect(peers.asked).toEqual([`new.${domain}`]);
    const [proven] = ((await json(b, 'spool/waiting')) as WaitingList).deliveries;
    expect(await json(b, `spool/deliveries/${proven?.id}`)).toMatchObject({ delivery: { undecided: null } });
  });

  test('uses up nothing of what an address that sends to both may leave undecided at B', async () => {
    const peers = await Peers.there();
    for (const home of [a, b]) await home.call('PUT', 'snapshot', snapshotOf(home));
    const told = async (to: SmallHome, i: number): Promise<number> => {
      peers.failing(`down${i}-${pair}.example`);
      return await peers.deliver(to, `down${i}-${pair}.example`, '203.0.113.7');
    };
    for (let i = 0; i < limits.undecidedOriginsPerAddress; i++) expect(await told(a, i)).toBe(202);
    expect([await told(a, 98), await told(b, 99)]).toEqual([429, 202]);
  });
});
