// WebFinger of accounts that home did not leave: its services are asked while it is there, and what they said is said
// again while it sleeps. Through the whole Worker, with a home at the other end of a real link.

import { reset, SELF } from 'cloudflare:test';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import type { RequestHead } from '../../../shared/link/heads.ts';
import type { ServiceProfile, Snapshot } from '../../../shared/snapshot.ts';
import { migrated } from '../home/directory-database.ts';
import { exampleSnapshot } from '../home/example-snapshot.ts';
import { type HomeAnswer, SmallHome } from '../router/small-home.ts';

let home: SmallHome;
let apex: string;
let social: string;
let tube: string;
let tests = 0;
/** By host and resource: what the service there answers. */
let people: Map<string, HomeAnswer>;

const jrd = (subject: string, href: string, changes: Record<string, unknown> = {}) =>
  JSON.stringify({ subject, links: [{ rel: 'self', type: 'application/activity+json', href }], ...changes });

beforeEach(async () => {
  await reset();
  await migrated();
  // The Worker remembers hosts for a moment: each test has its own.
  tests += 1;
  apex = `w${tests}.example`;
  [social, tube] = [`social.${apex}`, `tube.${apex}`];
  people = new Map();
  home = await SmallHome.claimed(`https://${apex}`, social, tube);
  await home.connect();
  home.answer = (request) => people.get(`${request.host} ${resourceIn(request)}`) ?? { status: 404, body: 'nobody' };
});

function resourceIn({ path }: RequestHead): string {
  return new URL(path, 'https://x.example').searchParams.get('resource') ?? '';
}

const service = (name: string, host: string, rest: Partial<ServiceProfile> = {}): ServiceProfile => ({
  ...{ name, hosts: [host], inboxes: [`/${name}/inbox`], signatures: ['cavage'] },
  tellsAccounts: false,
  ...rest,
});

async function leave(changes: Partial<Snapshot>): Promise<void> {
  const snapshot = exampleSnapshot({ complete: false, accounts: [], documents: [], nodeinfo: null, ...changes });
  expect((await home.call('PUT', 'snapshot', snapshot)).status).toBe(200);
}

async function finger(host: string, resource: string, rest = '', init: RequestInit = {}): Promise<Response> {
  const address = `https://${host}/.well-known/webfinger?resource=${encodeURIComponent(resource)}${rest}`;
  const response = await SELF.fetch(address, { redirect: 'manual', ...init });
  expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*');
  return response;
}

const subjectAt = async (host: string, resource: string): Promise<unknown> =>
  (await (await finger(host, resource)).json<{ subject?: unknown }>()).subject;

/** What a service of a split domain says of `me`, whichever of its names it is asked by. */
function meAtSocial(): void {
  const body = jrd(`acct:me@${apex}`, `https://${social}/users/me`, { aliases: [`https://${social}/@me`] });
  const headers = { 'Content-Type': 'application/jrd+json', 'Cache-Control': 'max-age=259200, public', Vary: 'Origin' };
  for (const name of [`acct:me@${apex}`, `acct:me@${social}`, `https://${social}/@me`]) {
    people.set(`${social} ${name}`, { headers, body });
  }
}

describe('while home is there', () => {
  test('the service that may have the name is asked, whichever host was, and the canonical name comes out', async () => {
    await leave({ services: [service('social', social, { accountDomain: apex })] });
    meAtSocial();
    for (const host of [apex, social]) {
      for (const resource of [
        `acct:me@${apex}`,
        `acct:me@${social}`,
        `acct:ME@${apex.toUpperCase()}`,
        `https://${social}/@me`,
      ]) {
        if (resource.includes('ME')) people.set(`${social} ${resource}`, people.get(`${social} acct:me@${apex}`) ?? {});
        const response = await finger(host, resource);
        expect([response.status, response.headers.get('Content-Type')]).toEqual([200, 'application/jrd+json']);
        expect(await response.json()).toEqual({
          subject: `acct:me@${apex}`,
          aliases: [`https://${social}/@me`, `acct:me@${social}`],
          links: [{ rel: 'self', type: 'application/activity+json', href: `https://${social}/users/me` }],
        });
      }
    }
    expect(new Set(home.seen.map(({ host }) => host))).toEqual(new Set([social]));
  });

  test('a service that knows its people by its own host alone is asked so, and answers under the domain of its people', async () => {
    await leave({
      services: [service('social', social, { accountDomain: apex }), service('tube', tube, { accountDomain: apex })],
    });
    meAtSocial();
    const body = jrd(`acct:videos@${tube}`, `https://${tube}/accounts/videos`);
    people.set(`${tube} acct:videos@${tube}`, { body });
    expect(await subjectAt(apex, `acct:videos@${apex}`)).toBe(`acct:videos@${apex}`);
    expect(await subjectAt(tube, `acct:videos@${tube}`)).toBe(`acct:videos@${apex}`);
    expect(await subjectAt(apex, `acct:me@${apex}`)).toBe(`acct:me@${apex}`);
  });

  test('of two that have the name, the first in home’s settings answers, whichever host was asked', async () => {
    const both = [service('social', social, { accountDomain: apex }), service('tube', tube, { accountDomain: apex })];
    await leave({ services: both });
    meAtSocial();
    people.set(`${tube} acct:me@${apex}`, { body: jrd(`acct:me@${apex}`, `https://${tube}/accounts/me`) });
    for (const host of [apex, social, tube]) {
      const { links } = await (await finger(host, `acct:me@${apex}`)).json<{ links: { href: string }[] }>();
      expect(links.map(({ href }) => href)).toEqual([`https://${social}/users/me`]);
    }
  });

  test('what it says of itself is one self, with its owner’s links, filtered by rel', async () => {
    const issuer = 'http://openid.net/specs/connect/1.0/issuer';
    const links = [{ account: `*@${apex}`, rel: issuer, href: 'https://login.example/' }];
    await leave({ services: [service('social', social, { accountDomain: apex })], links });
    const page = { rel: 'self', type: 'text/html', href: `https://${social}/@me` };
    const own = { rel: 'self', type: 'application/activity+json', href: `https://${social}/users/me` };
    const body = JSON.stringify({
      subject: `acct:me@${apex}`,
      links: [page, own, { ...own, href: 'https://x.example/' }, 7, {}],
    });
    people.set(`${social} acct:me@${apex}`, { body });
    const of = async (rest: string) =>
      (await (await finger(apex, `acct:me@${apex}`, rest)).json<{ links: unknown }>()).links;
    expect(await of('')).toEqual([own, { rel: issuer, href: 'https://login.example/' }]);
    expect(await of(`&rel=${encodeURIComponent(issuer)}`)).toEqual([{ rel: issuer, href: 'https://login.example/' }]);
    expect(await of('&rel=self')).toEqual([own]);
  });

  test('404 is said when every service that may have the name said so, and 410 when one did', async () => {
    const both = [service('social', social, { accountDomain: apex }), service('tube', tube, { accountDomain: apex })];
    await leave({ services: both });
    expect((await finger(apex, `acct:nobody@${apex}`)).status).toBe(404);
    expect(new Set(home.seen.map(({ host }) => host))).toEqual(new Set([social, tube]));
    people.set(`${social} acct:left@${apex}`, { status: 410, body: 'gone' });
    expect((await finger(apex, `acct:left@${apex}`)).status).toBe(410);
  });

  test('never when one of them fails, is cut off, or says something without end: 503', async () => {
    const both = [service('social', social, { accountDomain: apex }), service('tube', tube, { accountDomain: apex })];
    await leave({ services: both });
    const long = { body: jrd(`acct:me@${apex}`, `https://${tube}/${'x'.repeat(limits.descriptorBytes)}`) };
    for (const trouble of [
      { status: 500 },
      { status: 503 },
      { cancel: 'service-down' },
      { cancel: 'failed' },
      long,
    ] as const) {
      people.set(`${tube} acct:me@${apex}`, trouble);
      const response = await finger(apex, `acct:me@${apex}`);
      expect([response.status, response.headers.has('Retry-After')]).toEqual([503, true]);
    }
  });

  test('a service that sends the question on to a host of home’s is understood, to any other host it is passed on', async () => {
    await leave({ services: [service('site', apex), service('social', social)] });
    meAtSocial();
    const location = `https://${social}/.well-known/webfinger?resource=acct:me@${apex}`;
    people.set(`${apex} acct:me@${apex}`, { status: 301, headers: { Location: location } });
    expect(await subjectAt(apex, `acct:me@${apex}`)).toBe(`acct:me@${apex}`);
    const elsewhere = 'https://elsewhere.example/.well-known/webfinger?resource=acct:you@x.example';
    people.set(`${apex} acct:you@${apex}`, { status: 302, headers: { Location: elsewhere } });
    const response = await finger(apex, `acct:you@${apex}`);
    expect([response.status, response.headers.get('Location')]).toEqual([302, elsewhere]);
  });

  test('no visitor’s headers reach the service, and what is asked is the name alone', async () => {
    await leave({ services: [service('social', social)] });
    meAtSocial();
    await finger(social, `acct:me@${social}`, '&rel=self&x=1', {
      headers: { Cookie: 'a=b', Authorization: 'Bearer x' },
    });
    const [request] = home.seen;
    expect(request?.path).toBe(`/.well-known/webfinger?resource=${encodeURIComponent(`acct:me@${social}`)}`);
    expect(request?.headers).not.toContain('cookie');
    expect(request?.headers).not.toContain('authorization');
  });

  test('malformed questions and other methods do not reach it', async () => {
    await leave({ services: [service('social', social)] });
    expect((await finger(social, 'me')).status).toBe(400);
    expect((await finger(social, `acct:me@${social}`, '', { method: 'POST' })).status).toBe(405);
    expect((await finger(social, `acct:me@${social}`, '', { method: 'OPTIONS' })).status).toBe(204);
    expect(home.seen).toEqual([]);
  });
});

describe('while home sleeps', () => {
  /** Goes on when what the Worker does behind an asker's back is done. */
  async function answered(host: string, resource: string): Promise<Response> {
    return await vi.waitUntil(async () => {
      const response = await finger(host, resource);
      return response.status === 200 ? response : null;
    });
  }

  test('what was asked before is answered from a copy, with its age; what was not is 503, never 404', async () => {
    await leave({ services: [service('social', social, { accountDomain: apex })] });
    meAtSocial();
    await finger(apex, `acct:me@${apex}`);
    await home.sleep(null);
    for (const host of [apex, social]) {
      const response = await answered(host, `acct:me@${apex}`);
      expect(await response.json()).toMatchObject({ subject: `acct:me@${apex}` });
      expect(Number(response.headers.get('Age'))).toBeGreaterThanOrEqual(0);
      expect(response.headers.get('Cache-Status')).toBe('porchlight; hit; detail=asleep');
      expect(response.headers.get('Cache-Control')).toBe('max-age=259200, public');
      const head = await finger(host, `acct:me@${apex}`, '', { method: 'HEAD' });
      expect([head.status, await head.text()]).toEqual([200, '']);
    }
    // A copy is for every rel, though it was asked for all.
    const { links } = await (await finger(apex, `acct:me@${apex}`, '&rel=x')).json<{ links: unknown }>();
    expect(links).toEqual([]);
    for (const resource of [
      `acct:other@${apex}`,
      `acct:me@${tube}`,
      `https://${social}/@other`,
      'acct:me@elsewhere.example',
    ]) {
      const response = await finger(apex, resource);
      expect([resource, response.status, response.headers.has('Retry-After')]).toEqual([resource, 503, true]);
      expect(await response.json()).toMatchObject({ code: 'asleep' });
    }
  });

  test('a copy is gone when the service said that the name is', async () => {
    await leave({ services: [service('social', social, { accountDomain: apex })] });
    meAtSocial();
    await finger(apex, `acct:me@${apex}`);
    await home.sleep(null);
    await answered(apex, `acct:me@${apex}`);
    await home.connect();
    people.clear();
    expect((await finger(apex, `acct:me@${apex}`)).status).toBe(404);
    await home.sleep(null);
    await vi.waitUntil(async () => (await finger(apex, `acct:me@${apex}`)).status === 503);
  });

  test('a copy stays, whatever visitors are told of addresses like it', async () => {
    await leave({ services: [service('social', social, { accountDomain: apex })] });
    meAtSocial();
    await finger(apex, `acct:me@${apex}`);
    const path = `/.well-known/webfinger/${encodeURIComponent(`acct:me@${apex}`)}`;
    for (const method of ['GET', 'DELETE']) {
      home.answer = () => ({ status: method === 'GET' ? 404 : 200 });
      await SELF.fetch(`https://${social}${path}`, { method });
    }
    await home.sleep(null);
    expect((await answered(apex, `acct:me@${apex}`)).headers.get('Cache-Status')).toContain('hit');
    // What was done behind the visitors' backs is done by now, too.
    expect((await finger(apex, `acct:me@${apex}`)).status).toBe(200);
  });

  test('what is private, and what is another’s name, is not kept', async () => {
    await leave({ services: [service('social', social, { accountDomain: apex })] });
    const body = jrd(`acct:me@${apex}`, `https://${social}/users/me`);
    const secret = { 'Cache-Control': 'private, no-store' };
    people.set(`${social} acct:me@${apex}`, { body, headers: secret });
    // A service that answers any address with the same person must not fill the store.
    people.set(`${social} https://${social}/@me?n=1`, { body });
    people.set(`${social} acct:other@${apex}`, { body: jrd(`acct:other@${apex}`, `https://${social}/users/other`) });
    for (const resource of [`acct:me@${apex}`, `https://${social}/@me?n=1`, `acct:other@${apex}`]) {
      expect((await finger(apex, resource)).status).toBe(200);
    }
    await home.sleep(null);
    // Kept later than the others would have been.
    await answered(apex, `acct:other@${apex}`);
    for (const resource of [`acct:me@${apex}`, `https://${social}/@me?n=1`]) {
      expect((await finger(apex, resource)).status).toBe(503);
    }
  });

  test('a name that one service has not is not 404 while another has not told its accounts', async () => {
    const told = { subject: `acct:me@${apex}`, aliases: [], links: [] };
    const services = [
      service('social', social, { accountDomain: apex, tellsAccounts: true }),
      service('tube', tube, { accountDomain: apex }),
    ];
    await leave({ services, accounts: [told] });
    await home.sleep(null);
    expect((await finger(apex, `acct:me@${apex}`)).status).toBe(200);
    expect((await finger(apex, `acct:videos@${apex}`)).status).toBe(503);
  });

  test('a name at the domain is not 404 while a service that settings name was never up', async () => {
    await leave({ services: [service('home', apex, { tellsAccounts: true })], complete: true });
    const settled = (name: string, host: string) =>
      ({ name, kind: 'activitypub', hosts: [host], signatures: ['cavage'] }) as const;
    const services = [settled('home', apex), settled('social', social)];
    const words = { language: 'en', title: 'x', statusPage: true };
    const part = { version: 1, hosts: [apex, social, tube], services, ...words };
    expect((await home.leaveConfig(part)).status).toBe(200);
    meAtSocial();
    expect(await subjectAt(apex, `acct:me@${apex}`)).toBe(`acct:me@${apex}`);
    await home.sleep(null);
    expect((await finger(apex, `acct:you@${apex}`)).status).toBe(503);
  });

  test('where all was told, 404 is 404', async () => {
    await leave({
      services: [service('social', social, { accountDomain: apex, tellsAccounts: true })],
      complete: true,
    });
    await home.sleep(null);
    expect((await finger(apex, `acct:videos@${apex}`)).status).toBe(404);
  });
});

test('a home of an earlier version, whose services do not say whether they told, is asked as before', async () => {
  const { tellsAccounts, ...earlier } = service('social', social);
  expect(tellsAccounts).toBe(false);
  await leave({ services: [earlier], accounts: [{ subject: `acct:me@${social}`, aliases: [], links: [] }] });
  people.set(`${social} acct:you@${social}`, { body: jrd(`acct:you@${social}`, `https://${social}/users/you`) });
  expect(await subjectAt(social, `acct:me@${social}`)).toBe(`acct:me@${social}`);
  expect(await subjectAt(social, `acct:you@${social}`)).toBe(`acct:you@${social}`);
  expect((await finger(social, `acct:nobody@${social}`)).status).toBe(404);
});
