// What is left where a service says more than the edge takes, or what the edge would not take.

import { describe, expect, test } from 'vitest';
import { readSnapshot } from '../../../edge/home/snapshot.ts';
import { fitted } from '../../../home-node/bedtime/fitting.ts';
import type { SnapshotContent } from '../../../home-node/bedtime/snapshot.ts';
import { BloomFilter } from '../../../shared/known-actors/bloom.ts';
import { limits } from '../../../shared/limits.ts';

const host = 'a.example';
const pem = 'x'.repeat(800);
const many = <Item>(count: number, make: (n: number) => Item): Item[] =>
  Array.from({ length: count }, (_, n) => make(n));

const whole: SnapshotContent = {
  language: 'en',
  title: 'A',
  complete: true,
  services: [
    {
      name: 's',
      hosts: [host],
      inboxes: ['/inbox'],
      signatures: ['cavage'],
      tellsAccounts: true,
      authorizedFetch: true,
    },
  ],
  accounts: many(100, (n) => ({
    subject: `acct:u${n}@${host}`,
    aliases: [`https://${host}/@u${n}`],
    links: [{ rel: 'self', type: 'application/activity+json', href: `https://${host}/u${n}` }],
  })),
  nodeinfo: { version: '2.1', metadata: 'x'.repeat(2_000) },
  documents: many(100, (n) => ({
    host,
    path: `/u${n}`,
    contentType: 'application/activity+json',
    body: 'x'.repeat(500),
  })),
  knownActors: BloomFilter.within(20_000, 1_000_000, 0.001).toData(),
  gone: many(500, (n) => ({ host, path: `/notes/${n}` })),
  blockedDomains: many(300, (n) => `bad${n}.example`),
  actorKeys: many(200, (n) => ({
    keyId: `https://p.example/${n}#k`,
    owner: `https://p.example/${n}`,
    publicKeyPem: pem,
  })),
};

const bytesOf = (content: SnapshotContent): Uint8Array =>
  new TextEncoder().encode(JSON.stringify({ version: 1_790_000_000_000, madeAt: 1_790_000_000_000, ...content }));

/** What of it is there, in numbers. */
function counts(content: SnapshotContent) {
  const { actorKeys = [], gone = [], documents, accounts, nodeinfo, blockedDomains, knownActors } = content;
  return {
    keys: actorKeys.length,
    isFull: knownActors.bits.length < 100,
    gone: gone.length,
    documents: documents.length,
    nodeinfo: nodeinfo !== null,
    accounts: accounts.length,
    blocks: blockedDomains?.length ?? null,
  };
}

describe('what is too much', () => {
  test('goes in the order in which strangers notice least, and never a part of the blocks', () => {
    const all = counts(whole);
    const size = bytesOf(whole).length;
    expect(fitted(whole, size + 200)).toEqual({ content: whole, leftOut: [] });
    let before = all;
    const order: string[] = [];
    for (let most = size; most > 0; most -= 2_000) {
      const { content, leftOut } = fitted(whole, most);
      if (counts(content).blocks !== null) expect(bytesOf(content).length).toBeLessThanOrEqual(most);
      const now = counts(content);
      for (const name of Object.keys(now) as (keyof typeof now)[]) {
        if (now[name] !== before[name] && !order.includes(name)) order.push(name);
      }
      // A list of blocks is whole or is not there, and what the edge reads of it is what it was.
      expect([all.blocks, null]).toContain(now.blocks);
      const { snapshot, leftOut: unread } = readSnapshot(bytesOf(content), [host]);
      expect([snapshot.blockedDomains, unread]).toEqual([content.blockedDomains, []]);
      // Whoever is not among the accounts is not said to be nobody.
      expect([content.complete, content.services[0]?.tellsAccounts]).toEqual(
        Array(2).fill(now.accounts === all.accounts),
      );
      expect(leftOut.length).toBeGreaterThan(0);
      for (const { text } of leftOut) expect(text).toContain(`longer than the ${most} bytes`);
      before = now;
    }
    expect(order).toEqual(['keys', 'isFull', 'gone', 'documents', 'nodeinfo', 'accounts', 'blocks']);
  });

  test('of those surely met goes with the filter of known actors', () => {
    const metActors = BloomFilter.within(50_000, 1_000_000, 0.001).toData();
    const { content } = fitted(
      { ...whole, actorKeys: [], knownActors: BloomFilter.full().toData(), metActors },
      bytesOf(whole).length,
    );
    expect(content.metActors).toEqual(metActors);
    const less = fitted({ ...whole, actorKeys: [], knownActors: BloomFilter.full().toData(), metActors }, 1).content;
    expect(less).not.toHaveProperty('metActors');
  });

  test('is left out from its end: the most useful keys, the newest deletions stay', () => {
    const { content } = fitted(whole, bytesOf(whole).length - 50_000);
    expect(content.actorKeys?.length).toBeGreaterThan(100);
    expect(content.actorKeys).toEqual(whole.actorKeys?.slice(0, content.actorKeys?.length));
  });

  test('of a list of those who are allowed leaves nobody in it', () => {
    const allowedDomains = many(300, (n) => `ok${n}.example`);
    const { blockedDomains: blockedBesideAllowed = [], ...rest } = whole;
    const services = whole.services.map((one) => ({ ...one, allowedDomains }));
    const limited: SnapshotContent = { ...rest, services, blockedBesideAllowed };
    for (let most = bytesOf(limited).length; most > 0; most -= 2_000) {
      const { content } = fitted(limited, most);
      expect([0, 300]).toContain(content.services[0]?.allowedDomains?.length);
      expect([300, undefined]).toContain(content.blockedBesideAllowed?.length);
      expect(content).not.toHaveProperty('blockedDomains');
    }
    expect(fitted(limited, 1).content.services[0]?.allowedDomains).toEqual([]);
  });

  test('is what is above limits.snapshotBytes: a home with more of everything than that leaves one that the edge takes', () => {
    const documents = many(500, (n) => ({ host, path: `/u${n}`, contentType: 'x/y', body: 'ü'.repeat(100_000) }));
    const { content, leftOut } = fitted({ ...whole, documents });
    const bytes = bytesOf(content);
    expect(bytes.length).toBeLessThanOrEqual(limits.snapshotBytes);
    expect(bytes.length).toBeGreaterThan(limits.snapshotBytes * 0.9);
    expect(readSnapshot(bytes, [host]).snapshot.documents).toEqual(documents.slice(0, content.documents.length));
    expect(leftOut.map(({ of }) => of).join()).toContain('actors and posts');
  });
});

describe('what the edge would not take', () => {
  const wrong = '\u0000' as never;

  test('costs itself: an alias, a link, a document, a key, an address, and not what is beside it', () => {
    const [account] = whole.accounts;
    const bad: SnapshotContent = {
      ...whole,
      accounts: [
        ...whole.accounts,
        {
          ...account,
          subject: `acct:odd@${host}`,
          aliases: ['', `https://${host}/@odd`],
          links: [{ rel: '' }, { rel: 'x' }],
        },
      ],
      documents: [{ host, path: '/a b', contentType: 'x/y', body: 'x' }, ...whole.documents],
      gone: [{ host, path: wrong }, ...(whole.gone ?? [])],
      actorKeys: [{ keyId: '', owner: 'x', publicKeyPem: pem }, null as never, ...(whole.actorKeys ?? [])],
    };
    const { content, leftOut } = fitted(bad);
    expect(content).toEqual({
      ...whole,
      accounts: [
        ...whole.accounts,
        { subject: `acct:odd@${host}`, aliases: [`https://${host}/@odd`], links: [{ rel: 'x' }] },
      ],
    });
    expect(readSnapshot(bytesOf(content), [host]).leftOut).toEqual([]);
    expect(leftOut.map(({ of }) => of)).toEqual(['documents', 'addresses that are gone', 'keys']);
    expect(leftOut[0]?.text).toContain('"a.example/a b"');
  });

  test('of an account leaves its name to its service', () => {
    const { content, leftOut } = fitted({
      ...whole,
      accounts: [...whole.accounts, { subject: '', aliases: [], links: [] }],
    });
    expect(content.accounts).toEqual(whole.accounts);
    expect([content.complete, content.services[0]?.tellsAccounts]).toEqual([false, false]);
    expect(leftOut).toHaveLength(1);
  });
});
