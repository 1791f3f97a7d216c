// What a stranger is told of how home is doing, as a page and as JSON; and what not.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { statusPage } from '../../../edge/pages/status.ts';
import { publicStatus, type ServiceTold, type StatusFacts, upTo } from '../../../edge/pages/status-facts.ts';
import { statusJson } from '../../../edge/pages/status-json.ts';
import { statusWords } from '../../../edge/pages/status-words.ts';
import { words } from '../../../edge/pages/words.ts';
import { standsLinted } from './html-outline.ts';

const now = Date.UTC(2026, 10, 21, 22, 7, 31, 456);
const hour = 3_600_000;
const host = 'garden.example';

function told(name: string, change: Partial<ServiceTold> = {}): ServiceTold {
  return { name, hosts: [host], state: 'up', since: now - hour, why: 'starting', until: null, ...change };
}

function facts(change: Partial<StatusFacts> = {}): StatusFacts {
  return {
    now,
    presence: { link: 'asleep', since: now - 3 * hour, until: now + 9 * hour },
    history: [{ at: now - 50 * hour, link: 'connected' }],
    told: null,
    services: [
      { name: 'site', hosts: [host] },
      { name: 'social', hosts: [`social.${host}`] },
    ],
    waiting: [{ name: 'social', waiting: 317, oldestWaitingAt: now - 2.5 * hour }],
    snapshotAt: now - 3 * hour,
    ...change,
  };
}

const page = (change: Partial<StatusFacts> = {}, lang = 'en', site: string | null = 'A garden'): string =>
  statusPage(publicStatus(facts(change), host), lang, site);

describe('publicStatus()', () => {
  test('of a home that sleeps says so, since when and until when; its services rest', () => {
    const status = publicStatus(facts(), host);
    const since = Date.UTC(2026, 10, 21, 19, 7);
    const expectedBack = Date.UTC(2026, 10, 22, 7, 7);
    expect(status.home).toEqual({ state: 'asleep', since, expectedBack });
    expect(status.services).toEqual([
      { name: 'site', state: 'resting', since, expectedBack, waiting: { upTo: 0, since: null } },
      {
        name: 'social',
        state: 'resting',
        since,
        expectedBack,
        waiting: { upTo: 400, since: Date.UTC(2026, 10, 21, 19) },
      },
    ]);
    expect(status.week.at(-1)?.state).toBe('asleep');
  });

  test('of a home that is awake says how each service is, as home told', () => {
    const { services } = publicStatus(
      facts({
        presence: { link: 'connected', since: now - hour },
        told: [
          told('site'),
          told('social', { state: 'down', why: 'failing', until: now + hour }),
          told('video', { state: 'down', why: 'stopped' }),
          told('chat', { state: 'down', why: 'starting', until: now - 1 }),
        ],
      }),
      host,
    );
    expect(services.map(({ name, state, expectedBack }) => [name, state, expectedBack !== null])).toEqual([
      ['site', 'up', false],
      ['social', 'down', true],
      ['video', 'resting', false],
      ['chat', 'down', false],
    ]);
  });

  test('knows nothing of services that home did not speak of, or when home is lost', () => {
    for (const presence of [
      { link: 'connected' as const, since: now },
      { link: 'lost' as const, since: now },
      { link: 'never' as const },
    ]) {
      const { services } = publicStatus(facts({ presence }), host);
      expect(services.map(({ state, since }) => [state, since])).toEqual([
        ['unknown', null],
        ['unknown', null],
      ]);
    }
    const lost = publicStatus(facts({ presence: { link: 'lost', since: now }, told: [told('site')] }), host);
    expect(lost.services[0]?.state).toBe('unknown');
  });

  test('is honest about a week of which nothing was written down', () => {
    const since = now - hour;
    const { week } = publicStatus(facts({ history: [], presence: { link: 'connected', since } }), host);
    expect(week.map(({ state }) => state)).toEqual(['unknown', 'awake']);
    const never = publicStatus(facts({ history: [], presence: { link: 'never' } }), host);
    expect(never.week.map(({ state }) => state)).toEqual(['unknown']);
  });

  test('tells at one host nothing of services of another domain, also where strangers share a suffix', () => {
    const services = [
      { name: 'site', hosts: ['www.garden.example'] },
      { name: 'secret-life', hosts: ['other.example'] },
      { name: 'cousin', hosts: ['cousin.duckdns.org'] },
    ];
    const waiting = services.map(({ name }) => ({ name, waiting: 50, oldestWaitingAt: now - hour }));
    const at = (asked: string) => {
      const status = publicStatus(facts({ services, waiting }), asked);
      return [status.services.map(({ name }) => name), status.waiting.upTo];
    };
    expect(at('garden.example')).toEqual([['site'], 50]);
    expect(at('other.example:8443')).toEqual([['secret-life'], 50]);
    expect(at('stranger.duckdns.org')).toEqual([[], 0]);
    expect(at('localhost:8780')).toEqual([[], 0]);
  });

  test('says counts so that one more or less is not seen, and times no finer than they need be', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1_000_000 }), (count) => {
        const said = upTo(count);
        expect(said).toBeGreaterThanOrEqual(count);
        expect(said).toBeLessThanOrEqual(Math.max(10, 2 * count));
        expect(String(said)).toMatch(/^(0|[1-9]0+)$/);
        expect(upTo(said)).toBe(said);
      }),
    );
    expect([0, 1, 9, 10, 11, 99, 100, 101, 317].map(upTo)).toEqual([0, 10, 10, 10, 20, 100, 100, 200, 400]);
    const json = JSON.stringify(statusJson(publicStatus(facts(), host)));
    expect(json).not.toContain('317');
    for (const [time = ''] of json.matchAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g)) expect(time).toMatch(/:00\.000Z$/);
  });

  test('keeps to what a Date can tell, whatever home or a clock said', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (until, at) => {
        const past = Math.min(Math.max(at, -8e15), 8e15);
        const presence = { link: 'asleep' as const, since: past, until };
        const status = publicStatus(facts({ presence, history: [{ at, link: 'lost' }] }), host);
        expect(() => statusJson(status)).not.toThrow();
        expect(() => statusPage(status, 'en', null)).not.toThrow();
      }),
    );
  });
});

describe('statusJson()', () => {
  test('has the shape that docs/status.md says', () => {
    expect(statusJson(publicStatus(facts(), host))).toEqual({
      version: 1,
      at: '2026-11-21T22:07:00.000Z',
      home: { state: 'asleep', since: '2026-11-21T19:07:00.000Z', expectedBack: '2026-11-22T07:07:00.000Z' },
      services: [
        expect.objectContaining({ name: 'site' }),
        {
          name: 'social',
          state: 'resting',
          since: '2026-11-21T19:07:00.000Z',
          expectedBack: '2026-11-22T07:07:00.000Z',
          waiting: { upTo: 400, since: '2026-11-21T19:00:00.000Z' },
        },
      ],
      waiting: { upTo: 400, since: '2026-11-21T19:00:00.000Z' },
      pagesAsOf: '2026-11-21T19:07:00.000Z',
      week: [
        { from: '2026-11-15T00:00:00.000Z', to: '2026-11-19T20:15:00.000Z', state: 'unknown' },
        { from: '2026-11-19T20:15:00.000Z', to: '2026-11-21T19:15:00.000Z', state: 'awake' },
        { from: '2026-11-21T19:15:00.000Z', to: '2026-11-21T22:07:00.000Z', state: 'asleep' },
      ],
    });
  });
});

describe('statusPage()', () => {
  const states: [string, Partial<StatusFacts>, string][] = [
    ['asleep', {}, 'It expects to be back <time datetime="2026-11-22T07:07:00.000Z">in 9 hours'],
    ['asleep, nobody knows how long', { presence: { link: 'asleep', since: now, until: null } }, 'power again'],
    ['awake', { presence: { link: 'connected', since: now - hour } }, 'is up. Since <time'],
    ['lost', { presence: { link: 'lost', since: now - hour } }, 'without a word'],
    ['never here', { presence: { link: 'never' }, services: [], waiting: [], snapshotAt: null }, 'has not come on yet'],
  ];

  test.each(states)('says it in words: %s', (_, change, expected) => {
    const html = page(change);
    expect(html).toContain(expected);
    expect(html).not.toMatch(/\{\w+\}/);
    standsLinted(html);
  });

  test('says for each day in words what its picture shows', () => {
    const html = page();
    expect(html.match(/role="img"/g)?.length).toBe(7);
    expect(html).toContain('aria-label="not known 24 hours"');
    expect(html).toContain('aria-label="awake 19.25 hours, asleep 2.75 hours"');
  });

  test('has every sentence in every language', () => {
    expect(Object.keys(statusWords)).toEqual(Object.keys(words));
    const keys = Object.keys(statusWords.en ?? {});
    for (const [lang, said] of Object.entries(statusWords)) {
      expect(Object.keys(said), lang).toEqual(keys);
      for (const [key, sentence] of Object.entries(said)) {
        expect(sentence, `${lang} ${key}`).toMatch(/^[^<>&]+$/);
        const places = (text: string) => text.match(/\{\w+\}/g) ?? [];
        const wanted = places((statusWords.en as never)[key]);
        expect(places(sentence as string).sort(), `${lang} ${key}`).toEqual(wanted.sort());
      }
    }
  });

  test.each(Object.keys(statusWords))('speaks %s, and says so', (lang) => {
    const html = page({}, lang);
    expect(html).toContain(`<html lang="${lang}">`);
    expect(html).toContain(statusWords[lang]?.week);
    standsLinted(html);
  });

  test('runs nothing, fetches nothing, and says names only as text, whatever they are', () => {
    const tags = (html: string): number => (html.match(/</g) ?? []).length;
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const hostile = `${text}"><script>'</title>&lt;`;
        const named = (name: string, title: string) => page({ services: [{ name, hosts: [host] }] }, 'en', title);
        const html = named(hostile, hostile);
        expect(tags(html)).toBe(tags(named('x', 'x')));
        expect(html).not.toMatch(/<script|<link|<img|<iframe|\son\w+=|@import|url\((?!#)/i);
      }),
    );
  });

  test('stays small, however often the link came and went', () => {
    const links = ['connected', 'lost', 'asleep'] as const;
    const history = Array.from({ length: 20_000 }, (_, i) => ({
      at: now - (20_000 - i) * 27_000,
      link: links[i % 3] ?? 'lost',
    }));
    expect(page({ history }).length).toBeLessThan(100_000);
  });
});
