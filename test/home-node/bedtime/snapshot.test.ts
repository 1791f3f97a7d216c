// What home tells the edge before it sleeps: put together of what each service leaves.

import { describe, expect, test } from 'vitest';
import type { Federation } from '../../../home-node/adapters/adapter.ts';
import { knownFilters } from '../../../home-node/bedtime/known-filter.ts';
import { makeSnapshot, snapshotContent } from '../../../home-node/bedtime/snapshot.ts';
import { BloomFilter } from '../../../shared/known-actors/bloom.ts';
import { limits } from '../../../shared/limits.ts';
import { leavingsOf } from './leavings-of.ts';

describe('a snapshot', () => {
  const knownActors = BloomFilter.full().toData();
  const service = (name: string, actors: readonly string[] = []) =>
    ({ name, hosts: ['a.example'], signatures: ['cavage'], leavings: leavingsOf(name, actors) }) as const;

  test('puts together what all services leave', () => {
    const services = [service('one'), service('two')];
    const content = snapshotContent({ complete: true, language: 'en', title: 'A', services, knownActors });
    expect(content.services.map(({ inboxes }) => inboxes)).toEqual([['/one/inbox'], ['/two/inbox']]);
    expect(content.accounts).toHaveLength(2);
    expect(content.documents).toHaveLength(2);
    expect(content.nodeinfo).toEqual({ software: { name: 'one' } });
  });

  test('carries the keys that services know, limits.actorKeys of them at most, and none where none knows any', () => {
    const key = (n: number) => ({
      keyId: `https://a.example/${n}#k`,
      owner: `https://a.example/${n}`,
      publicKeyPem: 'P',
    });
    const keys = Array.from({ length: limits.actorKeys }, (_, n) => key(n));
    const knowing = { ...service('one'), leavings: { ...leavingsOf('one', []), actorKeys: [key(-1)] } };
    const more = { ...service('two'), leavings: { ...leavingsOf('two', []), actorKeys: keys } };
    const facts = { language: 'en', title: 'A', complete: true, knownActors };
    const left = snapshotContent({ ...facts, services: [knowing, service('three'), more] }).actorKeys;
    expect(left).toEqual([key(-1), ...keys.slice(0, limits.actorKeys - 1)]);
    expect(snapshotContent({ ...facts, services: [service('three')] })).not.toHaveProperty('actorKeys');
  });

  describe('of whom a service blocks and federates with', () => {
    const facts = { language: 'en', title: 'A', complete: true, knownActors };
    const choosy = (federation: Federation) =>
      ({ ...service('s'), authorizedFetch: true, leavings: { ...leavingsOf('s'), ...federation } }) as const;

    test('says all that are names of hosts, and tells its owner of those that are none', () => {
      const blockedDomains = ['Bad.Example', '*.worse.example', 'see the list', 'bad.example.', 'büro.example'];
      const { content, leftOut } = makeSnapshot({ ...facts, services: [choosy({ blockedDomains })] });
      expect(content.blockedDomains).toEqual(['bad.example', 'worse.example', 'xn--bro-hoa.example']);
      expect(leftOut.map(({ text }) => text)).toEqual([expect.stringMatching(/^1 of the blocked.*"see the list"/)]);
    });

    test('says none of more than limits.blockedDomains, and tells its owner what follows', () => {
      const blocked = (count: number) => Array.from({ length: count }, (_, n) => `b${n}.example`);
      const most = makeSnapshot({ ...facts, services: [choosy({ blockedDomains: blocked(limits.blockedDomains) })] });
      expect([most.content.blockedDomains?.length, most.leftOut]).toEqual([limits.blockedDomains, []]);
      const more = makeSnapshot({
        ...facts,
        services: [choosy({ blockedDomains: blocked(limits.blockedDomains + 1) })],
      });
      expect(more.content).not.toHaveProperty('blockedDomains');
      expect(more.leftOut.map(({ text }) => text)).toEqual([expect.stringContaining('shown to nobody')]);
    });

    test('spares below a block whom no service blocks', () => {
      const strict = choosy({ blockedDomains: ['bad.example', 'worse.example', 'a.ok.worse.example'] });
      const milder = choosy({
        blockedDomains: ['Bad.example', 'worse.example'],
        sparedDomains: ['OK.bad.example', 'ok.worse.example'],
      });
      const exact = choosy({ blockedDomains: ['wicked.example'], sparedDomains: ['*.wicked.example', 'see the list'] });
      const of = (...services: ReturnType<typeof choosy>[]) =>
        makeSnapshot({ ...facts, services }).content.sparedDomains;
      expect(of(milder)).toEqual(['ok.bad.example', 'ok.worse.example']);
      expect(of(milder, strict)).toBeUndefined();
      expect(of(milder, exact)).toEqual(['*.wicked.example', 'ok.bad.example', 'ok.worse.example']);
      expect(of(exact, choosy({ blockedDomains: ['wicked.example'] }))).toBeUndefined();
      expect(of(exact, exact)).toEqual(['*.wicked.example']);
    });

    test('counts what stands for all below a domain only where it is known whom of that the service blocks', () => {
      const allowedDomains = ['ok.example', '*.ok.example', '*.fine.example'];
      const { content, leftOut } = makeSnapshot({ ...facts, services: [choosy({ allowedDomains })] });
      expect(content.services[0]?.allowedDomains).toEqual(['ok.example']);
      expect(content.blockedBesideAllowed).toEqual([]);
      expect(leftOut.map(({ text }) => text)).toEqual([
        expect.stringMatching(/fine\.example in allowed_domains.*database/),
      ]);
      const known = makeSnapshot({
        ...facts,
        services: [choosy({ allowedDomains, blockedDomains: ['bad.ok.example'] })],
      });
      expect(known.content.services[0]?.allowedDomains).toEqual(['*.fine.example', '*.ok.example', 'ok.example']);
      expect(known.leftOut).toEqual([]);
      // Nobody is left: then the edge cannot decide, and says so.
      const below = makeSnapshot({ ...facts, services: [choosy({ allowedDomains: ['*.ok.example'] })] });
      expect(below.content.services[0]?.allowedDomains).toEqual([]);
      expect(below.content).not.toHaveProperty('blockedBesideAllowed');
    });

    test('says blocks under another name beside a list of those allowed: an edge that knows no such list shows nobody anything', () => {
      const open = { ...service('open'), hosts: ['b.example'] };
      const limited = {
        ...choosy({ blockedDomains: ['bad.example'], allowedDomains: ['OK.example', '*.ok.example', 'no host'] }),
      };
      const { content } = makeSnapshot({ ...facts, services: [{ ...limited, authorizedFetch: false }, open] });
      expect(content).not.toHaveProperty('blockedDomains');
      expect(content.blockedBesideAllowed).toEqual(['bad.example']);
      // Which an earlier edge knows: it asks who it is, and tells nobody, because home does not say whom it blocks.
      expect(content.services[0]).toMatchObject({
        authorizedFetch: true,
        allowedDomains: ['*.ok.example', 'ok.example'],
      });
      expect(content.services[1]).not.toHaveProperty('allowedDomains');
      const alone = makeSnapshot({ ...facts, services: [choosy({ allowedDomains: [] })] });
      expect(alone.content.services[0]?.allowedDomains).toEqual([]);
      // Nobody is known to be allowed, and nobody to be blocked: the edge cannot decide, and says so.
      expect(alone.content).not.toHaveProperty('blockedBesideAllowed');
    });
  });

  test('says that nobody else is known who lives here, where some account is untold', () => {
    const facts = { language: 'en', title: 'A', complete: true, knownActors };
    const untold = { ...service('s'), leavings: { ...leavingsOf('s'), hasUntold: true as const } };
    const content = snapshotContent({ ...facts, services: [untold, service('t')] });
    expect([content.complete, ...content.services.map(({ tellsAccounts }) => tellsAccounts)]).toEqual([
      false,
      false,
      true,
    ]);
    expect(content.accounts).toHaveLength(2);
  });

  test('knows the actors that services have met and those whose deliveries they took, and few others', async () => {
    const met = Array.from({ length: 3_000 }, (_, n) => `https://met.example/${n}`);
    const sent = Array.from({ length: 500 }, (_, n) => `https://sent.example/${n}`);
    const filter = BloomFilter.fromData((await knownFilters([{ knownActors: met }], sent)).knownActors);
    expect([...met, ...sent].every((actor) => filter.mayContain(actor))).toBe(true);
    const strangers = Array.from({ length: 10_000 }, (_, n) => `https://stranger.example/${n}`);
    expect(strangers.filter((actor) => filter.mayContain(actor)).length).toBeLessThan(40);
  });

  test('knows everybody when a service cannot say whom it knows', async () => {
    const services = [{ knownActors: ['https://met.example/a'] }, { knownActors: null }];
    const filter = BloomFilter.fromData((await knownFilters(services, [])).knownActors);
    expect(['https://met.example/a', 'https://stranger.example/b'].every((actor) => filter.mayContain(actor))).toBe(
      true,
    );
  });

  test('keeps its filter of one size while few actors are added', async () => {
    const sizes: number[] = [];
    for (const count of [0, 1, 500, 1_000]) {
      const actors = Array.from({ length: count }, (_, n) => `https://x.example/${n}`);
      sizes.push((await knownFilters([{ knownActors: actors }], [])).knownActors.bits.length);
    }
    expect(new Set(sizes).size).toBe(1);
  });
});
