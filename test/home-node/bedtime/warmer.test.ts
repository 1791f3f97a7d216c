// Which pages are left at the edge: a service that knows them says so, any other is looked at as a stranger would, and
// whatever it answers, it is bounded.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Showcase } from '../../../home-node/adapters/adapter.ts';
import { GivenFile } from '../../../home-node/bedtime/given-file.ts';
import { publicPages } from '../../../home-node/bedtime/public-pages.ts';
import { type WarmedService, Warmer } from '../../../home-node/bedtime/warmer.ts';
import { createLog } from '../../../home-node/log.ts';
import { systemClock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import type { Given } from '../../../shared/warming.ts';

let server: Server;
let origin: string;
let asked: string[];
/** What the service answers, by path. */
let site: Record<string, { readonly type?: string; readonly body: string; readonly status?: number }>;

beforeEach(async () => {
  asked = [];
  site = {};
  server = createServer((request, response) => {
    asked.push(`${request.headers.host} ${request.url}`);
    const page = site[request.url ?? ''];
    response.writeHead(page?.status ?? (page === undefined ? 404 : 200), { 'Content-Type': page?.type ?? 'text/html' });
    response.end(page?.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const look = async (most = 100): Promise<readonly string[]> =>
  await publicPages({ origin, host: 'a.example', scheme: 'https' }, most, AbortSignal.timeout(5_000));

describe('the public pages of a service', () => {
  test('are its front page, what its site maps name, and what the front page leads to, at its own host', async () => {
    site = {
      '/': {
        body: '<a href="/about">a</a><a href="https://elsewhere.example/x">b</a><img src="/logo.png"><a href="//a.example/near">',
      },
      '/sitemap.xml': {
        type: 'application/xml',
        body: '<loc>https://a.example/posts.xml</loc><loc>https://a.example/one</loc>',
      },
      '/posts.xml': { type: 'text/xml', body: '<loc>https://a.example/posts/1</loc><loc>http://evil.example/2</loc>' },
    };
    expect(await look()).toEqual(['/', '/one', '/posts/1', '/about', '/logo.png', '/near']);
    expect(asked).toEqual(['a.example /', 'a.example /sitemap.xml', 'a.example /posts.xml']);
  });

  test('are no more than asked for, however many there are', async () => {
    const many = Array.from({ length: 5_000 }, (_, index) => `<a href="/${index}">`).join('');
    site = { '/': { body: many } };
    expect(await look(7)).toHaveLength(7);
  });

  test('site maps that name each other without end are read a few times', async () => {
    for (let index = 0; index < 50; index += 1) {
      const next = Array.from({ length: 50 }, (_, other) => `<loc>https://a.example/map${other}.xml</loc>`).join('');
      site[`/map${index}.xml`] = { type: 'text/xml', body: next };
    }
    site['/'] = { body: 'hello' };
    site['/sitemap.xml'] = { type: 'text/xml', body: '<loc>https://a.example/map0.xml</loc>' };
    expect(await look()).toEqual(['/']);
    expect(asked.length).toBeLessThanOrEqual(7);
  });

  test('are none where the front page is longer than limits.searchedBytes, is no page, or nothing answers', async () => {
    site = { '/': { body: `${'x'.repeat(limits.searchedBytes)}<a href="/x">` } };
    expect(await look()).toEqual([]);
    site = { '/': { body: '{}', type: 'application/json' } };
    expect(await look()).toEqual([]);
    site = { '/': { body: '<a href="/x">', status: 500 } };
    expect(await look()).toEqual([]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(await look()).toEqual([]);
  });
});

describe('warming', () => {
  const log = createLog('error', systemClock, () => undefined);

  test('asks for each service at its own host, and for no more in all than the owner wants', async () => {
    site = { '/': { body: '<a href="/about">a</a>' } };
    const calls: [string, readonly string[]][] = [];
    const steps: string[] = [];
    const warmer = new Warmer({
      log,
      edge: 'https://a.example',
      services: [
        { hosts: ['a.example'], origin: () => null, pages: () => ['/', '/one'] },
        { hosts: ['blog.example'], origin: () => origin, pages: () => null },
        { hosts: ['down.example'], origin: () => null, pages: () => null },
        { hosts: ['last.example'], origin: () => null, pages: () => ['/1', '/2', '/3'] },
      ],
      most: () => 6,
      warm: async (host, paths) => {
        calls.push([host, paths]);
        return await Promise.resolve({ refused: [] });
      },
    });
    const signal = AbortSignal.timeout(5_000);
    expect(await warmer.warm(signal, ({ done, of }) => steps.push(`${done}/${String(of)}`))).toBe(6);
    expect(calls).toEqual([
      ['a.example', ['/', '/one']],
      ['blog.example', ['/', '/about']],
      ['last.example', ['/1', '/2']],
    ]);
    expect(asked[0]).toBe('blog.example /');
    expect(steps.at(-1)).toBe('6/6');
  });

  describe('of a service that shows what it has to who signs alone', () => {
    const host = 'b.example';
    const actor = `https://${host}/users/me`;
    let folder: string;
    let calls: [string, readonly string[], Given | undefined][];
    let warnings: string[];

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'porchlight-warmer-'));
      [calls, warnings] = [[], []];
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    const shownTo = (isPublic: boolean): Showcase => ({
      posts: [],
      isPublic: () => isPublic,
      shown: async (_base, _host, path) => {
        const answer = { status: 200, contentType: 'application/activity+json', body: '{}' };
        return await Promise.resolve({ answer, post: path, isList: false });
      },
    });

    function warmerOf(service: Partial<WarmedService>, before: readonly WarmedService[] = []): Warmer {
      const log = createLog('warn', systemClock, (line) => warnings.push(line));
      return new Warmer({
        log,
        edge: 'https://b.example',
        services: [
          ...before,
          {
            hosts: [host],
            origin: () => origin,
            pages: () => [],
            actors: () => [actor],
            authorizedFetch: true,
            ...service,
          },
        ],
        most: () => 0,
        warm: async (_host, paths, as, _signal, given) => {
          calls.push([as, paths, given]);
          return await Promise.resolve({ refused: [], links: {}, ...(given && { given: true as const }) });
        },
        given: new GivenFile(join(folder, 'given.json'), log, systemClock),
      });
    }

    async function warmed(
      service: Partial<WarmedService>,
      signal = AbortSignal.timeout(5_000),
      before: readonly WarmedService[] = [],
    ): Promise<void> {
      await warmerOf(service, before).warm(signal);
    }

    const documents = (): unknown[] =>
      calls.filter(([as]) => as === 'activitypub').map(([, paths, given]) => [paths, given]);
    const brought = { '/users/me': { status: 200, contentType: 'application/activity+json', body: '{}' } };
    const back = { '/users/me': { status: 404, contentType: '', body: '' } };

    test('home brings it', async () => {
      await warmed({ showcase: async () => await Promise.resolve(shownTo(true)) });
      expect(documents()).toEqual([[['/users/me'], brought]]);
    });

    test('the edge asks where home cannot, or fails to learn whether it can', async () => {
      const asked = [[['/users/me'], undefined]];
      await warmed({});
      await warmed({ showcase: async () => await Promise.resolve(null) });
      expect([documents(), warnings]).toEqual([[...asked, ...asked], []]);
      await warmed({ showcase: async () => await Promise.reject(new Error('the database is busy')) });
      expect(documents()).toHaveLength(3);
      expect(warnings.join()).toContain('the database is busy');
    });

    test('the edge asks where the service shows it to all', async () => {
      await warmed({ authorizedFetch: false, showcase: async () => await Promise.reject(new Error('asked')) });
      expect([documents(), warnings]).toEqual([[[['/users/me'], undefined]], []]);
    });

    test('it is taken back though the service is down', async () => {
      await warmed({ showcase: async () => await Promise.resolve(shownTo(true)) });
      calls = [];
      await warmed({ origin: () => null, showcase: async () => await Promise.resolve(shownTo(false)) });
      expect(documents()).toEqual([[['/users/me'], back]]);
    });

    test('it is taken back though a service before it takes all the time there is', async () => {
      await warmed({ showcase: async () => await Promise.resolve(shownTo(true)) });
      calls = [];
      const slow: WarmedService = {
        hosts: ['slow.example'],
        origin: () => origin,
        pages: () => [],
        actors: () => ['https://slow.example/users/a'],
        authorizedFetch: true,
        showcase: async () => await new Promise(() => undefined),
      };
      await warmed({ showcase: async () => await Promise.resolve(shownTo(false)) }, AbortSignal.timeout(300), [slow]);
      expect(documents()).toEqual([[['/users/me'], back]]);
    });

    test('it is taken back by day, and nobody is asked where nothing was given', async () => {
      let asked = 0;
      const showcase = async (): Promise<Showcase> => {
        asked += 1;
        return await Promise.resolve(shownTo(false));
      };
      await warmerOf({ showcase }).takeBack();
      expect([asked, documents()]).toEqual([0, []]);
      await warmed({ showcase: async () => await Promise.resolve(shownTo(true)) });
      calls = [];
      await warmerOf({ showcase }).takeBack();
      expect([asked, documents()]).toEqual([1, [[['/users/me'], back]]]);
      await warmerOf({ showcase }).takeBack();
      expect(asked).toBe(1);
    });

    test('bedtime does not wait for a database that stands still', async () => {
      await warmed({ showcase: async () => await new Promise(() => undefined) }, AbortSignal.timeout(50));
      expect(warnings.join()).toContain('it takes too long');
    });

    test('nor is anything asked for when there is no time at all', async () => {
      let isAsked = false;
      const showcase = async (): Promise<null> => {
        isAsked = true;
        return await new Promise(() => undefined);
      };
      await warmed({ showcase }, AbortSignal.abort());
      expect([isAsked, calls]).toEqual([false, []]);
    });
  });

  test('asks for nothing once its time is over', async () => {
    const warmer = new Warmer({
      log,
      edge: 'https://a.example',
      services: [{ hosts: ['a.example'], origin: () => null, pages: () => ['/'] }],
      most: () => 10,
      warm: async () => await Promise.reject(new Error('asked')),
    });
    expect(await warmer.warm(AbortSignal.abort())).toBe(0);
  });
});
