// Which pages are left at the edge: a service that knows them says so, any other is looked at as a stranger would, and
// whatever it answers, it is bounded.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { publicPages } from '../../../home-node/bedtime/public-pages.ts';
import { Warmer } from '../../../home-node/bedtime/warmer.ts';
import { createLog } from '../../../home-node/log.ts';
import { systemClock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';

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
