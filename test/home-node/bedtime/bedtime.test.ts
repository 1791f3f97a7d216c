import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Adapter, Federation, Leavings } from '../../../home-node/adapters/adapter.ts';
import { genericAdapter } from '../../../home-node/adapters/generic.ts';
import { judgeAlerts } from '../../../home-node/alerts/judge.ts';
import { knownFilters } from '../../../home-node/bedtime/known-filter.ts';
import { Leaver, type LeavingService } from '../../../home-node/bedtime/leave.ts';
import { LeavingsFile } from '../../../home-node/bedtime/leavings-file.ts';
import { makeSnapshot, snapshotContent } from '../../../home-node/bedtime/snapshot.ts';
import { warmPages } from '../../../home-node/bedtime/warm.ts';
import { EdgeRefusal } from '../../../home-node/edge-api/send.ts';
import { createLog, type Log } from '../../../home-node/log.ts';
import { systemClock } from '../../../shared/clock.ts';
import { BloomFilter } from '../../../shared/known-actors/bloom.ts';
import { limits } from '../../../shared/limits.ts';
import type { Snapshot } from '../../../shared/snapshot.ts';

let folder: string;
let said: string[];
let log: Log;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-bedtime-'));
  said = [];
  log = createLog('debug', systemClock, (line) => said.push(line));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function leavingsOf(title: string, actors: readonly string[] = []): Leavings {
  return {
    inboxes: [`/${title}/inbox`],
    accounts: [{ subject: `acct:${title}@a.example`, aliases: [], links: [] }],
    nodeinfo: { software: { name: title } },
    documents: [{ host: 'a.example', path: `/${title}`, contentType: 'application/activity+json', body: '{}' }],
    knownActors: actors,
    pages: ['/', `/${title}`],
  };
}

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

describe('leaving', () => {
  let left: Snapshot[];
  let stored: number;
  let now: number;
  let origin: string | null;
  let current: Leavings | Error;
  let newest: number;

  beforeEach(() => {
    left = [];
    stored = 0;
    now = 1_000;
    origin = 'http://127.0.0.1:1';
    current = leavingsOf('s');
    newest = -1;
  });

  const plain: Omit<Adapter, 'leavings'> = {
    kind: 'test',
    signatures: ['cavage'],
    knowsPages: false,
    greeter: null,
    deduplicatesBy: null,
    headersFor: async () => [],
    outcomeOf: () => ({ outcome: 'delivered' }),
  };

  function leaver(...others: LeavingService[]): Leaver {
    const adapter: Adapter = {
      ...plain,
      leavings: async () => {
        if (current instanceof Error) throw current;
        return current;
      },
    };
    return new Leaver({
      clock: { now: () => now },
      log,
      askMs: 500,
      words: () => ({ language: 'en', title: 'A' }),
      services: [{ name: 's', hosts: ['a.example'], adapter, origin: () => origin }, ...others],
      kept: new LeavingsFile(join(folder, 'leavings.json'), log),
      senders: async () => [],
      nextVersion: async (atLeast) => {
        stored = Math.max(stored + 1, atLeast);
        return stored;
      },
      send: async (snapshot) => {
        const path = { method: 'PUT', path: '/snapshot' };
        if (snapshot.version <= newest) throw new EdgeRefusal(path, 409, 'snapshot-older');
        newest = snapshot.version;
        left.push(snapshot);
        return [];
      },
    });
  }

  test('happens once for what is the same, and again when something changed', async () => {
    const one = leaver();
    expect(await one.leave()).toBe(true);
    expect(await one.leave()).toBe(true);
    expect(left).toHaveLength(1);
    current = leavingsOf('changed');
    await one.leave();
    expect(left.map(({ services }) => services[0]?.inboxes)).toEqual([['/s/inbox'], ['/changed/inbox']]);
    one.forget();
    await one.leave();
    expect(left).toHaveLength(3);
  });

  test('is not called for by keys alone, whose order changes with each peer that says something', async () => {
    const keys = ['a', 'b'].map((name) => ({ keyId: `https://${name}.example/#k`, owner: 'o', publicKeyPem: 'P' }));
    const one = leaver();
    current = { ...leavingsOf('s'), actorKeys: keys };
    await one.leave();
    current = { ...leavingsOf('s'), actorKeys: [...keys].reverse() };
    await one.leave();
    expect(left).toHaveLength(1);
    // At bedtime they are left as they are.
    one.forget();
    await one.leave();
    expect(left[1]?.actorKeys).toEqual([...keys].reverse());
  });

  test('does not wait for ever for a service that never ends to say what it leaves', async () => {
    let asked = 0;
    const never = async (): Promise<never> => {
      asked += 1;
      return await new Promise<never>(() => undefined);
    };
    const adapter = { ...plain, leavings: never };
    const one = leaver({ name: 't', hosts: ['b.example'], adapter, origin: () => origin });
    expect(await one.leave()).toBe(true);
    expect(await one.leave()).toBe(true);
    expect([asked, left[0]?.services.map(({ name }) => name)]).toEqual([2, ['s']]);
  });

  describe('what does not change', () => {
    const hour = 3_600_000;
    const rules = { spoolShare: 1, linkLostMinutes: 1e6, keyDays: 1e6, snapshotHours: 36 };
    const alerts = (one: Leaver): string[] => {
      const facts = { now, spool: null, linkLostSince: null, keyMadeAt: now, awakeSince: 0, clockOff: false };
      const judged = judgeAlerts({ ...facts, snapshotAt: one.leftAt, diskFreeBytes: null, down: [] }, rules);
      return judged.alerts.map(({ kind }) => kind);
    };

    test('is never old while home looks after it, and the edge may say so: 37 hours of a quiet home', async () => {
      const one = leaver();
      for (const from = now; now <= from + 37 * hour; now += hour / 4) {
        expect(await one.leave()).toBe(true);
        expect([one.leftAt, alerts(one)]).toEqual([now, []]);
        const age = now - (left.at(-1)?.madeAt ?? 0);
        expect(age).toBeLessThanOrEqual(limits.snapshotAgainMs);
      }
      // Once at first, and every limits.snapshotAgainMs: it is paid for.
      expect(left).toHaveLength(1 + Math.floor((37 * hour) / limits.snapshotAgainMs));
    });

    test('grows old while the edge does not take it, or a service that is up does not say what it leaves', async () => {
      const one = leaver();
      await one.leave();
      now += 37 * hour;
      newest = Number.MAX_SAFE_INTEGER;
      expect(await one.leave()).toBe(false);
      expect(alerts(one)).toEqual(['snapshot-old']);
      newest = -1;
      current = new Error('it is broken');
      await one.leave();
      expect(alerts(one)).toEqual(['snapshot-old']);
      expect(left).toHaveLength(1);
      current = leavingsOf('s');
      await one.leave();
      expect(alerts(one)).toEqual([]);
    });

    test('is not old because its owner stopped a service', async () => {
      const one = leaver();
      await one.leave();
      origin = null;
      now += 37 * hour;
      await one.leave();
      expect(alerts(one)).toEqual([]);
    });

    test('is sent again when the clock was set back by years', async () => {
      const one = leaver();
      now = Date.UTC(2036, 0, 1);
      await one.leave();
      now = Date.UTC(2026, 0, 1);
      await one.leave();
      expect([left.length, one.leftAt]).toEqual([2, now]);
    });
  });

  test('rises in version also when the clock goes back', async () => {
    const one = leaver();
    await one.leave();
    now = 5;
    current = leavingsOf('changed');
    await one.leave();
    expect(left.map(({ version }) => version)).toEqual([1_000, 1_001]);
  });

  test('finds a version that the edge takes when home forgot the last one and its clock is years behind', async () => {
    newest = Date.UTC(2026, 10, 21);
    now = Date.UTC(1970, 0, 2);
    expect(await leaver().leave()).toBe(true);
    expect(left).toHaveLength(1);
  });

  test('keeps a service that is down, or does not answer, as it was last: its deliveries must not be turned away', async () => {
    await leaver().leave();
    origin = null;
    await leaver().leave();
    origin = 'http://127.0.0.1:1';
    current = new Error('it is broken');
    await leaver().leave();
    expect(left.map(({ services }) => services)).toEqual([left[0]?.services, left[0]?.services, left[0]?.services]);
    expect(said.join()).toContain('it is broken');
  });

  test('does not happen before any service has ever said something', async () => {
    origin = null;
    expect(await leaver().leave()).toBe(false);
    expect(left).toEqual([]);
  });

  test('says so while some service has never said what it leaves', async () => {
    const generic = genericAdapter({ inboxes: [], signatures: [] });
    const leavings = async () => ({
      ...(await generic.leavings(new URL('http://x'), new AbortController().signal)),
      accounts: [],
    });
    const silent = { name: 'silent', hosts: ['b.example'], adapter: { ...generic, leavings } };
    await leaver({ ...silent, origin: () => null }).leave();
    await leaver({ ...silent, origin: () => 'http://127.0.0.1:2' }).leave();
    expect(left.map(({ complete }) => complete)).toEqual([false, true]);
    expect(left[0]?.services.map(({ name }) => name)).toEqual(['s']);
  });

  test('says so while a service cannot say who lives there', async () => {
    const adapter = genericAdapter({ inboxes: [], signatures: [] });
    await leaver({ name: 'other', hosts: ['b.example'], adapter, origin: () => 'http://127.0.0.1:2' }).leave();
    expect(left.map(({ complete }) => complete)).toEqual([false]);
  });

  test('that the edge refuses is told, and tried the next time', async () => {
    const one = leaver();
    newest = Number.MAX_SAFE_INTEGER;
    expect(await one.leave()).toBe(false);
    expect(said.join()).toContain('snapshot-older');
    newest = -1;
    expect(await one.leave()).toBe(true);
  });

  test('starts anew when the file of what was left is damaged', async () => {
    writeFileSync(join(folder, 'leavings.json'), '{"s": ');
    expect(await leaver().leave()).toBe(true);
    expect(said.join()).toContain('leavings.json');
  });
});

describe('warming', () => {
  const pages = Array.from({ length: 2 * limits.warmPaths + 5 }, (_, n) => `/${n}`);

  test('asks for all pages, most important first, at most limits.warmPaths at once', async () => {
    const asked: (readonly string[])[] = [];
    const { signal } = new AbortController();
    const warm = async (paths: readonly string[]): Promise<void> => void asked.push(paths);
    expect(await warmPages({ log, pages, most: limits.sitePages, warm, signal })).toBe(pages.length);
    expect(asked.flat()).toEqual(pages);
    expect(asked.map(({ length }) => length)).toEqual([limits.warmPaths, limits.warmPaths, 5]);
    asked.length = 0;
    expect(await warmPages({ log, pages, most: 3, warm, signal })).toBe(3);
    expect(asked).toEqual([pages.slice(0, 3)]);
    expect(await warmPages({ log, pages, most: 0, warm, signal })).toBe(0);
    expect(asked).toHaveLength(1);
  });

  test('is no reason to stay awake: what fails or takes too long is left', async () => {
    const controller = new AbortController();
    let times = 0;
    const warm = async (): Promise<void> => {
      times += 1;
      controller.abort();
    };
    expect(await warmPages({ log, pages, most: limits.sitePages, warm, signal: controller.signal })).toBe(
      limits.warmPaths,
    );
    expect(times).toBe(1);
    const broken = async (): Promise<void> => {
      throw new Error('the edge is away');
    };
    expect(
      await warmPages({ log, pages, most: limits.sitePages, warm: broken, signal: new AbortController().signal }),
    ).toBe(0);
    expect(said.join()).toContain('the edge is away');
  });
});
