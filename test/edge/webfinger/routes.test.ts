import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerWebFinger } from '../../../edge/webfinger/answer.ts';
import { webFingerTable } from '../../../edge/webfinger/routes.ts';
import { answerWellKnown, joined, type WellKnownTable } from '../../../edge/well-known/table.ts';
import type { Snapshot, WebFingerAccount } from '../../../shared/snapshot.ts';
import { snapshotOf } from '../activitypub/home.ts';
import { night } from '../activitypub/peer.ts';

const self = {
  rel: 'self',
  type: 'application/activity+json',
  href: 'https://home.example/users/owner',
} as const;
const page = { rel: 'http://webfinger.net/rel/profile-page', type: 'text/html', href: 'https://home.example/@owner' };
const owner: WebFingerAccount = {
  subject: 'acct:owner@home.example',
  aliases: ['https://home.example/users/owner', 'https://home.example/@owner'],
  links: [self, page],
};
const guest: WebFingerAccount = { subject: 'acct:guest+1@home.example', aliases: [], links: [] };
const nodeinfo = {
  version: '2.1',
  software: {
    name: 'porchlight',
    version: '0.1.0',
    repository: 'https://example.org/code',
    homepage: 'https://example.org/',
  },
  protocols: ['activitypub'],
  services: { inbound: [], outbound: [] },
  openRegistrations: false,
  usage: { users: { total: 1 } },
  metadata: {},
};
const snapshot = snapshotOf({ accounts: [guest, owner], nodeinfo });

function ask(path: string, method = 'GET', from: Snapshot = snapshot): Response {
  const response = answerWellKnown(webFingerTable, new Request(`https://home.example${path}`, { method }), from, night);
  if (response === null) throw new Error(`${path} was not answered`);
  expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*');
  return response;
}
const finger = (query: string) => ask(`/.well-known/webfinger?${query}`);

describe('WebFinger (RFC 7033)', () => {
  test('answers who the owner is', async () => {
    const response = finger('resource=acct%3Aowner%40home.example');
    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Type')).toBe('application/jrd+json');
    expect(response.headers.get('Age')).toBe('3600');
    expect(await response.json()).toEqual(owner);
  });

  test.each([
    'acct:owner@home.example',
    'acct:owner@HOME.example',
    'ACCT:Owner@Home.Example',
    'https://home.example/users/owner',
    'HTTPS://Home.Example/users/owner',
    'https://home.example:443/@owner',
  ])('finds the owner by %s', (resource) => {
    expect(finger(`resource=${encodeURIComponent(resource)}`).status).toBe(200);
  });

  test('a plus is a plus, percent-encoded or not', () => {
    expect(finger('resource=acct:guest+1@home.example').status).toBe(200);
    expect(finger('resource=acct:guest%2B1%40home.example').status).toBe(200);
  });

  test.each([
    'acct:other@home.example',
    'acct:owner@other.example',
    'acct:owner',
    'https://home.example/users/other',
    'https://home.example/',
    'https://home.example/%40owner',
    'mailto:owner@home.example',
    'acct:own%65r@home.example',
  ])('does not know %s', async (resource) => {
    const response = finger(`resource=${encodeURIComponent(resource)}`);
    expect(await response.json()).toMatchObject({ status: 404, code: 'no-resource' });
  });

  test.each([
    ['no query', ''],
    ['no resource', 'rel=self'],
    ['an empty resource', 'resource='],
    ['a resource without a scheme', 'resource=owner@home.example'],
    ['a resource with an @ in front', 'resource=@owner@home.example'],
    ['nothing behind the scheme', 'resource=acct:'],
    ['two resources', 'resource=acct:owner@home.example&resource=acct:guest@home.example'],
    ['the same resource twice', 'resource=acct:owner@home.example&resource=acct:owner@home.example'],
    ['half an escape', 'resource=acct:owner%4'],
    ['an escape that is not UTF-8', 'resource=acct:owner%ff@home.example'],
    ['Resource in capitals', 'Resource=acct:owner@home.example'],
  ])('%s is malformed', async (_, query) => {
    expect(await finger(query).json()).toMatchObject({ status: 400, code: 'resource-malformed' });
  });

  test('rel filters the links, may be repeated, and filters nothing else', async () => {
    const links = async (rels: readonly string[]) => {
      const query = ['resource=acct:owner@home.example', ...rels.map((rel) => `rel=${encodeURIComponent(rel)}`)];
      const body = await finger(query.join('&')).json<{ links: unknown; subject: string }>();
      expect(body.subject).toBe(owner.subject);
      return body.links;
    };
    expect(await links(['self'])).toEqual([self]);
    expect(await links(['self', page.rel])).toEqual([self, page]);
    expect(await links([page.rel, 'unknown'])).toEqual([page]);
    expect(await links(['unknown'])).toEqual([]);
  });

  test('answers a browser that asks first whether it may', () => {
    const response = ask('/.well-known/webfinger?resource=acct:owner@home.example', 'OPTIONS');
    expect([response.status, response.headers.get('Access-Control-Allow-Methods')]).toEqual([204, 'GET, HEAD']);
    expect(response.headers.get('Access-Control-Allow-Headers')).toBe('*');
  });

  test('a canonical name goes before another’s alias, and of two with one name the first is found', async () => {
    const [first, second] = ['one', 'two'].map((name) => ({ ...owner, aliases: [`https://home.example/${name}`] }));
    const other: WebFingerAccount = { subject: 'acct:other@home.example', aliases: [owner.subject], links: [] };
    const from = snapshotOf({ accounts: [other, first as WebFingerAccount, second as WebFingerAccount] });
    const response = ask('/.well-known/webfinger?resource=acct:owner@home.example', 'GET', from);
    expect(await response.json()).toEqual(first);
  });

  test('properties and titles pass as they were said (sections 4.4.3 to 4.4.4.5)', async () => {
    const properties = { 'https://www.w3.org/ns/activitystreams#type': 'Person', 'https://x.example/none': null };
    const rich = { ...owner, properties, links: [{ ...self, properties, titles: { und: 'Me' } }] };
    const from = snapshotOf({ accounts: [rich] });
    expect(await ask('/.well-known/webfinger?resource=acct:owner@home.example', 'GET', from).json()).toEqual(rich);
  });

  test('answers HEAD without a body, and no other method', async () => {
    const head = ask('/.well-known/webfinger?resource=acct:owner@home.example', 'HEAD');
    expect(head.status).toBe(200);
    expect(await head.text()).toBe('');
    const post = ask('/.well-known/webfinger?resource=acct:owner@home.example', 'POST');
    expect(post.status).toBe(405);
    expect(post.headers.get('Allow')).toBe('GET, HEAD');
    expect(await post.json()).toMatchObject({ code: 'method' });
  });

  test('no query makes it throw, and an account is found by its own names only', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webQueryParameters()), (query) => {
        expect([400, 404]).toContain(answerWebFinger(query, [owner]).status);
      }),
    );
  });
});

describe('NodeInfo', () => {
  test('names both versions, and each is there', async () => {
    const { links } = await ask('/.well-known/nodeinfo').json<{ links: { rel: string; href: string }[] }>();
    expect(links).toEqual([
      { rel: 'http://nodeinfo.diaspora.software/ns/schema/2.0', href: 'https://home.example/nodeinfo/2.0' },
      { rel: 'http://nodeinfo.diaspora.software/ns/schema/2.1', href: 'https://home.example/nodeinfo/2.1' },
    ]);
    for (const { rel, href } of links) {
      const response = ask(new URL(href).pathname);
      expect(response.headers.get('Content-Type')).toBe(`application/json; profile="${rel}#"`);
      expect(await response.json()).toMatchObject({ version: rel.slice(-3), protocols: ['activitypub'] });
    }
  });

  test('2.1 is what home left; 2.0 lacks what 2.1 added', async () => {
    expect(await ask('/nodeinfo/2.1').json()).toEqual(nodeinfo);
    const software = { name: 'porchlight', version: '0.1.0' };
    expect(await ask('/nodeinfo/2.0').json()).toEqual({ ...nodeinfo, version: '2.0', software });
  });

  test('answers HEAD, for those who only look for a sign of life', async () => {
    const response = ask('/nodeinfo/2.1', 'HEAD');
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
    expect(ask('/nodeinfo/2.1', 'DELETE').status).toBe(405);
  });

  test('of each host is that of its server; of a host without one, that of home’s first', async () => {
    const nodeinfos = {
      'tube.example': { ...nodeinfo, software: { name: 'peertube', version: '8' } },
      'silent.example': null,
    };
    const from = snapshotOf({ nodeinfo, nodeinfos });
    const nameAt = async (host: string): Promise<unknown> => {
      const response = answerWellKnown(webFingerTable, new Request(`https://${host}/nodeinfo/2.0`), from, night);
      return (await response?.json<{ software: { name: string } }>())?.software.name;
    };
    expect(await nameAt('tube.example')).toBe('peertube');
    expect(await nameAt('home.example')).toBe('porchlight');
    expect(await nameAt('silent.example')).toBeUndefined();
    const links = answerWellKnown(
      webFingerTable,
      new Request('https://tube.example/.well-known/nodeinfo'),
      from,
      night,
    );
    expect(await links?.json()).toMatchObject({
      links: [{ href: 'https://tube.example/nodeinfo/2.0' }, { href: 'https://tube.example/nodeinfo/2.1' }],
    });
  });

  test('is left to others when home left none', () => {
    const request = (path: string) => new Request(`https://home.example${path}`);
    for (const path of ['/.well-known/nodeinfo', '/nodeinfo/2.1', '/nodeinfo/2.0']) {
      expect(answerWellKnown(webFingerTable, request(path), snapshotOf(), night)).toBeNull();
    }
    expect(answerWellKnown(webFingerTable, request('/nodeinfo/1.0'), snapshot, night)).toBeNull();
  });
});

describe('host-meta (RFC 6415)', () => {
  test('points to WebFinger', async () => {
    const response = ask('/.well-known/host-meta');
    expect(response.headers.get('Content-Type')).toContain('application/xrd+xml');
    const text = await response.text();
    expect(text).toContain('rel="lrdd"');
    expect(text).toContain('template="https://home.example/.well-known/webfinger?resource={uri}"');
  });
});

describe('host-meta at any host', () => {
  const templateAt = async (address: string): Promise<unknown> => {
    const response = answerWellKnown(webFingerTable, new Request(address), snapshot, night);
    const told = await response?.json<{ links: { rel: string; template: string }[] }>();
    return told?.links.map(({ rel, template }) => [rel, template]);
  };

  test('names WebFinger of that host, as JSON too, and over HTTPS however it was asked', async () => {
    const of = (origin: string) => [['lrdd', `${origin}/.well-known/webfinger?resource={uri}`]];
    expect(await templateAt('https://home.example/.well-known/host-meta.json')).toEqual(of('https://home.example'));
    expect(await templateAt('http://social.example/.well-known/host-meta.json')).toEqual(of('https://social.example'));
    expect(await templateAt('http://localhost:8787/.well-known/host-meta.json')).toEqual(of('http://localhost:8787'));
  });
});

describe('the table of fixed paths', () => {
  test('is joined by further parts, and refuses a path that two want', () => {
    const mine: WellKnownTable = new Map([['/.well-known/x', () => ({ type: 'text/plain', body: 'mine' })]]);
    const all = joined(webFingerTable, mine);
    expect(all.size).toBe(webFingerTable.size + 1);
    expect(answerWellKnown(all, new Request('https://home.example/.well-known/x'), snapshot, night)?.status).toBe(200);
    expect(() => joined(webFingerTable, mine, mine)).toThrow('/.well-known/x is answered twice');
  });
});

test('other paths are left to others', () => {
  for (const path of ['/', '/.well-known/', '/.well-known/webfinger/', '/.well-known/matrix/server', '/nodeinfo']) {
    expect(answerWellKnown(webFingerTable, new Request(`https://home.example${path}`), snapshot, night)).toBeNull();
  }
});
