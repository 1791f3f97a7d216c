// Domains under two names: accounts are `@x@evil.example`, and their actors lie at social.other.example. Whoever is blocked
// under either name is told nothing.

import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AdmitPorts, admitReader } from '../../../../edge/activitypub/authorized-fetch/admit.ts';
import { namesMemory } from '../../../../edge/activitypub/authorized-fetch/names-memory.ts';
import { limits } from '../../../../shared/limits.ts';
import type { Snapshot } from '../../../../shared/snapshot.ts';
import { cavage, rsaSigner, type Signer } from '../../../shared/signature/signing.ts';
import { document, Internet } from '../../http/internet.ts';
import { snapshotOf } from '../home.ts';
import { actorOf, FakeClock, night } from '../peer.ts';
import { admitting } from './admitting.ts';

const host = 'social.other.example';
const actor = `https://${host}/users/x`;
const finger = `https://${host}/.well-known/webfinger?resource=${encodeURIComponent(`acct:x@${host}`)}`;
let signer: Signer;
let internet: Internet;
let clock: FakeClock;
let ports: AdmitPorts;
/** What the peer answers, by address. */
let documents: Record<string, () => Response>;

beforeAll(async () => {
  signer = await rsaSigner(`${actor}#main-key`);
});

beforeEach(() => {
  internet = new Internet();
  clock = new FakeClock();
  ports = admitting(internet, clock);
  documents = {
    [actor]: () => document(actorOf(signer, { preferredUsername: 'x' })),
    [finger]: () => jrd('acct:x@evil.example'),
  };
  internet.add(host, ({ url }) => documents[url]?.() ?? new Response(null, { status: 404 }));
});

function jrd(subject: unknown): Response {
  return new Response(JSON.stringify({ subject, links: [] }), { headers: { 'Content-Type': 'application/jrd+json' } });
}

async function ask(snapshot: Partial<Snapshot>, by = signer): Promise<number> {
  const letter = { method: 'GET', host: 'home.example', path: '/users/me', body: new Uint8Array(), at: clock.now() };
  const signed = await cavage(by, letter, { headers: ['(request-target)', 'host', 'date'] });
  const headers = signed.headers.map(([name, value]): [string, string] => [name, value]);
  const request = new Request('https://home.example/users/me', { headers });
  const refusal = await admitReader(ports, 'home-1', request, snapshotOf(snapshot));
  await refusal?.body?.cancel();
  if (refusal?.status === 503) expect(Number(refusal.headers.get('Retry-After'))).toBe(limits.keyFailureMs / 1000);
  return refusal?.status ?? 200;
}

const blocked = (...blockedDomains: string[]): Partial<Snapshot> => ({ blockedDomains });

describe('an actor whose name is of another domain than its host', () => {
  test.each<[string, string, number]>([
    ['its name’s domain', 'evil.example', 403],
    ['its host', host, 403],
    ['what is above its host', 'other.example', 403],
    ['somebody else', 'wicked.example', 200],
    ['a part of a label of it', 'il.example', 200],
    ['what is below it', 'deeper.evil.example', 200],
  ])('may read or not, where home blocks %s', async (_, domain, status) => {
    expect(await ask(blocked(domain))).toBe(status);
  });

  test('is blocked with what is above its name’s domain, and whatever its case', async () => {
    documents[finger] = () => jrd('ACCT:x@Deep.Evil.Example');
    expect(await ask(blocked('evil.example'))).toBe(403);
    expect(await ask(blocked('example'))).toBe(403);
  });

  test('is blocked by the name that its document claims (FEP-2c59), whatever WebFinger says', async () => {
    documents[actor] = () => document(actorOf(signer, { preferredUsername: 'x', webfinger: 'x@evil.example' }));
    documents[finger] = () => jrd(`acct:x@${host}`);
    expect(await ask(blocked('evil.example'))).toBe(403);
    documents[finger] = () => new Response(null, { status: 404 });
    expect(await ask(blocked('evil.example'))).toBe(403);
  });

  test('is not asked for its name where home blocks nobody, nor before it has proved anything', async () => {
    expect(await ask(blocked())).toBe(200);
    expect(internet.asked).not.toContain(finger);
    const forger = await rsaSigner(signer.keyId);
    expect(await ask(blocked('evil.example'), forger)).toBe(401);
    expect(internet.asked).not.toContain(finger);
  });

  test('is who home knows it for, without a question', async () => {
    const known = (domain: string) => ({
      actorKeys: [{ keyId: signer.keyId, owner: actor, publicKeyPem: signer.pem, domain }],
    });
    expect(await ask({ ...blocked('evil.example'), ...known('evil.example') })).toBe(403);
    expect(await ask({ ...blocked('evil.example'), ...known('good.example') })).toBe(200);
    expect(internet.asked).toEqual([]);
  });

  test('is asked for its name where home left its key and not its domain', async () => {
    const actorKeys = [{ keyId: signer.keyId, owner: actor, publicKeyPem: signer.pem }];
    expect(await ask({ ...blocked('evil.example'), actorKeys })).toBe(403);
  });
});

describe('where the service federates with some domains only, an actor', () => {
  const only = (...allowedDomains: string[]): Partial<Snapshot> => ({
    services: snapshotOf().services.map((service) => ({ ...service, authorizedFetch: true, allowedDomains })),
    blockedBesideAllowed: [],
  });

  test.each<[string, string[], number]>([
    ['both of its domains', [host, 'evil.example'], 200],
    ['its host alone', [host], 403],
    ['its name’s domain alone', ['evil.example'], 403],
    ['what is above, for itself', ['other.example', 'evil.example'], 403],
    ['what is above, with all below', ['*.other.example', '*.example'], 200],
    ['nobody', [], 403],
  ])('may read or not, where those are %s', async (_, allowed, status) => {
    expect(await ask(only(...allowed))).toBe(status);
  });

  test('is told to come again while its name cannot be had', async () => {
    documents[finger] = () => new Response(null, { status: 502 });
    expect(await ask(only(host, 'evil.example'))).toBe(503);
  });

  test('is who home knows it for', async () => {
    const known = (domain: string) => ({
      actorKeys: [{ keyId: signer.keyId, owner: actor, publicKeyPem: signer.pem, domain }],
    });
    expect(await ask({ ...only(host, 'good.example'), ...known('good.example') })).toBe(200);
    expect(await ask({ ...only(host, 'good.example'), ...known('evil.example') })).toBe(403);
    expect(internet.asked).toEqual([]);
  });
});

describe('while its name cannot be had, an actor is told to come again, and never shown what it may not see', () => {
  test.each<[string, () => void]>([
    ['WebFinger fails', () => (documents[finger] = () => new Response(null, { status: 502 }))],
    ['WebFinger is refused', () => (documents[finger] = () => new Response(null, { status: 403 }))],
    ['WebFinger is no JSON', () => (documents[finger] = () => document('x'))],
    ['WebFinger names nobody', () => (documents[finger] = () => jrd('https://social.other.example/@x'))],
    ['WebFinger names nothing', () => (documents[finger] = () => jrd(7))],
    ['WebFinger leads to another site', () => (documents[finger] = () => Response.redirect('https://else.example/'))],
    [
      'WebFinger breaks off',
      () => {
        documents[finger] = () => {
          throw new TypeError('connection reset');
        };
      },
    ],
  ])('%s', async (_, change) => {
    change();
    expect(await ask(blocked('evil.example'))).toBe(503);
  });

  test('its name is longer than an address, and nobody is asked for it', async () => {
    const preferredUsername = 'x'.repeat(limits.addressLength + 1);
    documents[actor] = () => document(actorOf(signer, { preferredUsername }));
    expect(await ask(blocked('evil.example'))).toBe(503);
    expect(internet.asked.filter((url) => url.includes('webfinger'))).toEqual([]);
  });

  test('its document is longer than the edge reads', async () => {
    const actorKeys = [{ keyId: signer.keyId, owner: actor, publicKeyPem: signer.pem }];
    documents[actor] = () => document(actorOf(signer, { summary: 'x'.repeat(limits.keyBytes) }));
    expect(await ask({ ...blocked('evil.example'), actorKeys })).toBe(503);
  });

  test('and its document fails, once its key is known', async () => {
    const actorKeys = [{ keyId: signer.keyId, owner: actor, publicKeyPem: signer.pem }];
    documents[actor] = () => new Response(null, { status: 500 });
    expect(await ask({ ...blocked('evil.example'), actorKeys })).toBe(503);
  });
});

describe('an actor that nobody can say the name of', () => {
  const hostMeta = `https://${host}/.well-known/host-meta`;
  const elsewhere = `https://${host}/finger?acct=${encodeURIComponent(`acct:x@${host}`)}`;
  const xrd =
    (template: string, more = '') =>
    () =>
      new Response(
        `<?xml version="1.0"?><XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">${more}<Link rel="lrdd" template="${template}"/></XRD>`,
        { headers: { 'Content-Type': 'application/xrd+xml; charset=utf-8' } },
      );
  const none = (status: number) => () => new Response(null, { status });

  test.each([404, 410])('is told to come again, where its own server has no WebFinger for it (%i)', async (status) => {
    documents[finger] = none(status);
    expect(await ask(blocked('evil.example'))).toBe(503);
    expect(await ask(blocked('other.example'))).toBe(403);
  });

  test('is told to come again where it is no server’s own and names itself nowhere', async () => {
    documents[actor] = () => document(actorOf(signer));
    expect(await ask(blocked('evil.example'))).toBe(503);
  });

  test.each(['Application', 'Service'])(
    'goes by its host where it is the server’s own and has no name: %s',
    async (type) => {
      documents[actor] = () => document(actorOf(signer, { type }));
      expect(await ask(blocked('evil.example'))).toBe(200);
      expect(await ask(blocked('other.example'))).toBe(403);
    },
  );

  test('is told to come again, where a server’s own has a name that WebFinger does not know', async () => {
    documents[actor] = () => document(actorOf(signer, { type: 'Application', preferredUsername: 'x' }));
    documents[finger] = none(404);
    expect(await ask(blocked('evil.example'))).toBe(503);
  });

  test.each([
    ['evil.example', 403],
    ['wicked.example', 200],
  ])('is found where its host-meta says; home blocks %s', async (domain, status) => {
    documents[finger] = none(404);
    documents[hostMeta] = xrd(`https://${host}/finger?acct={uri}`, '<Link rel="other" template="https://x.example/"/>');
    documents[elsewhere] = () => jrd('acct:x@evil.example');
    expect(await ask(blocked(domain))).toBe(status);
  });

  test.each<[string, () => Response]>([
    ['leads to another site', xrd('https://victim.example/?acct={uri}')],
    ['leads back to where nothing was', xrd(`https://${host}/.well-known/webfinger?resource={uri}`)],
    ['leads to no URL', xrd('nowhere {uri}')],
    ['leads to a server of this machine', xrd('http://127.0.0.1/?acct={uri}')],
    ['is no XRD', () => document({ links: [] })],
    ['fails', none(500)],
  ])('is told to come again where its host-meta %s', async (_, meta) => {
    internet.add('victim.example', () => jrd('acct:x@good.example'));
    documents[finger] = none(404);
    documents[hostMeta] = meta;
    expect(await ask(blocked('evil.example'))).toBe(503);
    expect(internet.asked.filter((url) => !url.startsWith(`https://${host}/`))).toEqual([]);
    expect(internet.asked.filter((url) => url === finger)).toHaveLength(1);
  });
});

test('a name is asked for once a day, in vain once in five minutes, and stays good while it cannot be asked for', async () => {
  const fingers = () => internet.asked.filter((url) => url === finger).length;
  documents[finger] = () => new Response(null, { status: 502 });
  expect([await ask(blocked('evil.example')), await ask(blocked('evil.example')), fingers()]).toEqual([503, 503, 1]);
  clock.time += limits.keyFailureMs;
  documents[finger] = () => jrd('acct:x@evil.example');
  expect([await ask(blocked('evil.example')), await ask(blocked('evil.example')), fingers()]).toEqual([403, 403, 2]);
  clock.time += limits.keyFreshMs;
  documents[finger] = () => new Response(null, { status: 502 });
  expect([await ask(blocked('evil.example')), await ask(blocked('evil.example')), fingers()]).toEqual([403, 403, 3]);
  clock.time = night + limits.keyKeptMs + limits.keyFreshMs;
  expect(await ask(blocked('evil.example'))).toBe(503);
});

test('namesMemory() finds in the platform’s cache what another isolate learned, for one home alone', async () => {
  const cache = await caches.open('names-of-a-test');
  const record = { answer: { names: 'known', domains: ['evil.example'] }, askedAt: night, answeredAt: night } as const;
  await namesMemory(cache).put('home-1', actor, record);
  expect(await namesMemory(cache).get('home-1', actor)).toEqual(record);
  expect(await namesMemory(cache).get('home-2', actor)).toBeNull();
  expect(await namesMemory(cache).get('home-1', `${actor}/2`)).toBeNull();
});
