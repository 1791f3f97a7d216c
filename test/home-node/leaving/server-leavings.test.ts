// What a real server leaves, asked of a running HTTP service as a stranger and of its database: put together, remembered for
// a while, and nothing told that the service does not tell.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ServerLeavings } from '../../../home-node/leaving/server-leavings.ts';
import { serverSoftware } from '../../../home-node/service-adapters.ts';
import { DatabaseSync } from '../../../home-node/sqlite.ts';
import { knownSoftware } from '../../../shared/config/software.ts';
import { limits } from '../../../shared/limits.ts';
import { gotosocialInSqlite } from './schemas.ts';

const domain = 'home.example';
const host = 'social.home.example';
const activity = 'application/activity+json; charset=utf-8';

interface Said {
  readonly status?: number;
  readonly type?: string;
  readonly body: unknown;
}

let server: Server;
let base: URL;
let folder: string;
let asked: IncomingMessage[];
let says: Map<string, Said>;
let now: number;

const webFinger = (name: string): string => `/.well-known/webfinger?resource=acct%3A${name}%40${domain}`;
const accountOf = (name: string) => ({
  subject: `acct:${name}@${domain}`,
  aliases: [`https://${host}/@${name}`, 7],
  links: [
    { rel: 'http://webfinger.net/rel/profile-page', type: 'text/html', href: `https://${host}/@${name}` },
    { rel: 'self', type: 'application/activity+json', href: `https://${host}/users/${name}` },
    { href: 'no rel' },
  ],
  more: 'of theirs',
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-leavings-'));
  const database = new DatabaseSync(join(folder, 'sqlite.db'));
  database.exec(gotosocialInSqlite);
  database.close();
  asked = [];
  now = 1_790_000_000_000;
  says = new Map<string, Said>([
    [webFinger('anna'), { body: accountOf('anna') }],
    ['/users/anna', { type: activity, body: { type: 'Person', id: `https://${host}/users/anna` } }],
    [
      '/.well-known/nodeinfo',
      {
        body: {
          links: [{ rel: 'http://nodeinfo.diaspora.software/ns/schema/2.0', href: `https://${host}/nodeinfo/2.0` }],
        },
      },
    ],
    ['/nodeinfo/2.0', { body: { version: '2.0', software: { name: 'gotosocial', version: '0.20.2' } } }],
  ]);
  server = createServer((request, response) => {
    asked.push(request);
    const { status = 200, type = 'application/json', body } = says.get(request.url ?? '') ?? { status: 404, body: {} };
    response.writeHead(status, { 'Content-Type': type }).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

const leavings = (database: string | null = join(folder, 'sqlite.db'), isLimited = false): ServerLeavings =>
  new ServerLeavings({
    clock: { now: () => now },
    domain,
    hosts: [host],
    inboxes: knownSoftware.gotosocial.inboxes,
    database,
    reads: serverSoftware.gotosocial.reads,
    limited: { isLimited, domains: isLimited ? ['friends.example'] : [] },
  });
const ask = async (from: ServerLeavings) => await from.ask(base, AbortSignal.timeout(20_000));

describe('what a server leaves', () => {
  test('is its accounts, actors, nodeinfo, whom it knows and blocks, and keys', async () => {
    const left = await ask(leavings());
    expect(left).toMatchObject({
      inboxes: ['/users/{name}/inbox'],
      accounts: [
        {
          subject: 'acct:anna@home.example',
          aliases: [`https://${host}/@anna`],
          links: [
            { rel: 'http://webfinger.net/rel/profile-page', type: 'text/html', href: `https://${host}/@anna` },
            { rel: 'self', type: 'application/activity+json', href: `https://${host}/users/anna` },
          ],
        },
      ],
      nodeinfo: { version: '2.1', software: { name: 'gotosocial' } },
      knownActors: ['https://near.example/users/bea', 'https://far.example/users/carl'],
      blockedDomains: ['bad.example'],
    });
    expect(left.accounts?.[0]).not.toHaveProperty('more');
    expect(left.documents).toEqual([
      { host, path: '/users/anna', contentType: activity, body: JSON.stringify(says.get('/users/anna')?.body) },
    ]);
    expect(left.actorKeys?.map(({ keyId }) => keyId)).toEqual([
      'https://far.example/users/carl/main-key',
      'https://near.example/users/bea/main-key',
    ]);
    // As a stranger comes to it through a proxy.
    for (const { headers } of asked) expect(headers).toMatchObject({ host, 'x-forwarded-proto': 'https' });
    for (const { headers } of asked) expect(headers).not.toHaveProperty('authorization');
  });

  test('without a database is what it tells everybody: nobody is said not to be there, everybody counts as known', async () => {
    const left = await ask(leavings(null));
    expect(left).toMatchObject({ accounts: null, knownActors: null, documents: [], nodeinfo: { version: '2.1' } });
    expect(left).not.toHaveProperty('blockedDomains');
    expect(left).not.toHaveProperty('actorKeys');
  });

  test('has no actor that it shows to who signs alone, that is no JSON, or that is at a host that is not its own', async () => {
    for (const said of [
      { status: 401, body: '' },
      { type: 'text/html', body: '<html>' },
      { type: activity, body: 'no JSON' },
    ]) {
      says.set('/users/anna', said);
      const left = await ask(leavings());
      expect([left.documents, left.accounts?.length]).toEqual([[], 1]);
    }
    const links = [
      { rel: 'self', type: 'application/activity+json', href: `http://127.0.0.1:${base.port}/users/anna` },
    ];
    says.set(webFinger('anna'), { body: { ...accountOf('anna'), links } });
    expect((await ask(leavings())).documents).toEqual([]);
  });

  test('is asked anew after a while (limits.leavingsFreshMs), but for names: a new account is there at once', async () => {
    const from = leavings();
    await ask(from);
    const first = asked.length;
    await ask(from);
    // NodeInfo and where it is; nothing of accounts.
    expect(asked.length - first).toBe(2);
    const database = new DatabaseSync(join(folder, 'sqlite.db'));
    database.exec("UPDATE accounts SET suspended_at = NULL WHERE username = 'out'");
    database.close();
    says.set(webFinger('out'), { body: accountOf('out') });
    expect((await ask(from)).accounts).toHaveLength(2);
    says.delete(webFinger('anna'));
    expect((await ask(from)).accounts).toHaveLength(2);
    now += limits.leavingsFreshMs;
    expect((await ask(from)).accounts?.map(({ subject }) => subject)).toEqual(['acct:out@home.example']);
  });

  test('has what a name is twice, a person and a community, as its server says it', async () => {
    const kind = 'https://www.w3.org/ns/activitystreams#type';
    const self = (path: string, type: string) => ({
      ...{ rel: 'self', type: 'application/activity+json', href: `https://${host}${path}` },
      properties: { [kind]: type },
    });
    const links = [self('/users/anna', 'Person'), self('/c/anna', 'Group')];
    says.set(webFinger('anna'), { body: { ...accountOf('anna'), links } });
    says.set('/c/anna', { type: activity, body: { type: 'Group', id: `https://${host}/c/anna` } });
    const left = await ask(leavings());
    expect(left.accounts?.[0]?.links).toEqual(links);
    expect(left.documents.map(({ path }) => path)).toEqual(['/users/anna', '/c/anna']);
  });

  describe('of two accounts, of which one', () => {
    beforeEach(() => {
      const database = new DatabaseSync(join(folder, 'sqlite.db'));
      database.exec("UPDATE accounts SET suspended_at = NULL WHERE username = 'out'");
      database.close();
      says.set(webFinger('out'), { body: accountOf('out') });
      says.set('/users/out', { type: activity, body: { type: 'Person' } });
    });

    test.each<[string, Record<string, Said>]>([
      ['fails each time', { [webFinger('out')]: { status: 500, body: {} } }],
      ['has an actor that fails each time', { '/users/out': { status: 500, body: {} } }],
      ['is too long', { '/users/out': { type: activity, body: { long: 'x'.repeat(limits.leftDocumentBytes) } } }],
      ['is not told', { [webFinger('out')]: { status: 403, body: {} } }],
      ['is malformed', { [webFinger('out')]: { body: '{"subject":' } }],
    ])('%s, has the other, and does not say that nobody has the first one’s name', async (_, changed) => {
      for (const [path, said] of Object.entries(changed)) says.set(path, said);
      const left = await ask(leavings());
      expect(left.accounts?.map(({ subject }) => subject)).toEqual(['acct:anna@home.example']);
      expect([left.hasUntold, left.blockedDomains]).toEqual([true, ['bad.example']]);
    });

    test('has both, and says so', async () => {
      const left = await ask(leavings());
      expect([left.accounts?.length, left.hasUntold]).toEqual([2, undefined]);
    });

    test('fails after it was told is as it was', async () => {
      const from = leavings();
      await ask(from);
      now += limits.leavingsFreshMs;
      says.set('/users/out', { status: 500, body: {} });
      const left = await ask(from);
      expect([left.accounts?.length, left.documents.length, left.hasUntold]).toEqual([2, 2, undefined]);
    });

    test('has an alias or a link that is malformed, has the rest of it', async () => {
      const links = [...accountOf('out').links, { rel: '' }, 'x', null, { rel: 'y', href: 7 }];
      says.set(webFinger('out'), {
        body: { ...accountOf('out'), aliases: ['', 7, null, 'https://x.example/'], links },
      });
      const out = (await ask(leavings())).accounts?.find(({ subject }) => subject.startsWith('acct:out'));
      expect(out?.aliases).toEqual(['https://x.example/']);
      expect(out?.links.map(({ rel }) => rel)).toEqual(['http://webfinger.net/rel/profile-page', 'self', 'y']);
    });
  });

  test('has NodeInfo as it was while that alone fails', async () => {
    const from = leavings();
    await ask(from);
    says.set('/nodeinfo/2.0', { status: 500, body: {} });
    const left = await ask(from);
    expect(left.nodeinfo).toMatchObject({ software: { version: '0.20.2' } });
    expect(left.leftOut?.map(({ of }) => of)).toEqual(['nodeinfo']);
  });

  test('has blocks of this moment each time, and whom it knows when it is asked anew', async () => {
    const from = leavings();
    await ask(from);
    const database = new DatabaseSync(join(folder, 'sqlite.db'));
    database.exec(`INSERT INTO domain_blocks VALUES ('9', 'new.example');
      UPDATE accounts SET uri = 'https://met.example/just-now' WHERE username = 'bea'`);
    database.close();
    const usual = await ask(from);
    expect(usual.blockedDomains).toEqual(['bad.example', 'new.example']);
    expect(usual.knownActors).not.toContain('https://met.example/just-now');
    expect(await from.federation()).toEqual({ blockedDomains: ['bad.example', 'new.example'] });
    const anew = await from.ask(base, AbortSignal.timeout(20_000), true);
    expect(anew.knownActors).toContain('https://met.example/just-now');
  });

  test('shows nobody more than before where its blocks cannot be read, and has the rest', async () => {
    const database = new DatabaseSync(join(folder, 'sqlite.db'));
    database.exec('ALTER TABLE domain_blocks RENAME TO elsewhere');
    database.close();
    const left = await ask(leavings());
    expect(left).not.toHaveProperty('blockedDomains');
    expect(left).not.toHaveProperty('allowedDomains');
    expect(left.leftOut?.[0]?.text).toContain('shown to none');
    expect(left.accounts).toHaveLength(1);
    const limited = leavings(join(folder, 'sqlite.db'), true);
    expect((await ask(limited)).allowedDomains).toEqual([]);
    await expect(limited.federation()).rejects.toMatchObject({ code: 'service-database' });
  });

  test('without a database has those whom its owner allows', async () => {
    expect((await ask(leavings(null, true))).allowedDomains).toEqual(['friends.example']);
  });

  test('is not known while it fails, so that what it left last stays', async () => {
    for (const status of [500, 503, 429]) {
      says.set(webFinger('anna'), { status, body: {} });
      await expect(ask(leavings())).rejects.toMatchObject({ code: 'service-leavings' });
    }
  });

  test('leaves names to the running service when it says nothing of one: that is not the end of an account', async () => {
    for (const said of [
      { status: 403, body: {} },
      { status: 301, body: '' },
      { type: 'text/html', body: '<html>' },
    ]) {
      says.set(webFinger('anna'), said);
      const left = await ask(leavings());
      expect([left.accounts, left.inboxes]).toEqual([null, ['/users/{name}/inbox']]);
    }
    // Its database has an account, and it knows none: it was asked by a name that is not its own.
    says.delete(webFinger('anna'));
    expect((await ask(leavings())).accounts).toBeNull();
  });

  test('has an account a minute after it was said to be nobody', async () => {
    const database = new DatabaseSync(join(folder, 'sqlite.db'));
    database.exec("UPDATE accounts SET suspended_at = NULL WHERE username = 'out'");
    database.close();
    const from = leavings();
    expect((await ask(from)).accounts).toHaveLength(1);
    says.set(webFinger('out'), { body: accountOf('out') });
    now += 60_000;
    expect((await ask(from)).accounts).toHaveLength(2);
  });

  test('is not read without end (limits.leftDocumentBytes)', async () => {
    says.set(webFinger('anna'), { body: { ...accountOf('anna'), long: 'x'.repeat(limits.leftDocumentBytes) } });
    await expect(ask(leavings())).rejects.toMatchObject({ code: 'service-leavings' });
  });
});
