// The edge's part of home's settings: from the signed call to what strangers are told, and how soon on every isolate.

import { reset, SELF } from 'cloudflare:test';
import { beforeEach, describe, expect, test } from 'vitest';
import type { HomeRecord } from '../../../edge/home/directory.ts';
import { HomeSaid } from '../../../edge/home/said.ts';
import type { EdgePart } from '../../../shared/config/edge-part.ts';
import { limits } from '../../../shared/limits.ts';
import type { Snapshot } from '../../../shared/snapshot.ts';
import { SmallHome } from '../router/small-home.ts';
import { bindings, HandClock, migrated } from './directory-database.ts';
import { exampleSnapshot } from './example-snapshot.ts';

let home: SmallHome;
let origin: string;
let host: string;
let tests = 0;

beforeEach(async () => {
  await reset();
  await migrated();
  // The Worker remembers hosts for a moment: each test has its own.
  tests += 1;
  host = `c${tests}.example`;
  origin = `https://${host}`;
  home = await SmallHome.claimed(origin, `www.${host}`);
  await home.connect();
});

function partOfHost(changes: Partial<EdgePart> = {}): EdgePart {
  return {
    version: 1,
    hosts: [host, `www.${host}`],
    language: 'en',
    title: 'A garden',
    services: [{ name: 'site', kind: 'embedded', hosts: [host], signatures: ['cavage', 'rfc9421'] }],
    statusPage: true,
    ...changes,
  };
}

function snapshotOfHost(changes: Partial<Snapshot> = {}): Snapshot {
  const text = JSON.stringify(exampleSnapshot(changes));
  return JSON.parse(text.replaceAll('a.example', host)) as Snapshot;
}

async function codeOf(response: Response): Promise<[number, string]> {
  const { code } = (await response.json()) as { code: string };
  return [response.status, code];
}

const asleepPage = async (at = origin): Promise<string> =>
  await (await SELF.fetch(`${at}/`, { headers: { Accept: 'text/html' } })).text();

const stored = async (): Promise<R2Object | null> => await bindings.STORE.head(`configs/${home.homeId}.json`);

describe('PUT config', () => {
  test('is taken, and its words are those of the edge’s own pages, with or without a snapshot', async () => {
    const taken = await home.leaveConfig(partOfHost({ version: 3, title: 'Ein Garten', language: 'de' }));
    expect([taken.status, await taken.json()]).toEqual([200, { version: 3 }]);
    await home.call('PUT', 'snapshot', snapshotOfHost({ title: 'An older title' }));
    await home.sleep();
    const page = await asleepPage();
    expect(page).toContain('Ein Garten');
    expect(page).toContain('<html lang="de">');
    expect(page).not.toContain('An older title');
  });

  test('that is older is refused, and told which is there; the same again is taken without a write', async () => {
    await home.leaveConfig(partOfHost({ version: 7 }));
    const before = await stored();
    expect((await home.leaveConfig(partOfHost({ version: 7 }))).status).toBe(200);
    expect((await stored())?.uploaded).toEqual(before?.uploaded);
    for (const older of [{ version: 6 }, { version: 7, title: 'Another' }]) {
      const refused = await home.leaveConfig(partOfHost(older));
      expect(refused.status).toBe(409);
      expect(await refused.json()).toMatchObject({
        code: 'config-older',
        detail: expect.stringContaining('version 7'),
      });
    }
    expect((await stored())?.etag).toBe(before?.etag);
    expect((await home.leaveConfig(partOfHost({ version: 8, title: 'Another' }))).status).toBe(200);
  });

  test('that is wider than the claim, malformed, forged or for another edge or home is refused', async () => {
    const wide = await home.leaveConfig(partOfHost({ hosts: [host, 'else.example'] }));
    expect(wide.status).toBe(400);
    expect(await wide.json()).toMatchObject({
      code: 'config-foreign-host',
      detail: expect.stringContaining('else.example'),
    });
    expect(await codeOf(await home.leaveConfig(partOfHost({ title: '' })))).toEqual([400, 'config-malformed']);
    for (const bytes of ['', '{}', 'x.y.z', JSON.stringify(partOfHost())]) {
      expect(await codeOf(await home.leaveConfig(partOfHost(), {}, bytes))).toEqual([403, 'config-proof']);
    }
    const other = await SmallHome.claimed(`https://other-${host}`);
    for (const where of [{ edge: 'https://else.example' }, { homeId: other.homeId }]) {
      expect(await codeOf(await home.leaveConfig(partOfHost(), where))).toEqual([403, 'config-proof']);
    }
    expect(await stored()).toBeNull();
  });
});

describe('a host that the owner left out', () => {
  const finger = (at: string): string => `${at}/.well-known/webfinger?resource=acct:owner@${host}`;
  const post = async (at: string): Promise<number> =>
    (await SELF.fetch(`${at}/inbox`, { method: 'POST', body: '{"type":"Follow","actor":"https://b.example/u"}' }))
      .status;

  test('is nobody’s for visitors and WebFinger, deliveries come again, and home can still call there', async () => {
    const www = `https://www.${host}`;
    const both = snapshotOfHost();
    await home.call('PUT', 'snapshot', {
      ...both,
      services: both.services.map((service) => ({ ...service, hosts: [host, `www.${host}`] })),
    });
    const site = { name: 'site', kind: 'embedded', hosts: [host, `www.${host}`], signatures: ['cavage'] as const };
    await home.leaveConfig(partOfHost({ services: [site] }));
    expect([(await SELF.fetch(finger(www))).status, await post(www)]).toEqual([200, 401]);
    await home.leaveConfig(partOfHost({ version: 2, hosts: [`www.${host}`], services: [site] }));
    expect([(await SELF.fetch(finger(www))).status, await post(www)]).toEqual([200, 401]);
    for (const left of [await SELF.fetch(`${origin}/`), await SELF.fetch(finger(origin))]) {
      expect(await codeOf(left)).toEqual([421, 'unknown-host']);
    }
    expect(await post(origin)).toBe(503);
    // Home's own calls go to the narrowed name too: it must be able to take it back.
    expect((await home.leaveConfig(partOfHost({ version: 3 }))).status).toBe(200);
    expect((await SELF.fetch(finger(origin))).status).toBe(200);
  });

  test('is where a service is no more: what is posted there is not judged as a delivery', async () => {
    await home.call('PUT', 'snapshot', snapshotOfHost());
    expect(await post(origin)).toBe(401);
    const elsewhere = [{ name: 'site', kind: 'embedded', hosts: [`www.${host}`], signatures: ['cavage'] as const }];
    await home.leaveConfig(partOfHost({ services: elsewhere }));
    expect(await post(origin)).toBe(200);
    expect(home.seen.at(-1)).toMatchObject({ method: 'POST', path: '/inbox' });
  });
});

describe('an isolate', () => {
  const record: HomeRecord = { homeId: 'h', hosts: ['a.example', 'b.example'], publicKey: {} };
  const part = (changes: Partial<EdgePart> = {}): EdgePart => ({
    ...partOfHost({ hosts: ['a.example'], services: [] }),
    ...changes,
  });

  function isolate(store: R2Bucket, clock: HandClock): HomeSaid {
    return new HomeSaid(store, clock, () => undefined);
  }

  test('goes by what was left at another one after limits.configFreshMs, which is well under a second', async () => {
    expect(limits.configFreshMs).toBeLessThan(1_000);
    const clock = new HandClock();
    const [here, there] = [isolate(bindings.STORE, clock), isolate(bindings.STORE, clock)];
    expect((await there.of(record)).words).toBeNull();
    await here.parts.leave('h', part({ title: 'First' }));
    expect((await here.of(record)).words?.title).toBe('First');
    clock.advance(limits.configFreshMs);
    expect(await there.of(record)).toMatchObject({ hosts: ['a.example'], words: { title: 'First' } });
    await here.parts.leave('h', part({ version: 2, title: 'Second', hosts: ['b.example'] }));
    clock.advance(limits.configFreshMs);
    expect(await there.of(record)).toMatchObject({ hosts: ['b.example'], words: { title: 'Second' } });
  });

  test('leaves the highest of many that come to several at once, whichever is first', async () => {
    const clock = new HandClock();
    const isolates = [isolate(bindings.STORE, clock), isolate(bindings.STORE, clock)];
    const versions = [3, 1, 4, 2, 5];
    const left = await Promise.all(
      versions.map(async (version, n) => await isolates[n % 2]?.parts.leave('h', part({ version }))),
    );
    expect(left[4]).toEqual({ left: true });
    expect((await isolate(bindings.STORE, clock).parts.of('h'))?.version).toBe(5);
  });

  test('goes on by what it knew while the store does not answer, and asks again', async () => {
    const clock = new HandClock();
    let broken = false;
    const failing = new Proxy(bindings.STORE, {
      get(target, name) {
        if (name === 'get' && broken) return async () => await Promise.reject(new Error('the store is away'));
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const said = isolate(failing, clock);
    await said.parts.leave('h', part({ title: 'First' }));
    await said.of(record);
    await isolate(bindings.STORE, clock).parts.leave('h', part({ version: 2, title: 'Second' }));
    broken = true;
    clock.advance(limits.configFreshMs);
    expect((await said.of(record)).words?.title).toBe('First');
    // Of a home that nothing is known of nothing can be said.
    await expect(said.of({ ...record, homeId: 'other' })).rejects.toThrow('the store is away');
    broken = false;
    clock.advance(limits.configFreshMs);
    expect((await said.of(record)).words?.title).toBe('Second');
  });

  test('asks the store at most once in limits.configFreshMs, and the snapshot’s with it', async () => {
    const reads: string[] = [];
    const counted = new Proxy(bindings.STORE, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (key: string, ...rest: unknown[]): unknown => {
          if (name === 'get') reads.push(key.split('/')[0] ?? '');
          return value.call(target, key, ...rest);
        };
      },
    });
    const clock = new HandClock();
    const said = isolate(counted, clock);
    await said.snapshots.leave('h', exampleSnapshot());
    await said.parts.leave('h', part());
    await Promise.all(Array.from({ length: 20 }, async () => await said.of(record)));
    expect(new Set(reads)).toEqual(new Set(['configs', 'snapshots']));
    expect(reads).toHaveLength(2);
    const first = await said.of(record);
    clock.advance(limits.configFreshMs);
    // Nothing changed: others remember things about the very snapshot.
    expect((await said.of(record)).snapshot).toBe(first.snapshot);
    expect(reads).toHaveLength(3);
  });
});
