// The status page at the door: at every host of a home, for anybody, and cheap however many look.

import { reset, SELF } from 'cloudflare:test';
import { beforeEach, describe, expect, test } from 'vitest';
import type { StatusFacts } from '../../../edge/pages/status-facts.ts';
import { StatusReader } from '../../../edge/status/gather.ts';
import { answerStatus } from '../../../edge/status/routes.ts';
import type { GoesBy } from '../../../shared/config/goes-by.ts';
import { limits } from '../../../shared/limits.ts';
import { HandClock, migrated } from '../home/directory-database.ts';
import { exampleSnapshot } from '../home/example-snapshot.ts';
import { SmallHome } from '../router/small-home.ts';
import { arrival, bindings } from '../spool/spool-rig.ts';

let home: SmallHome;
let origin: string;
let host: string;
let tests = 0;

beforeEach(async () => {
  await reset();
  await migrated();
  // The Worker remembers hosts and status for a moment: each test has its own.
  tests += 1;
  host = `s${tests}.example`;
  origin = `https://${host}`;
  home = await SmallHome.claimed(origin, `www.${host}`, `elsewhere-${host}`);
});

async function leaveSnapshot(): Promise<void> {
  const services = ['site', 'cellar'].map((name, i) => ({
    name,
    hosts: [i === 0 ? host : `elsewhere-${host}`],
    inboxes: ['/inbox'],
    signatures: ['cavage'] as const,
  }));
  const snapshot = exampleSnapshot({ services, documents: [], language: 'es', title: 'Un jardín' });
  expect((await home.call('PUT', 'snapshot', snapshot)).status).toBe(200);
}

describe('GET /.porchlight/status', () => {
  test('is a page at every host of a home that may run and fetch nothing', async () => {
    await home.connect();
    await leaveSnapshot();
    for (const at of [origin, `https://www.${host}`]) {
      const response = await SELF.fetch(`${at}/.porchlight/status`, { headers: { 'Accept-Language': 'de' } });
      expect(response.status).toBe(200);
      expect(response.headers.get('Content-Type')).toBe('text/html; charset=utf-8');
      expect(response.headers.get('Content-Security-Policy')).toMatch(
        /^default-src 'none'; style-src 'unsafe-inline';/,
      );
      expect(response.headers.get('Content-Language')).toBe('es');
      expect(response.headers.get('Cache-Control')).toBe('public, max-age=10');
      const html = await response.text();
      expect(html).toContain('<html lang="es">');
      expect(html).toContain('Un jardín');
      expect(html).toContain('Despierto');
    }
    expect(home.seen).toEqual([]);
  });

  test('tells at one domain nothing of another one of the same home, nor of who sent what waits', async () => {
    await home.connect();
    await leaveSnapshot();
    const stub = bindings.SPOOL.get(bindings.SPOOL.idFromName(home.homeId));
    for (const service of ['site', 'cellar']) await stub.put(...(await arrival('a secret', { service })));
    await home.sleep();
    for (const path of ['status', 'status.json']) {
      const text = await (await SELF.fetch(`${origin}/.porchlight/${path}`)).text();
      expect(text).toContain('site');
      expect(text).not.toMatch(/cellar|elsewhere|peer\.example|alice|secret|inbox|203\.0\.113/);
    }
  });

  test('answers HEAD without a body, and no other method', async () => {
    for (const path of ['status', 'status.json']) {
      const address = `${origin}/.porchlight/${path}`;
      const head = await SELF.fetch(address, { method: 'HEAD' });
      expect([head.status, await head.text()]).toEqual([200, '']);
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
        const refused = await SELF.fetch(address, { method, ...(method === 'OPTIONS' ? {} : { body: 'x' }) });
        expect([refused.status, refused.headers.get('Allow')]).toEqual([405, 'GET, HEAD']);
        await refused.body?.cancel();
      }
    }
  });

  test('is there for nobody’s host as little as anything else, and at no path beside its own', async () => {
    expect((await SELF.fetch('https://nobody.example/.porchlight/status')).status).toBe(421);
    for (const path of [
      '/.porchlight/status/',
      '/.porchlight/status.svg',
      '/.Porchlight/status',
      '/.porchlight/Status',
    ]) {
      expect((await SELF.fetch(`${origin}${path}`)).status).toBe(404);
    }
  });
});

describe('GET /.porchlight/status.json', () => {
  test('says how home is, before it ever came, awake and asleep, to any page', async () => {
    const never = await SELF.fetch(`${origin}/.porchlight/status.json`);
    expect(never.headers.get('Content-Type')).toBe('application/json');
    expect(never.headers.get('Access-Control-Allow-Origin')).toBe('*');
    expect(await never.json()).toMatchObject({
      version: 1,
      home: { state: 'never', since: null, expectedBack: null },
      services: [],
      waiting: { upTo: 0, since: null },
      pagesAsOf: null,
    });
  });

  test('says how many wait, rounded, and when home is expected', async () => {
    await home.connect();
    await leaveSnapshot();
    const stub = bindings.SPOOL.get(bindings.SPOOL.idFromName(home.homeId));
    for (const text of ['a', 'b', 'c']) await stub.put(...(await arrival(text, { service: 'site' })));
    const until = Math.ceil(Date.now() / 60_000) * 60_000 + 3_600_000;
    await home.sleep(until);
    expect(await (await SELF.fetch(`${origin}/.porchlight/status.json`)).json()).toMatchObject({
      home: { state: 'asleep', expectedBack: new Date(until).toISOString() },
      services: [{ name: 'site', state: 'resting', waiting: { upTo: 10 } }],
      waiting: { upTo: 10 },
    });
  });
});

describe('answerStatus()', () => {
  const now = new HandClock();
  const facts = { presence: { link: 'connected' as const, since: 0 }, history: [], services: null };

  function counted() {
    const asked = { link: 0, spool: 0 };
    const status = new StatusReader({
      clock: now,
      keepAlive: () => undefined,
      linkTold: async () => {
        asked.link += 1;
        return facts;
      },
      standing: async () => {
        asked.spool += 1;
        return { services: [] as StatusFacts['waiting'] };
      },
    });
    return { asked, status };
  }

  const said = (words: GoesBy['words'], statusPage = true): GoesBy => ({
    hosts: ['a.example'],
    words,
    services: [],
    statusPage,
    snapshot: null,
  });
  const record = { homeId: 'h', hosts: ['a.example'], publicKey: {} };
  const look = new Request('https://a.example/.porchlight/status');

  test('asks the home’s objects once in limits.statusFreshMs, however many look', async () => {
    const { asked, status } = counted();
    const crowd = async (): Promise<void> => {
      await Promise.all(
        Array.from({ length: 500 }, async () => await answerStatus({ status }, record, said(null), look)),
      );
    };
    await crowd();
    now.advance(limits.statusFreshMs - 1);
    await crowd();
    expect(asked).toEqual({ link: 1, spool: 1 });
    now.advance(1);
    await crowd();
    expect(asked).toEqual({ link: 2, spool: 2 });
  });

  test('is as if nothing were there when the owner turned it off, and then asks nobody', async () => {
    const { asked, status } = counted();
    const off = said({ language: 'en', title: 'A garden' }, false);
    for (const method of ['GET', 'HEAD', 'POST']) {
      const response = await answerStatus({ status }, record, off, new Request(look, { method }));
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: 'no-such-call' });
    }
    expect(asked).toEqual({ link: 0, spool: 0 });
  });

  test('follows the browser’s language only where the site’s is not spoken', async () => {
    const { status } = counted();
    const asked = new Request(look, { headers: { 'Accept-Language': 'fr' } });
    const langOf = async (language: string | null) => {
      const words = language === null ? null : { language, title: 'A garden' };
      const response = await answerStatus({ status }, record, said(words), asked);
      expect(response.headers.get('Vary')).toBe('Accept-Language');
      return response.headers.get('Content-Language');
    };
    expect([await langOf('de'), await langOf('pt'), await langOf(null)]).toEqual(['de', 'fr', 'fr']);
  });
});
