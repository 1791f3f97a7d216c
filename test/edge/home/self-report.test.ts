// What the edge says of itself to anybody: which program it is, and the address as it came to it.

import { SELF } from 'cloudflare:test';
import { beforeAll, describe, expect, test } from 'vitest';
import { settingsOf } from '../../../edge/env.ts';
import manifest from '../../../package.json';
import { limits } from '../../../shared/limits.ts';
import { linkVersions } from '../../../shared/link/frames.ts';
import { bindings, migrated } from './directory-database.ts';

const nobody = 'https://nobody.example';
const edge = async (init: RequestInit = {}): Promise<Response> =>
  await SELF.fetch(`${nobody}/.porchlight/v1/edge`, init);
const echo = async (rest: string, init: RequestInit = {}): Promise<Response> =>
  await SELF.fetch(`${nobody}/.porchlight/v1/echo/${rest}`, init);

beforeAll(migrated);

describe('GET edge', () => {
  test('says which program answers, at a host that nobody has claimed', async () => {
    const response = await edge();
    expect(response.status).toBe(200);
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    expect(Math.abs(Date.parse(response.headers.get('Date') ?? '') - Date.now())).toBeLessThan(60_000);
    expect(await response.json()).toEqual({
      software: 'porchlight',
      version: manifest.version,
      build: 'source',
      linkVersions,
    });
  });

  test('says the build that was deployed, and nothing else of its variables', () => {
    const { about } = settingsOf({ ...bindings, BUILD: '0a1b', OPERATOR_KEY: 'secret' } as never);
    expect(about).toEqual({ software: 'porchlight', version: manifest.version, build: '0a1b', linkVersions });
  });

  test('answers no other method', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const response = await edge({ method });
      expect([response.status, response.headers.get('Allow')]).toEqual([405, 'GET, HEAD']);
      expect(await response.json()).toMatchObject({ code: 'method' });
    }
    expect(await (await edge({ method: 'HEAD' })).text()).toBe('');
  });
});

describe('GET echo', () => {
  test.each([
    'a//b',
    '%41%7a',
    '%2D%5F%7E',
    'c%2Ed',
    '%c3%a9',
    '%2f%3A',
    'dot./...x',
    "+;:@!$'()*,=",
    '?b=2&a=1&b=+',
    '%',
  ])('says %s back as it was asked', async (rest) => {
    const response = await echo(rest);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ url: `/.porchlight/v1/echo/${rest}` });
  });

  test('says nothing of headers back', async () => {
    const text = await (await echo('x', { headers: { 'X-Secret': 'hidden', Cookie: 'hidden=1' } })).text();
    expect(text).toBe('{"url":"/.porchlight/v1/echo/x"}');
  });

  test('cannot be taken for a page, whatever is asked', async () => {
    const response = await echo(`<script>alert(1)</script>?<img src=x onerror='alert(1)'>&"`);
    expect(response.headers.get('Content-Type')).toBe('application/json');
    expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    expect(response.headers.get('Content-Security-Policy')).toContain('sandbox');
    const text = await response.text();
    expect(text).not.toMatch(/[<>&']/);
    expect((JSON.parse(text) as { url: string }).url).toContain('alert(1)');
  });

  test('an address longer than limits.echoLength is refused, not said back', async () => {
    const longest = 'x'.repeat(limits.echoLength - '/.porchlight/v1/echo/'.length);
    expect((await echo(longest)).status).toBe(200);
    const longer = await echo(`${longest}x`);
    const text = await longer.text();
    expect([longer.status, text.length < 200, JSON.parse(text)]).toEqual([
      414,
      true,
      expect.objectContaining({ code: 'too-long' }),
    ]);
    expect((await echo(`?${longest}`)).status).toBe(414);
  });

  test('takes no other method, reads no body, and leads nowhere else', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect((await echo('x', { method, body: method === 'OPTIONS' ? null : 'x' })).status).toBe(405);
    }
    expect((await SELF.fetch(`${nobody}/.porchlight/v1/echo/../spool`)).status).toBe(421);
  });
});
