// Snapshots: what is taken from a home, what is refused, and how they are read again.

import { reset } from 'cloudflare:test';
import { beforeEach, describe, expect, test } from 'vitest';
import { LeftObjects } from '../../../edge/home/left-objects.ts';
import { parseSnapshot, readSnapshot } from '../../../edge/home/snapshot.ts';
import { acceptances } from '../../../shared/acceptance/profiles.ts';
import { BloomFilter } from '../../../shared/known-actors/bloom.ts';
import { limits } from '../../../shared/limits.ts';
import type { Snapshot } from '../../../shared/snapshot.ts';
import { bindings, HandClock } from './directory-database.ts';
import { bytesOf, exampleSnapshot } from './example-snapshot.ts';

const hosts = ['a.example', 'b.example'];

function refusal(value: unknown): { code: string; message: string } {
  try {
    parseSnapshot(value instanceof Uint8Array ? value : bytesOf(value), hosts);
  } catch (thrown) {
    return thrown as { code: string; message: string };
  }
  throw new Error('It was taken.');
}

describe('parseSnapshot()', () => {
  test('takes a snapshot as home made it', () => {
    expect(parseSnapshot(bytesOf(exampleSnapshot()), hosts)).toEqual(exampleSnapshot());
    const bare = exampleSnapshot({ services: [], accounts: [], documents: [], nodeinfo: null });
    expect(parseSnapshot(bytesOf(bare), hosts)).toEqual(bare);
  });

  test('takes what a service can verify; of a home of an earlier version, which does not say it, nothing is made up', () => {
    const [service] = exampleSnapshot().services;
    const full = exampleSnapshot({ services: [{ ...service, accepts: acceptances.gotosocial } as never] });
    expect(parseSnapshot(bytesOf(full), hosts)).toEqual(full);
    expect(parseSnapshot(bytesOf(exampleSnapshot()), hosts).services[0]).not.toHaveProperty('accepts');
    const bad = exampleSnapshot({ services: [{ ...service, accepts: { cavage: null } } as never] });
    expect(refusal(bad).message).toContain('services[0].accepts.rfc9421 is not an object');
  });

  test('takes what later homes say besides, and nothing of it from earlier ones', () => {
    const [service] = exampleSnapshot().services;
    const [account] = exampleSnapshot().accounts;
    const properties = { 'https://x.example/p': 'y', 'https://x.example/none': null };
    const later = exampleSnapshot({
      services: [{ ...service, accountDomain: 'example.org', tellsAccounts: false } as never],
      accounts: [{ ...account, properties, links: [{ rel: 'x', properties, titles: { und: 't' } }] } as never],
      nodeinfos: { 'a.example': { version: '2.1' }, 'b.example': null },
      links: [{ account: '*@example.org', rel: 'x', href: 'https://x.example/' }],
    });
    expect(parseSnapshot(bytesOf(later), hosts)).toEqual(later);
  });

  test('takes what home blocks, what it deleted, and which service wants signatures', () => {
    const [service] = exampleSnapshot().services;
    const full = exampleSnapshot({
      services: [{ ...service, authorizedFetch: true } as never],
      blockedDomains: ['bad.example', 'xn--bcher-kva.example'],
      gone: [{ host: 'a.example', path: '/notes/1?x=1' }],
    });
    expect(parseSnapshot(bytesOf(full), hosts)).toEqual(full);
    // What is not said plainly is no reason to answer strangers.
    const unsure = exampleSnapshot({ services: [{ ...service, authorizedFetch: 'no' } as never] });
    expect(parseSnapshot(bytesOf(unsure), hosts).services[0]?.authorizedFetch).toBe(true);
  });

  const domains = (count: number) => Array.from({ length: count }, (_, n) => `d${n}.example`);

  test('holds questions against no list of blocks that it cannot read whole: nobody is then taken for not blocked', () => {
    const within = exampleSnapshot({ blockedDomains: domains(limits.blockedDomains) });
    expect(parseSnapshot(bytesOf(within), hosts).blockedDomains).toHaveLength(limits.blockedDomains);
    const broken: unknown[] = [domains(limits.blockedDomains + 1), 'bad.example', {}];
    for (const one of ['*.bad.example', 'Bad.example', 'bad.example:443', '', null, 7])
      broken.push(['ok.example', one]);
    for (const name of ['blockedDomains', 'blockedBesideAllowed']) {
      for (const value of broken) {
        const { snapshot, leftOut } = readSnapshot(bytesOf({ ...exampleSnapshot(), [name]: value }), hosts);
        expect(snapshot).toEqual(exampleSnapshot());
        expect(leftOut.join()).toContain(name);
      }
    }
  });

  test('spares of a block whom home names, and blocks whoever cannot be read of those', () => {
    const blocked = { blockedDomains: ['bad.example'] };
    const of = (sparedDomains: unknown) => readSnapshot(bytesOf({ ...exampleSnapshot(blocked), sparedDomains }), hosts);
    expect(of(['*.bad.example', 'ok.bad.example']).snapshot.sparedDomains).toEqual(['*.bad.example', 'ok.bad.example']);
    const { snapshot, leftOut } = of(['*', 'Bad.example', '', 7, null, 'x.*.bad.example', 'ok.bad.example']);
    expect(snapshot.sparedDomains).toEqual(['ok.bad.example']);
    expect(leftOut.join()).toContain('6 of sparedDomains');
    expect(of(domains(limits.blockedDomains + 1)).snapshot.sparedDomains).toHaveLength(limits.blockedDomains);
    expect(parseSnapshot(bytesOf(exampleSnapshot(blocked)), hosts)).not.toHaveProperty('sparedDomains');
  });

  test('takes whom a service federates with alone, and never for more than is said', () => {
    const [service] = exampleSnapshot().services;
    const of = (allowedDomains: unknown, more = {}) =>
      parseSnapshot(bytesOf(exampleSnapshot({ services: [{ ...service, allowedDomains, ...more } as never] })), hosts)
        .services[0];
    expect(of(['ok.example', '*.ok.example'])?.allowedDomains).toEqual(['ok.example', '*.ok.example']);
    // Whoever has such a list shows nothing to who does not sign, also where it does not say so.
    expect(of([], { authorizedFetch: false })).toMatchObject({ authorizedFetch: true, allowedDomains: [] });
    expect(of(['ok.example', '*', 'x.*.example', 'Bad.Example', 7])?.allowedDomains).toEqual(['ok.example']);
    for (const broken of ['ok.example', null, {}, 7]) {
      expect(of(broken)).toMatchObject({ authorizedFetch: true, allowedDomains: [] });
    }
    expect(of(domains(limits.allowedDomains + 1))?.allowedDomains).toEqual(domains(limits.allowedDomains));
    expect(parseSnapshot(bytesOf(exampleSnapshot()), hosts).services[0]).not.toHaveProperty('allowedDomains');
  });

  test('takes of the addresses that are gone as many as it holds questions against, and says that there were more', () => {
    const gone = Array.from({ length: limits.goneObjects + 1 }, (_, n) => ({ host: 'a.example', path: `/${n}` }));
    const { snapshot, leftOut } = readSnapshot(bytesOf(exampleSnapshot({ gone })), hosts);
    expect(snapshot.gone).toEqual(gone.slice(0, limits.goneObjects));
    expect(leftOut).toEqual([`1 of gone: it has more than ${limits.goneObjects}`]);
  });

  test('leaves out one bad entry, and not the snapshot', () => {
    const good = exampleSnapshot({
      gone: [{ host: 'a.example', path: '/1' }],
      links: [{ account: '*@a.example', rel: 'x', href: 'https://x.example/' }],
    });
    const [document] = good.documents;
    const at = (name: string, more: unknown) => ({
      ...good,
      [name]: [more, ...(good[name as 'documents'] as never[])],
    });
    for (const [name, bad] of [
      ['gone', '/notes/1'],
      ['gone', { host: 'a.example', path: 'notes' }],
      ['gone', { host: 'a.example', path: '/.porchlight/actor' }],
      ['documents', { ...document, path: '/a b' }],
      ['documents', { ...document, contentType: 'x\r\nSet-Cookie: a=b' }],
      ['documents', { ...document, body: 7 }],
      ['documents', null],
      ['links', { account: '*@a.example', href: 'x' }],
    ] as const) {
      const { snapshot, leftOut } = readSnapshot(bytesOf(at(name, bad)), hosts);
      expect(snapshot).toEqual(good);
      expect(leftOut).toEqual([expect.stringContaining(`1 of ${name}, the first: `)]);
    }
  });

  test('does not know who lives here where an account cannot be read: its name is not said to be nobody’s', () => {
    const [service] = exampleSnapshot().services;
    const whole = exampleSnapshot({ services: [{ ...service, tellsAccounts: true } as never] });
    expect(parseSnapshot(bytesOf(whole), hosts)).toEqual(whole);
    for (const bad of [
      null,
      { subject: '', aliases: [], links: [] },
      { subject: 'acct:x@a.example', aliases: [''], links: [] },
      { subject: 'acct:x@a.example', aliases: [], links: [{}] },
      { subject: 'acct:x@a.example', aliases: [], links: [], properties: { x: 1 } },
    ]) {
      const { snapshot, leftOut } = readSnapshot(bytesOf({ ...whole, accounts: [bad, ...whole.accounts] }), hosts);
      expect(snapshot).toEqual({
        ...whole,
        complete: false,
        services: [{ ...service, tellsAccounts: false }],
      });
      expect(leftOut).toHaveLength(1);
    }
  });

  test('takes everybody for known where the filter of known actors is none', () => {
    for (const bad of [
      null,
      { bits: 'AA=', hashes: 3 },
      { bits: 'AA', hashes: 1000 },
      { bits: 'A', hashes: 3 },
      { bits: 7 },
    ]) {
      const read = (name: string) => readSnapshot(bytesOf({ ...exampleSnapshot(), [name]: bad }), hosts);
      const { knownActors } = read('knownActors').snapshot;
      expect(BloomFilter.fromData(knownActors).mayContain('https://anybody.example/')).toBe(true);
      // And nobody for surely met.
      const { snapshot, leftOut } = read('metActors');
      expect([snapshot, leftOut]).toEqual([exampleSnapshot(), [expect.stringMatching(/^metActors: /)]]);
    }
  });

  test('has nodeinfo asked of the service where it cannot be read', () => {
    const bad = { ...exampleSnapshot(), nodeinfo: [], nodeinfos: { 'a.example': 7, 'b.example': { version: '2.1' } } };
    expect(parseSnapshot(bytesOf(bad), hosts)).toMatchObject({
      nodeinfo: null,
      nodeinfos: { 'a.example': null, 'b.example': { version: '2.1' } },
    });
  });

  const actorKey = { keyId: 'https://peer.example/a#key', owner: 'https://peer.example/a', publicKeyPem: 'PEM' };

  test('takes the keys that home left, the first limits.actorKeys of them', () => {
    const some = exampleSnapshot({ actorKeys: [actorKey] });
    expect(parseSnapshot(bytesOf(some), hosts)).toEqual(some);
    const many = Array.from({ length: limits.actorKeys + 5 }, (_, n) => ({
      ...actorKey,
      keyId: `${actorKey.keyId}${n}`,
    }));
    const taken = parseSnapshot(bytesOf(exampleSnapshot({ actorKeys: many })), hosts).actorKeys;
    expect(taken).toEqual(many.slice(0, limits.actorKeys));
  });

  test('leaves out keys that are none, or longer than limits.actorKeyLength', () => {
    const long = 'x'.repeat(limits.actorKeyLength + 1);
    const address = `https://peer.example/${'x'.repeat(limits.addressLength)}`;
    const wrong = [{ publicKeyPem: long }, { publicKeyPem: 7 }, { keyId: address }, { owner: address }, { owner: '' }];
    for (const change of wrong) {
      const [name = ''] = Object.keys(change);
      const actorKeys = [actorKey, { ...actorKey, ...change }];
      const { snapshot, leftOut } = readSnapshot(bytesOf({ ...exampleSnapshot(), actorKeys }), hosts);
      expect(snapshot.actorKeys).toEqual([actorKey]);
      expect(leftOut.join()).toContain(`actorKeys[1].${name}`);
    }
    expect(refusal({ ...exampleSnapshot(), actorKeys: {} })).toMatchObject({ code: 'snapshot-malformed' });
  });

  test('leaves out what it does not know, so that a newer home can speak to it', () => {
    const [service] = exampleSnapshot().services;
    const newer = { ...exampleSnapshot(), mood: 'sunny', services: [{ ...service, colour: 'green' }] };
    expect(parseSnapshot(bytesOf(newer), hosts)).toEqual(exampleSnapshot());
  });

  test('refuses hosts that home did not claim: a snapshot narrows, it never widens', () => {
    const [service] = exampleSnapshot().services;
    const [document] = exampleSnapshot().documents;
    for (const host of ['evil.example', 'x.a.example', 'example', 'A.example', 'a.example:443', 'a.example.']) {
      const foreign = [
        exampleSnapshot({ services: [{ ...service, hosts: ['a.example', host] } as never] }),
        exampleSnapshot({ documents: [{ ...document, host } as never] }),
        exampleSnapshot({ nodeinfos: { [host]: null } }),
      ];
      for (const snapshot of foreign) {
        expect(refusal(snapshot)).toMatchObject({
          code: 'snapshot-foreign-host',
          message: expect.stringContaining(host),
        });
      }
    }
  });

  test.each<[string, Record<string, unknown>]>([
    ['version', { version: 1.5 }],
    ['gone', { gone: {} }],
    ['accounts', { accounts: {} }],
    ['documents', { documents: 'x' }],
    ['nodeinfos', { nodeinfos: 7 }],
    ['version', { version: -1 }],
    ['version', { version: '2' }],
    ['madeAt', { madeAt: null }],
    ['language', { language: 'en"><script>' }],
    ['title', { title: 7 }],
    ['services', { services: {} }],
    ['services[0].name', { services: [{ name: '../x', hosts: [], inboxes: [], signatures: [] }] }],
    ['services[0].inboxes[0]', { services: [{ name: 'x', hosts: [], inboxes: ['inbox'], signatures: [] }] }],
    ['services[0].inboxes[0]', { services: [{ name: 'x', hosts: [], inboxes: ['/.porchlight/v1'], signatures: [] }] }],
    [
      'services[0].inboxes[0]',
      { services: [{ name: 'x', hosts: [], inboxes: ['/%2Eporchlight/v1'], signatures: [] }] },
    ],
    ['services[0].signatures[0]', { services: [{ name: 'x', hosts: [], inboxes: [], signatures: ['hs2019'] }] }],
    ['services', { services: [1, 2].map(() => ({ name: 'x', hosts: [], inboxes: [], signatures: [] })) }],
  ])('says where it is wrong: %s', (at, change) => {
    const found = refusal({ ...exampleSnapshot(), ...change });
    expect(found.code).toBe('snapshot-malformed');
    expect(found.message).toContain(`: ${at} is not `);
  });

  test('refuses two services that would take the same inbox', () => {
    const [service] = exampleSnapshot().services;
    const twice = exampleSnapshot({ services: [service as never, { ...service, name: 'other' } as never] });
    expect(refusal(twice)).toMatchObject({ code: 'snapshot-malformed' });
  });

  test('refuses what is not JSON in UTF-8', () => {
    for (const bytes of [new Uint8Array(0), new Uint8Array([0xff, 0xfe]), new TextEncoder().encode('{"version":')]) {
      expect(refusal(bytes)).toMatchObject({ code: 'snapshot-malformed' });
    }
    for (const value of [null, [], 'x', 3]) expect(refusal(value).code).toBe('snapshot-malformed');
  });
});

describe('snapshots in the store', () => {
  let clock: HandClock;
  let reads: number;
  let snapshots: LeftObjects<Snapshot>;

  beforeEach(async () => {
    await reset();
    clock = new HandClock();
    reads = 0;
    snapshots = snapshotsIn(counted(bindings.STORE));
  });

  function snapshotsIn(store: R2Bucket): LeftObjects<Snapshot> {
    const { snapshotFreshMs: freshMs } = limits;
    return new LeftObjects({ store, clock, keepAlive: () => undefined, folder: 'snapshots', freshMs });
  }

  /** Counts how often the bucket is asked for an object. */
  function counted(bucket: R2Bucket): R2Bucket {
    return new Proxy(bucket, {
      get(target, name) {
        if (name === 'get') reads += 1;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  test('gives what was left, and null for a home that never left one', async () => {
    expect(await snapshots.of('h')).toBeNull();
    expect(await snapshots.leave('h', exampleSnapshot())).toEqual({ left: true });
    expect(await snapshots.of('h')).toEqual(exampleSnapshot());
    expect(await snapshots.of('other')).toBeNull();
  });

  test('refuses an older one and another one of the same version, and takes the same one twice', async () => {
    await snapshots.leave('h', exampleSnapshot({ version: 7 }));
    expect(await snapshots.leave('h', exampleSnapshot({ version: 7 }))).toEqual({ left: true });
    for (const older of [exampleSnapshot({ version: 6 }), exampleSnapshot({ version: 7, title: 'Another' })]) {
      expect(await snapshots.leave('h', older)).toEqual({ left: false, version: 7 });
    }
    expect((await snapshots.of('h'))?.title).toBe('A garden');
  });

  test('keeps the highest of many left at once', async () => {
    const versions = [3, 1, 4, 2, 5];
    const left = await Promise.all(
      versions.map(async (version) => await snapshots.leave('h', exampleSnapshot({ version }))),
    );
    expect(left[4]).toEqual({ left: true });
    expect((await snapshots.of('h'))?.version).toBe(5);
  });

  test('asks the store once a while, and shares the answer', async () => {
    await snapshots.leave('h', exampleSnapshot());
    await Promise.all(Array.from({ length: 20 }, async () => await snapshots.of('h')));
    expect(reads).toBe(1);
    clock.advance(limits.snapshotFreshMs);
    const before = await snapshots.of('h');
    expect(reads).toBe(2);
    expect(before).toEqual(exampleSnapshot());
  });

  test('does not read again what has not changed, and sees a change made elsewhere', async () => {
    await snapshots.leave('h', exampleSnapshot());
    const first = await snapshots.of('h');
    clock.advance(limits.snapshotFreshMs);
    expect(await snapshots.of('h')).toBe(first);
    const elsewhere = snapshotsIn(bindings.STORE);
    await elsewhere.leave('h', exampleSnapshot({ version: 2 }));
    clock.advance(limits.snapshotFreshMs);
    expect((await snapshots.of('h'))?.version).toBe(2);
  });

  test('is seen at once by the isolate that took it', async () => {
    await snapshots.of('h');
    await snapshots.leave('h', exampleSnapshot());
    expect(await snapshots.of('h')).toEqual(exampleSnapshot());
  });
});
