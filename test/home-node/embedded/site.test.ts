// The site over HTTP: what visitors get, and what no path leads to. A real server on loopback, spoken to in raw HTTP where
// a client library would mend the request.

import { mkdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServer } from '../../../home-node/embedded/server.ts';
import { SiteFiles } from '../../../home-node/embedded/site/files.ts';
import { serveSite } from '../../../home-node/embedded/site/serve.ts';
import { systemClock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import { makeFolder } from './running.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

const past = new Date(Date.UTC(2026, 0, 2, 3, 4, 5));
const page = '<!doctype html><title>x</title>';
const large = 'abcdefghij'.repeat(Math.ceil(limits.siteFileInMemoryBytes / 10) + 1);

describe('the site', () => {
  let folder: string;
  let port: number;
  let server: ReturnType<typeof createServer>;

  beforeAll(async () => {
    folder = makeFolder();
    const site = join(folder, 'site');
    const files: Record<string, string> = {
      'index.html': page,
      'a b.txt': 'spaces',
      'posts/index.html': 'posts',
      'empty.txt': '',
      'large.bin': large,
      '.secret': 'hidden',
      '.git/config': 'hidden',
      '.well-known/security.txt': 'Contact: me',
      'posts/.draft.html': 'hidden',
      '../outside.txt': 'outside',
      '../site-beside/x.txt': 'outside',
    };
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(site, name, '..'), { recursive: true });
      writeFileSync(join(site, name), text);
      utimesSync(join(site, name), past, past);
    }
    symlinkSync(join(folder, 'outside.txt'), join(site, 'leak.txt'));
    symlinkSync(folder, join(site, 'up'));
    symlinkSync('.secret', join(site, 'inner-leak.txt'));
    symlinkSync('a b.txt', join(site, 'fine.txt'));
    symlinkSync('loop', join(site, 'loop'));
    const handler = serveSite(site, { title: 'Rosa & Ben', language: 'en' }, systemClock);
    const unused = (): never => {
      throw new Error('not the site');
    };
    server = createServer({ federation: unused, site: handler, home: unused });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  async function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
    return await new Promise((resolve, reject) => {
      const asked = httpRequest({ port, host: '127.0.0.1', path, method, headers, agent: false }, (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts).toString() }),
        );
      });
      asked.on('error', reject);
      asked.end();
    });
  }

  test('serves a page with all that a cache and a browser want to know', async () => {
    const { status, headers, body } = await ask('/');
    expect([status, body]).toEqual([200, page]);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-length': String(page.length),
      'last-modified': past.toUTCString(),
      'cache-control': 'public, max-age=60',
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
    });
    expect(headers.etag).toMatch(/^"[\w-]+"$/);
  });

  test('answers HEAD like GET, without the body', async () => {
    const [got, headed] = [await ask('/large.bin'), await ask('/large.bin', {}, 'HEAD')];
    expect(headed).toMatchObject({ status: 200, body: '' });
    expect({ ...headed.headers, date: '' }).toEqual({ ...got.headers, date: '' });
  });

  test('serves large files whole and in parts, byte for byte', async () => {
    expect((await ask('/large.bin')).body).toBe(large);
    const part = await ask('/large.bin', { range: 'bytes=11-14' });
    expect([part.status, part.headers['content-range'], part.body]).toEqual([
      206,
      `bytes 11-14/${large.length}`,
      'bcde',
    ]);
  });

  test.each([
    ['bytes=0-3', 206, 'spac'],
    ['bytes=4-', 206, 'es'],
    ['bytes=-2', 206, 'es'],
    ['bytes=-99', 206, 'spaces'],
    ['bytes=2-99', 206, 'aces'],
    ['bytes=6-', 416, ''],
    ['bytes=-0', 416, ''],
    ['bytes=3-2', 200, 'spaces'],
    ['bytes=0-1,3-4', 200, 'spaces'],
    ['lines=0-1', 200, 'spaces'],
    ['bytes=-', 200, 'spaces'],
  ])('answers Range: %s with %i', async (range, status, body) => {
    const answer = await ask('/a%20b.txt', { range });
    expect([answer.status, answer.body]).toEqual([status, body]);
  });

  test('gives the whole when If-Range does not hold any more', async () => {
    const { etag } = (await ask('/a%20b.txt')).headers;
    const status = async (ifRange: string) =>
      (await ask('/a%20b.txt', { range: 'bytes=0-1', 'if-range': ifRange })).status;
    expect(await status(String(etag))).toBe(206);
    expect(await status(past.toUTCString())).toBe(206);
    expect(await status('"other"')).toBe(200);
    expect(await status(`W/${String(etag)}`)).toBe(200);
    expect(await status(new Date(past.getTime() + 1000).toUTCString())).toBe(200);
  });

  test('answers conditions in the order of RFC 9110', async () => {
    const etag = String((await ask('/')).headers.etag);
    const later = new Date(past.getTime() + 5000).toUTCString();
    const earlier = new Date(past.getTime() - 5000).toUTCString();
    const status = async (headers: Record<string, string>) => (await ask('/', headers)).status;
    expect(await status({ 'if-none-match': etag })).toBe(304);
    expect(await status({ 'if-none-match': `"x", W/${etag}` })).toBe(304);
    expect(await status({ 'if-none-match': '*' })).toBe(304);
    expect(await status({ 'if-none-match': '"x"', 'if-modified-since': later })).toBe(200);
    expect(await status({ 'if-modified-since': past.toUTCString() })).toBe(304);
    expect(await status({ 'if-modified-since': earlier })).toBe(200);
    expect(await status({ 'if-modified-since': 'nonsense' })).toBe(200);
    expect(await status({ 'if-match': '"x"' })).toBe(412);
    expect(await status({ 'if-match': etag })).toBe(200);
    expect(await status({ 'if-unmodified-since': earlier })).toBe(412);
    expect(await status({ 'if-match': etag, 'if-unmodified-since': earlier })).toBe(200);
  });

  test('serves what the owner saves at once, with another validator', async () => {
    const file = join(folder, 'site', 'changing.txt');
    const etags = new Set<unknown>();
    for (const text of ['one', 'two', 'six']) {
      writeFileSync(file, text);
      const { body, headers } = await ask('/changing.txt');
      expect(body).toBe(text);
      etags.add(headers.etag);
    }
    expect(etags.size).toBe(3);
  });

  test('serves a folder by its index, at the address with the slash', async () => {
    expect((await ask('/posts/')).body).toBe('posts');
    const { status, headers } = await ask('/posts?x=1');
    expect([status, headers.location]).toEqual([308, '/posts/']);
  });

  test('serves an empty file, a link inside the folder and .well-known', async () => {
    expect(await ask('/empty.txt')).toMatchObject({ status: 200, body: '', headers: { 'content-length': '0' } });
    expect((await ask('/fine.txt')).body).toBe('spaces');
    expect((await ask('/.well-known/security.txt')).body).toBe('Contact: me');
  });

  test.each([
    '/nothing',
    '/../outside.txt',
    '/posts/../../outside.txt',
    '/%2e%2e/outside.txt',
    '/..%2foutside.txt',
    '/%2e%2e%2foutside.txt',
    '/..%5coutside.txt',
    '/../site-beside/x.txt',
    '//outside.txt',
    '/posts//index.html',
    '/./index.html',
    '/.secret',
    '/%2esecret',
    '/.git/config',
    '/posts/.draft.html',
    '/leak.txt',
    '/up/outside.txt',
    '/up/',
    '/inner-leak.txt',
    '/loop',
    '/index.html/',
    '/index.html/x',
    '/index.html%00.txt',
    '/%ff',
    '/%',
    `/${'x'.repeat(5000)}`,
    '/.well-known/',
  ])('finds nothing at %s', async (path) => {
    const { status, body, headers } = await ask(path);
    expect(status).toBe(404);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(body).toContain('There is nothing here.');
    expect(body).toContain('Rosa &#38; Ben');
    expect(body).not.toMatch(/hidden|outside/);
  });

  test('shows the owner’s own page for what is not there', async () => {
    const own = join(folder, 'site', '404.html');
    writeFileSync(own, 'my own');
    expect(await ask('/nothing')).toMatchObject({ status: 404, body: 'my own' });
    rmSync(own);
  });

  test('takes nothing but questions', async () => {
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const { status, headers } = await ask('/', {}, method);
      expect([status, headers.allow]).toEqual([405, 'GET, HEAD']);
    }
  });

  test('keeps small files in memory while they do not change, and no more of them than it may', () => {
    const files = new SiteFiles({ now: () => Date.now() + 60_000 });
    const open = (name: string) => {
      const path = join(folder, 'site', name);
      return files.open(path, statSync(path)).bytes;
    };
    const names = Array.from(
      { length: Math.ceil(limits.siteMemoryBytes / limits.siteFileInMemoryBytes) + 1 },
      (_, i) => `${i}.bin`,
    );
    for (const name of names)
      writeFileSync(join(folder, 'site', name), Buffer.alloc(limits.siteFileInMemoryBytes, name));
    const [first = '', last = ''] = [names[0], names.at(-1)];
    const before = open(first);
    expect(open(first)).toBe(before);
    for (const name of names.slice(1)) open(name);
    const kept = open(last);
    expect(open(last)).toBe(kept);
    expect(open(first)).not.toBe(before);
    writeFileSync(join(folder, 'site', last), 'changed');
    expect(Buffer.from(open(last) ?? []).toString()).toBe('changed');
    expect(open('large.bin')).toBeNull();
  });
});
