// Services whose owners chose `defer`, over the whole Worker: while they are away their inboxes say "come again", and nothing
// is kept for them; while they are there all is as ever.

import { SELF } from 'cloudflare:test';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseSnapshot } from '../../../edge/home/snapshot.ts';
import type { ServiceState } from '../../../shared/presence.ts';
import { absenceOf } from '../../../shared/presence.ts';
import type { ServiceProfile } from '../../../shared/snapshot.ts';
import { bytesOf } from '../home/example-snapshot.ts';
import type { SmallHome } from '../router/small-home.ts';
import { hostOf, Peers, snapshotOf, twoHomes } from '../two-homes.ts';

const hour = 3_600_000;
let a: SmallHome;
let b: SmallHome;
let peers: Peers;

const deferring = (home: SmallHome): ReturnType<typeof snapshotOf> => {
  const snapshot = snapshotOf(home);
  return { ...snapshot, services: snapshot.services.map((service) => ({ ...service, defers: true as const })) };
};

const waiting = async (home: SmallHome): Promise<number> =>
  ((await (await home.call('GET', 'spool')).json()) as { waiting: number }).waiting;

beforeEach(async () => {
  ({ a, b } = await twoHomes());
  peers = await Peers.there();
  await a.call('PUT', 'snapshot', deferring(a));
  await b.call('PUT', 'snapshot', snapshotOf(b));
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the inbox of a service that defers', () => {
  test('takes deliveries while home is awake', async () => {
    expect(await peers.deliver(a, 'peer.example')).toBe(202);
    expect(await waiting(a)).toBe(1);
  });

  test('says 503 and when to come again while home sleeps, asks no key server, and keeps nothing', async () => {
    await a.sleep(Date.now() + 2 * hour);
    const asked = peers.asked.length;
    const response = await post(a, '/inbox', { type: 'Follow', id: 'https://peer.example/1' });
    expect([response.status, await response.json()]).toEqual([503, expect.objectContaining({ code: 'deferred' })]);
    const seconds = Number(response.headers.get('Retry-After'));
    expect(seconds).toBeGreaterThan(3_600);
    expect(seconds).toBeLessThanOrEqual(7_200);
    expect(peers.asked).toHaveLength(asked);
    await a.connect();
    expect(await waiting(a)).toBe(0);
    expect(await peers.deliver(a, 'peer.example')).toBe(202);
  });

  test('another home’s goes on taking them, asleep as awake', async () => {
    await b.sleep(Date.now() + 2 * hour);
    expect(await peers.deliver(b, 'peer.example')).toBe(202);
  });

  test('refuses what is not signed with 401, asleep too: nobody is told to come again with that', async () => {
    await a.sleep();
    const response = await SELF.fetch(`${a.origin}/inbox`, { method: 'POST', body: '{"type":"Follow","actor":"x"}' });
    expect(response.status).not.toBe(503);
    expect(response.status).not.toBe(202);
  });

  test('forgets the deletion of a stranger as ever: nobody sends that again all night', async () => {
    await a.sleep();
    const gone = 'https://gone.example/users/x';
    const response = await post(a, '/inbox', { type: 'Delete', id: `${gone}#delete`, actor: gone, object: gone });
    expect(response.status).toBe(202);
  });
});

/** Signed as Alice of peer.example does; the signature is not looked at where the tests come to. */
async function post(home: SmallHome, path: string, activity: Record<string, string>): Promise<Response> {
  const { actor = 'https://peer.example/users/alice' } = activity;
  return await peers.post(home, path, { object: `${home.origin}/users/owner`, ...activity, actor });
}

describe('whether a service is away', () => {
  const state = (name: string, up: boolean, host: string): ServiceState => ({
    name,
    hosts: [host],
    state: up ? 'up' : 'down',
    since: 0,
    why: up ? null : 'failing',
    until: null,
  });
  const link = { link: 'connected', since: 0 } as const;

  test('is told by its own name where two share a host', () => {
    const services = [state('web', true, 'a.example'), state('social', false, 'a.example')];
    expect(absenceOf('social', ['a.example'], { ...link, services }, 1)).toMatchObject({ reason: 'failing' });
    expect(absenceOf('web', ['a.example'], { ...link, services }, 1)).toBeNull();
  });

  test('is "no" while home has not said, and "yes" without a link', () => {
    expect(absenceOf('social', ['a.example'], link, 1)).toBeNull();
    expect(absenceOf('social', ['a.example'], { link: 'lost', since: 0 }, 1)).toMatchObject({ reason: 'lost' });
    expect(absenceOf('social', ['a.example'], { link: 'never' }, 1)).toMatchObject({ reason: 'never' });
  });
});

test('a snapshot says so with true alone, and of an earlier home nothing defers', () => {
  const read = (defers: unknown): ServiceProfile | undefined => {
    const snapshot = snapshotOf(a);
    const services = snapshot.services.map((service) => ({ ...service, ...(defers === undefined ? {} : { defers }) }));
    return parseSnapshot(bytesOf({ ...snapshot, services }), [hostOf(a)]).services[0];
  };
  expect(read(true)).toMatchObject({ defers: true });
  for (const other of [undefined, false, 'true', 1]) expect(read(other)).not.toHaveProperty('defers');
});
