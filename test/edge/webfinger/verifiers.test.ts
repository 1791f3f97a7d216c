// Other servers find the accounts of a home with several services under one domain: each server's own rule, against the
// whole Worker, while home sleeps. `@me@example` is Mastodon's, `@videos@example` PeerTube's; one login and Matrix beside.

import { reset, SELF } from 'cloudflare:test';
import { lookupObject } from '@fedify/vocab';
import { lookupWebFinger } from '@fedify/webfinger';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { accountsOf } from '../../../home-node/bedtime/accounts.ts';
import { migrated } from '../home/directory-database.ts';
import { exampleSnapshot } from '../home/example-snapshot.ts';
import { SmallHome } from '../router/small-home.ts';
import {
  type Ask,
  gotosocialFinds,
  lemmyFinds,
  mastodonChecks,
  mastodonFinds,
  misskeyFinds,
  peertubeFinds,
} from './verifiers.ts';

const issuer = 'http://openid.net/specs/connect/1.0/issuer';
const activity = 'application/activity+json';
let apex: string;
let me: string;
let videos: string;
let tests = 0;

const ask: Ask = async (url, accept) => await SELF.fetch(url, { headers: { Accept: accept } });
/** Instead of the Worker: one answer to WebFinger, and an actor wherever one is looked for. */
const saying =
  (jrd: object): Ask =>
  async (url, accept) =>
    await Promise.resolve(
      url.includes('/.well-known/')
        ? Response.json(jrd)
        : Response.json(
            { id: url, preferredUsername: 'me' },
            { headers: { 'Content-Type': accept.split(',')[0] ?? '' } },
          ),
    );

beforeEach(async () => {
  await reset();
  await migrated();
  tests += 1;
  apex = `v${tests}.example`;
  const [social, tube] = [`social.${apex}`, `tube.${apex}`];
  me = `https://${social}/users/me`;
  videos = `https://${tube}/accounts/videos`;
  const home = await SmallHome.claimed(`https://${apex}`, social, tube);
  await home.connect();
  const actorAt = (uri: string, preferredUsername: string) => ({
    ...{ host: new URL(uri).host, path: new URL(uri).pathname, contentType: activity },
    body: JSON.stringify({
      '@context': 'https://www.w3.org/ns/activitystreams',
      ...{ id: uri, type: 'Person', preferredUsername, inbox: `${uri}/inbox`, outbox: `${uri}/outbox` },
    }),
  });
  // As Mastodon says it (app/serializers/webfinger_serializer.rb) and PeerTube (controllers/well-known.ts).
  const page = { rel: 'http://webfinger.net/rel/profile-page', type: 'text/html' };
  const ofMastodon = {
    subject: `acct:me@${apex}`,
    aliases: [`https://${social}/@me`, me],
    links: [
      { ...page, href: `https://${social}/@me` },
      { rel: 'self', type: activity, href: me },
      { rel: 'http://ostatus.org/schema/1.0/subscribe', template: `https://${social}/authorize_interaction?uri={uri}` },
      {
        rel: 'http://schemas.google.com/g/2010#updates-from',
        type: 'application/atom+xml',
        href: `https://${social}/@me.atom`,
      },
    ],
  };
  const ofPeertube = {
    subject: `acct:videos@${tube}`,
    aliases: [videos],
    links: [
      { rel: 'self', type: activity, href: videos },
      { rel: 'http://ostatus.org/schema/1.0/subscribe', template: `https://${tube}/remote-interaction?uri={uri}` },
    ],
  };
  const services = [
    { name: 'social', hosts: [social], accountDomain: apex, accounts: [ofMastodon] },
    { name: 'tube', hosts: [tube], accountDomain: apex, accounts: [ofPeertube] },
  ];
  const links = [
    { account: `*@${apex}`, rel: issuer, href: `https://login.${apex}/` },
    { account: `me@${apex}`, rel: 'https://matrix.to/#/rel', href: `matrix:u/me:${apex}` },
  ];
  const { accounts, faults } = accountsOf(services, links);
  expect(faults).toEqual([]);
  const profiles = services.map(({ name, hosts, accountDomain }) => ({
    ...{
      name,
      hosts,
      accountDomain,
      inboxes: [`/${name}/inbox`],
      signatures: ['cavage'] as const,
      tellsAccounts: true,
    },
  }));
  const documents = [actorAt(me, 'me'), actorAt(videos, 'videos')];
  const snapshot = exampleSnapshot({ services: profiles, accounts, documents, nodeinfo: null });
  expect((await home.call('PUT', 'snapshot', snapshot)).status).toBe(200);
  await home.sleep(null);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('Mastodon', () => {
  test.each(['first-of-type', 'last'] as const)('finds both by their canonical names (%s self)', async (which) => {
    expect(await mastodonFinds(ask, `me@${apex}`, which)).toEqual({ acct: `me@${apex}`, actor: me });
    expect(await mastodonFinds(ask, `videos@${apex}`, which)).toEqual({ acct: `videos@${apex}`, actor: videos });
  });

  test('finds them by the names at their services’ hosts, and by their actors alone, as the same accounts', async () => {
    expect(await mastodonFinds(ask, `me@social.${apex}`)).toEqual({ acct: `me@${apex}`, actor: me });
    expect(await mastodonFinds(ask, `ME@${apex}`)).toEqual({ acct: `me@${apex}`, actor: me });
    expect(await mastodonChecks(ask, { id: videos, preferredUsername: 'videos' })).toEqual({
      acct: `videos@${apex}`,
      actor: videos,
    });
  });

  test('falls back on host-meta after a 404, and is told the same there', async () => {
    const missing: Ask = async (url, accept) =>
      url.startsWith(`https://${apex}/.well-known/webfinger`) && !seen.has('meta')
        ? new Response(null, { status: 404 })
        : await noting(url, accept);
    const seen = new Set<string>();
    const noting: Ask = async (url, accept) => {
      if (url.endsWith('/host-meta')) seen.add('meta');
      return await ask(url, accept);
    };
    expect(await mastodonFinds(missing, `me@${apex}`)).toMatchObject({ actor: me });
    expect([...seen]).toEqual(['meta']);
  });

  test('refuses what does not loop back, and takes 404 for what it is', async () => {
    const self = { rel: 'self', type: activity, href: 'https://a.example/users/me' };
    const subject = 'acct:me@a.example';
    const elsewhere: Ask = async (url, accept) => {
      const isOther = url.includes('acct:me@b.example');
      const links = [{ ...self, href: isOther ? 'https://b.example/users/other' : 'https://b.example/users/me' }];
      return await saying({ subject: isOther ? 'acct:me@b.example' : subject, links })(url, accept);
    };
    await expect(mastodonFinds(elsewhere, 'me@a.example')).rejects.toThrow('loop back');
    await expect(
      mastodonFinds(saying({ subject, links: [{ ...self, type: 'text/html' }] }), 'me@a.example'),
    ).rejects.toThrow('no self');
    await expect(mastodonFinds(ask, `nobody@${apex}`)).rejects.toThrow('WebFinger: 404');
  });
});

describe('GoToSocial', () => {
  test('finds both', async () => {
    expect(await gotosocialFinds(ask, `me@${apex}`)).toEqual({ acct: `me@${apex}`, actor: me });
    expect(await gotosocialFinds(ask, `videos@tube.${apex}`)).toEqual({ acct: `videos@${apex}`, actor: videos });
  });

  test('refuses another user name than it asked for, and a self of no ActivityPub type', async () => {
    const self = { rel: 'self', type: activity, href: 'https://a.example/users/me' };
    await expect(
      gotosocialFinds(saying({ subject: 'acct:you@a.example', links: [self] }), 'me@a.example'),
    ).rejects.toThrow('another user');
    const typeless = saying({ subject: 'acct:me@a.example', links: [{ ...self, type: 'text/html' }] });
    await expect(gotosocialFinds(typeless, 'me@a.example')).rejects.toThrow('no suitable');
    await expect(gotosocialFinds(ask, `nobody@${apex}`)).rejects.toThrow('404');
  });
});

describe.each([
  ['Misskey', misskeyFinds],
  ['PeerTube', peertubeFinds],
])('%s', (_, finds) => {
  test('finds both: the only self is the actor', async () => {
    expect(await finds(ask, `me@${apex}`)).toBe(me);
    expect(await finds(ask, `videos@${apex}`)).toBe(videos);
  });

  test('would take any self that comes first: that is why there is one', async () => {
    const links = [
      { rel: 'self', type: 'text/html', href: 'https://a.example/@me' },
      { rel: 'self', type: activity, href: 'https://a.example/users/me' },
    ];
    expect(await finds(saying({ subject: 'acct:me@a.example', links }), 'me@a.example')).toBe('https://a.example/@me');
    await expect(finds(saying({ subject: 'acct:me@a.example', links: [] }), 'me@a.example')).rejects.toThrow();
  });
});

describe('Lemmy', () => {
  test('finds both, from the end at the first try, from the beginning whatever stands before', async () => {
    expect(await lemmyFinds(ask, `me@${apex}`, 'reverse')).toEqual({ actor: me, tries: 1 });
    expect(await lemmyFinds(ask, `me@${apex}`, 'forward')).toEqual({ actor: me, tries: 2 });
    expect(await lemmyFinds(ask, `videos@${apex}`, 'reverse')).toEqual({ actor: videos, tries: 1 });
    await expect(lemmyFinds(ask, `nobody@${apex}`, 'reverse')).rejects.toThrow('404');
  });
});

describe('Fedify, the library itself', () => {
  test('finds the descriptor and the actor, at the domain and at the host of the service', async () => {
    vi.stubGlobal(
      'fetch',
      async (input: RequestInfo | URL, init?: RequestInit) => await SELF.fetch(new Request(input, init)),
    );
    for (const handle of [`me@${apex}`, `me@social.${apex}`]) {
      const found = await lookupWebFinger(`acct:${handle}`, { allowPrivateAddress: true });
      expect(found?.subject).toBe(`acct:me@${apex}`);
      expect(found?.links?.filter(({ rel }) => rel === 'self')).toHaveLength(1);
      expect(found?.links?.map(({ rel }) => rel)).toContain(issuer);
    }
    const documentLoader = async (url: string) => ({
      contextUrl: null,
      documentUrl: url,
      document: await (await ask(url, activity)).json(),
    });
    // Names of tests are in no DNS; what lookupObject hands on to lookupWebFinger it reads from there too.
    const options = { documentLoader, allowPrivateAddress: true };
    const actor = await lookupObject(`@videos@${apex}`, options);
    expect(actor?.id?.href).toBe(videos);
    expect(await lookupWebFinger(`acct:nobody@${apex}`, { allowPrivateAddress: true })).toBeNull();
  });
});
