// The accounts of several services under one domain: canonical names, aliases, one `self` for a name, and what the owner
// is told where two want the same.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AccountsOfService, accountsOf } from '../../../home-node/bedtime/accounts.ts';
import { makeSnapshot } from '../../../home-node/bedtime/snapshot.ts';
import type { WebFingerAccount } from '../../../shared/snapshot.ts';
import { isActorType } from '../../../shared/webfinger/account.ts';
import { comparable } from '../../../shared/webfinger/names.ts';

const activity = 'application/activity+json';
const ld = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"';
const actor = (href: string, type = activity) => ({ rel: 'self', type, href });

function account(subject: string, href: string): WebFingerAccount {
  return { subject: `acct:${subject}`, aliases: [href], links: [actor(href)] };
}

/** As the software says it: Mastodon of a split domain, PeerTube by its own host. */
const mastodon: AccountsOfService = {
  name: 'social',
  hosts: ['social.example.org'],
  accountDomain: 'example.org',
  accounts: [account('me@example.org', 'https://social.example.org/users/me')],
};
const peertube: AccountsOfService = {
  name: 'tube',
  hosts: ['tube.example.org'],
  accountDomain: 'example.org',
  accounts: [account('videos@tube.example.org', 'https://tube.example.org/accounts/videos')],
};

const selfs = ({ links }: WebFingerAccount) => links.filter(({ rel }) => rel === 'self');

describe('accounts of services under one domain', () => {
  test('have the domain in their canonical name, and the names at their own hosts as aliases', () => {
    const { accounts, faults } = accountsOf([mastodon, peertube], []);
    expect(faults).toEqual([]);
    expect(accounts).toEqual([
      {
        subject: 'acct:me@example.org',
        aliases: ['https://social.example.org/users/me', 'acct:me@social.example.org'],
        links: [actor('https://social.example.org/users/me')],
      },
      {
        subject: 'acct:videos@example.org',
        aliases: ['https://tube.example.org/accounts/videos', 'acct:videos@tube.example.org'],
        links: [actor('https://tube.example.org/accounts/videos')],
      },
    ]);
  });

  test('keep what the service says where no domain is set', () => {
    const { accountDomain, ...plain } = peertube;
    expect(accountDomain).toBe('example.org');
    expect(accountsOf([plain], []).accounts.map(({ subject }) => subject)).toEqual(['acct:videos@tube.example.org']);
  });

  test('get the links of their owner, everybody or one, and never a second self by them', () => {
    const issuer = 'http://openid.net/specs/connect/1.0/issuer';
    const { accounts, links } = accountsOf(
      [mastodon, peertube],
      [
        { account: '*@example.org', rel: issuer, href: 'https://login.example.org/' },
        { account: 'Me@Example.org', rel: 'https://matrix.example.org/rel', href: 'matrix:u/me:example.org' },
        { account: 'me@elsewhere.example', rel: 'x', href: 'https://x.example/' },
      ],
    );
    expect(accounts[0]?.links.slice(1)).toEqual([
      { rel: issuer, href: 'https://login.example.org/' },
      { rel: 'https://matrix.example.org/rel', href: 'matrix:u/me:example.org' },
    ]);
    expect(accounts[1]?.links.map(({ rel }) => rel)).toEqual(['self', issuer]);
    // Nobody's: it can be found, and not followed.
    expect(accounts[2]).toEqual({
      subject: 'acct:me@elsewhere.example',
      aliases: [],
      links: [{ rel: 'x', href: 'https://x.example/' }],
    });
    // All is told here: nothing is left for the edge to add.
    expect(links).toEqual([]);
  });

  test('are not made up by a link where a service that cannot be asked may have them', () => {
    const links = [{ account: 'me@example.org', rel: 'x', href: 'https://x.example/' }];
    expect(accountsOf([{ ...mastodon, accounts: null }], links)).toMatchObject({ accounts: [], links, faults: [] });
    expect(accountsOf([{ ...mastodon, accounts: [] }], links).accounts).toHaveLength(1);
  });
});

describe('two services that want one name', () => {
  const rival: AccountsOfService = {
    name: 'tube',
    hosts: ['tube.example.org'],
    accountDomain: 'example.org',
    accounts: [account('ME@tube.example.org', 'https://tube.example.org/accounts/me')],
  };

  test('the first in the settings has it, the other keeps its own host’s, and the owner is told which', () => {
    const { accounts, faults } = accountsOf([mastodon, rival], []);
    expect(accounts.map(({ subject }) => subject)).toEqual(['acct:me@example.org', 'acct:ME@tube.example.org']);
    expect(
      accounts.flatMap(({ subject, aliases }) => [subject, ...aliases]).filter((name) => /me@example/i.test(name)),
    ).toEqual(['acct:me@example.org']);
    expect(faults).toEqual([
      'ME@example.org is an account of social and of tube; social stands first and has the name, of tube it is found as ME@tube.example.org alone: rename one of the two.',
    ]);
    expect(accountsOf([rival, mastodon], []).accounts[0]?.links).toEqual(rival.accounts?.[0]?.links);
  });

  test('at one host the second is not found at all, and the owner is told', () => {
    const same = {
      ...mastodon,
      name: 'other',
      accounts: [account('me@example.org', 'https://social.example.org/u/2')],
    };
    const { accounts, faults } = accountsOf([mastodon, same], []);
    expect(accounts).toHaveLength(1);
    expect(faults[0]).toContain('it is not found at all');
  });
});

describe('links of an account', () => {
  const linksOf = (links: WebFingerAccount['links']) =>
    accountsOf([{ ...mastodon, accounts: [{ subject: 'acct:me@example.org', aliases: [], links }] }], []).accounts[0]
      ?.links;
  const first = actor('https://social.example.org/users/me');

  test('are one self, the first of an ActivityPub type, whatever else says self or is an actor', () => {
    const other = actor('https://social.example.org/users/other', ld);
    const page = { rel: 'self', type: 'text/html', href: 'https://social.example.org/@me' };
    const odd = { rel: 'alternate', type: activity, href: 'https://social.example.org/users/third' };
    expect(linksOf([page, first, other, odd])).toEqual([first]);
    expect(linksOf([other, first])).toEqual([other]);
    expect(linksOf([page])).toEqual([]);
  });

  test('have self behind all others of a type application/', () => {
    const feed = { rel: 'updates', type: 'application/atom+xml', href: 'https://social.example.org/@me.atom' };
    const page = { rel: 'page', type: 'text/html', href: 'https://social.example.org/@me' };
    expect(linksOf([first, page, feed])).toEqual([feed, first, page]);
  });

  test('know an actor by both types, however they are written', () => {
    for (const type of [activity, ld, ld.replaceAll('"', ''), 'Application/Activity+JSON'])
      expect(isActorType(type)).toBe(true);
    for (const type of ['application/ld+json', 'application/json', 'text/html', undefined]) {
      expect(isActorType(type)).toBe(false);
    }
  });
});

test('an account that is no acct: address is left out, and told', () => {
  for (const subject of [
    'https://social.example.org/users/me',
    'acct:me',
    'acct:@example.org',
    'acct:a b@example.org',
    'acct:<a>@example.org',
  ]) {
    const { accounts, faults } = accountsOf([{ ...mastodon, accounts: [{ subject, aliases: [], links: [] }] }], []);
    expect([accounts, faults.length, faults[0]]).toEqual([[], 1, expect.stringContaining(subject)]);
  }
});

test('an account that is left out is not said to be nobody: its service is asked', () => {
  const facts = { language: 'en', title: 'x', complete: true, links: [], knownActors: { bits: 'AAAA', hashes: 1 } };
  const made = (subject: string) => {
    const accounts = [...(mastodon.accounts ?? []), { subject, aliases: [], links: [] }];
    const leavings = { inboxes: [], accounts, nodeinfo: null, documents: [], knownActors: [], pages: [] };
    const { content } = makeSnapshot({ ...facts, services: [{ ...mastodon, signatures: ['cavage'], leavings }] });
    return [content.complete, content.services[0]?.tellsAccounts];
  };
  expect(made('acct:you@example.org')).toEqual([true, true]);
  expect(made('https://social.example.org/users/you')).toEqual([false, false]);
});

test('a name that is a person and a community by its server’s own word is told as both, in its order', () => {
  const kind = 'https://www.w3.org/ns/activitystreams#type';
  const self = (href: string, type?: string | null) => ({
    ...{ rel: 'self', type: activity, href },
    ...(type === undefined ? {} : { properties: { [kind]: type } }),
  });
  const page = { rel: 'http://webfinger.net/rel/profile-page', type: 'text/html', href: 'https://l.example/u/me' };
  const told = (...links: WebFingerAccount['links']) => {
    const said = { subject: 'acct:me@social.example.org', aliases: [], links };
    return accountsOf([{ ...mastodon, accounts: [said] }], []).accounts[0]?.links;
  };
  const [person, group] = [self('https://l.example/u/me', 'Person'), self('https://l.example/c/me', 'Group')];
  expect(told(page, person, group)).toEqual([person, group, page]);
  // Two of one kind, or of which one does not say its kind, are not told apart by whoever asks: the first is the one.
  expect(told(person, self('https://l.example/c/me', 'Person'))).toEqual([person]);
  expect(told(person, self('https://l.example/c/me', null))).toEqual([person]);
  expect(told(self('https://l.example/u/me'), group)).toEqual([self('https://l.example/u/me')]);
});

test('an account may have a name of another script', () => {
  const { accounts, faults } = accountsOf(
    [{ ...mastodon, accounts: [account('имя@example.org', 'https://x.example/u/имя')] }],
    [],
  );
  expect([accounts[0]?.subject, faults]).toEqual(['acct:имя@example.org', []]);
});

test('whatever services say, no name is twice, and no account has two selfs', () => {
  const name = fc.constantFrom('me', 'Me', 'you', 'a.b');
  const host = fc.constantFrom('example.org', 'social.example.org', 'tube.example.org');
  const any = fc.record({
    name: fc.constantFrom('one', 'two', 'three'),
    hosts: fc.uniqueArray(host, { minLength: 1, maxLength: 2 }),
    accountDomain: host,
    accounts: fc.array(
      fc.record({
        subject: fc.tuple(name, host).map(([user, at]) => `acct:${user}@${at}`),
        aliases: fc.array(fc.webUrl(), { maxLength: 2 }),
        links: fc.array(
          fc.record({
            rel: fc.constantFrom('self', 'SELF', 'x'),
            type: fc.constantFrom(activity, ld, 'text/html'),
            href: fc.webUrl(),
          }),
          { maxLength: 4 },
        ),
      }),
      { maxLength: 4 },
    ),
  });
  fc.assert(
    fc.property(fc.uniqueArray(any, { maxLength: 3, selector: (service) => service.name }), (services) => {
      const { accounts } = accountsOf(services, []);
      const names = accounts.flatMap(({ subject, aliases }) => [subject, ...aliases]).map(comparable);
      expect(new Set(names).size).toBe(names.length);
      for (const one of accounts) expect(selfs(one).length).toBeLessThanOrEqual(1);
      for (const { links } of accounts)
        expect(links.filter(({ rel }) => /^self$/i.test(rel)).length).toBeLessThanOrEqual(1);
    }),
  );
});

test('a snapshot says of each service whether it told its accounts, and has the nodeinfo of each host', () => {
  const leavings = { inboxes: [], documents: [], knownActors: [], pages: [] };
  const of = (name: string, accounts: [] | null, nodeinfo: object | null) => ({
    ...{ name, hosts: [`${name}.example.org`], signatures: [] },
    leavings: { ...leavings, accounts, nodeinfo: nodeinfo as Readonly<Record<string, unknown>> | null },
  });
  const [one, two, three] = [of('one', [], { software: 1 }), of('two', null, { software: 2 }), of('three', null, null)];
  const facts = { language: 'en', title: 'A', complete: false, knownActors: { bits: 'AAAA', hashes: 1 } };
  const { content } = makeSnapshot({ ...facts, services: [one, { ...two, accountDomain: 'example.org' }, three] });
  expect(content.services).toMatchObject([
    { tellsAccounts: true },
    { tellsAccounts: false, accountDomain: 'example.org' },
    { tellsAccounts: false },
  ]);
  expect(content.nodeinfo).toEqual({ software: 1 });
  expect(content.nodeinfos).toEqual({
    'one.example.org': { software: 1 },
    'two.example.org': { software: 2 },
    'three.example.org': null,
  });
  expect(makeSnapshot({ ...facts, services: [one] }).content).not.toHaveProperty('nodeinfos');
});
