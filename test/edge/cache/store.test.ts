// Copies of public pages: kept while they pass by, given while home is away.

import { reset } from 'cloudflare:test';
import { beforeEach, describe, expect, test } from 'vitest';
import { answerFromCopy } from '../../../edge/cache/answer.ts';
import { Copies } from '../../../edge/cache/store.ts';
import type { Question } from '../../../edge/cache/strangers.ts';
import { limits } from '../../../shared/limits.ts';
import { bindings, HandClock } from '../home/directory-database.ts';

const home = 'h1';
const day = 24 * 3600 * 1000;
let clock: HandClock;
let puts: number;
let work: Promise<unknown>[];
let copies: Copies;

beforeEach(async () => {
  await reset();
  clock = new HandClock();
  puts = 0;
  work = [];
  copies = newIsolate();
});

/** Another isolate: the same store, nothing remembered. */
function newIsolate(): Copies {
  return new Copies({ store: counted(bindings.STORE), clock, keepAlive: (promise) => work.push(promise) });
}

function counted(bucket: R2Bucket): R2Bucket {
  return new Proxy(bucket, {
    get(target, name) {
      if (name === 'put') puts += 1;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function asked(path = '/page', headers: HeadersInit = {}, method = 'GET'): Question {
  return { method, url: new URL(`https://a.example${path}`), headers: new Headers(headers) };
}

function page(text: string, headers: Record<string, string> = {}, status = 200): Response {
  const length = String(new TextEncoder().encode(text).length);
  return new Response(text, { status, headers: { 'Content-Type': 'text/html', 'Content-Length': length, ...headers } });
}

/** A visitor is given the response, and what goes on behind comes to its end. */
async function visit(response: Response, question = asked(), isolate = copies): Promise<string> {
  const text = await isolate.passing(home, question, response).text();
  await Promise.all(work);
  return text;
}

async function given(question = asked()): Promise<Response | null> {
  const copy = await copies.find(home, question);
  return copy === null ? null : await answerFromCopy(question, copy, 'asleep', clock.now());
}

describe('a page that passed by', () => {
  test('reaches the visitor whole, and is given while home is away, with its age', async () => {
    const date = 'Mon, 21 Sep 2026 13:33:20 GMT';
    const text = await visit(page('<h1>A garden</h1>', { ETag: '"v1"', Date: date, 'Cache-Control': 'max-age=60' }));
    expect(text).toBe('<h1>A garden</h1>');
    clock.advance(7 * day + 999);
    const response = await given();
    expect(response?.status).toBe(200);
    expect(await response?.text()).toBe('<h1>A garden</h1>');
    expect(Object.fromEntries(response?.headers ?? [])).toEqual({
      'content-type': 'text/html',
      'content-length': '17',
      etag: '"v1"',
      date,
      'cache-control': 'max-age=60',
      age: String(7 * 86_400),
      'cache-status': 'porchlight; hit; detail=asleep',
      'accept-ranges': 'none',
    });
  });

  test('is as old as it was when it came and as it has lain since', async () => {
    await visit(page('x', { Age: '100' }));
    clock.advance(5_000);
    expect((await given())?.headers.get('Age')).toBe('105');
  });

  test('does not wait for the store: the visitor has it though the store never answers', async () => {
    const stuck = new Proxy(bindings.STORE, { get: () => () => new Promise(() => undefined) });
    const slow = new Copies({ store: stuck, clock, keepAlive: () => undefined });
    expect(await slow.passing(home, asked(), page('at once')).text()).toBe('at once');
  });

  test('is stored once and not for every view', async () => {
    for (let view = 0; view < 5; view++) await visit(page('x', { ETag: '"v1"' }));
    expect(puts).toBe(1);
    clock.advance(limits.copyAgainMs - 1);
    await visit(page('x', { ETag: '"v1"' }));
    expect(puts).toBe(1);
    clock.advance(1);
    await visit(page('x', { ETag: '"v1"' }));
    expect(puts).toBe(2);
  });

  test('is stored at once when it has changed', async () => {
    await visit(page('old', { 'Last-Modified': 'Mon, 21 Sep 2026 13:00:00 GMT' }));
    await visit(page('new', { 'Last-Modified': 'Mon, 21 Sep 2026 13:00:01 GMT' }));
    expect(await (await given())?.text()).toBe('new');
  });

  test('is not stored again for each view when it names no version', async () => {
    await visit(page('one', { Date: 'Mon, 21 Sep 2026 13:00:00 GMT' }));
    await visit(page('two', { Date: 'Mon, 21 Sep 2026 13:00:01 GMT' }));
    expect(puts).toBe(1);
  });

  test('that breaks off in the middle is not kept', async () => {
    const broken = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('half'));
      },
      pull(controller) {
        controller.error(new Error('gone'));
      },
    });
    const response = new Response(broken, { headers: { 'Content-Type': 'text/html', 'Content-Length': '8' } });
    await expect(visit(response)).rejects.toThrow();
    await Promise.all(work);
    expect(await given()).toBeNull();
  });

  test('that is shorter or longer than it says is not kept', async () => {
    for (const length of ['3', '6']) {
      await visit(page('12345', { 'Content-Length': length }));
      expect(await given()).toBeNull();
    }
  });

  test('at an address that is too long is not kept', async () => {
    const long = asked(`/${'x'.repeat(limits.copyPathLength)}`);
    expect(await visit(page('x'), long)).toBe('x');
    expect((await bindings.STORE.list()).objects).toEqual([]);
  });

  test('with headers too long to lie beside it is not kept, and is given to the visitor all the same', async () => {
    const text = await visit(page('x', { Link: 'y'.repeat(limits.copyHeaderBytes) }));
    expect([text, await given()]).toEqual(['x', null]);
  });

  test('is not stored while as much is being stored as memory may hold', async () => {
    const waiting = new Proxy(bindings.STORE, { get: () => () => new Promise(() => undefined) });
    let begun = 0;
    const busy = new Copies({ store: waiting, clock, keepAlive: () => (begun += 1) });
    const large = (): Response => page('x', { 'Content-Length': String(limits.copyBytes) });
    for (let n = 0; n < 5; n++) busy.passing(home, asked(`/${n}`), large());
    expect(begun).toBe(Math.floor(limits.copyingBytes / limits.copyBytes));
  });

  test('keeps its bytes and its Content-Encoding as home sent them', async () => {
    const plain = new TextEncoder().encode('<h1>A garden</h1>'.repeat(100));
    const zipped = await new Response(new Blob([plain]).stream().pipeThrough(new CompressionStream('gzip'))).bytes();
    const headers = { 'Content-Encoding': 'gzip', 'Content-Length': String(zipped.length), ETag: '"z"' };
    const through = copies.passing(home, asked(), new Response(zipped, { headers, encodeBody: 'manual' }));
    expect(await through.bytes()).toEqual(zipped);
    await Promise.all(work);
    const response = await given(asked('/page', { 'Accept-Encoding': 'gzip' }));
    expect(response?.headers.get('Content-Encoding')).toBe('gzip');
    expect(await response?.bytes()).toEqual(zipped);
    expect(await given(asked('/page', { 'Accept-Encoding': 'br' }))).toBeNull();
  });

  test('keeps headers in letters beyond ASCII', async () => {
    await visit(page('x', { 'X-Name': 'caf\u00e9' }));
    expect((await given())?.headers.get('X-Name')).toBe('caf\u00e9');
  });
});

describe('what is private', () => {
  test.each([
    ['Set-Cookie', {}, { 'Set-Cookie': 'session=secret' }],
    ['private', {}, { 'Cache-Control': 'private' }],
    ['no-store', {}, { 'Cache-Control': 'no-store' }],
    ['Authorization', { Authorization: 'Bearer x' }, {}],
    ['Cookie', { Cookie: 'session=secret' }, {}],
    ['Signature', { Signature: 'keyId="https://b.example/key"' }, {}],
  ])('is never given to anybody else: %s', async (_, request, response) => {
    expect(await visit(page('secret', response), asked('/page', request))).toBe('secret');
    for (const visitor of [asked(), asked('/page', request), asked('/page', {}, 'HEAD')]) {
      expect(await given(visitor)).toBeNull();
    }
    expect((await bindings.STORE.list()).objects).toEqual([]);
  });

  test('does not take the place of the public page that strangers see', async () => {
    await visit(page('for all', { ETag: '"public"' }));
    await visit(page('for one', { ETag: '"private"' }), asked('/page', { Cookie: 'session=secret' }));
    expect(await (await given())?.text()).toBe('for all');
  });

  test('drops the copy when the page became private, moved or went away, seen by any isolate', async () => {
    const changes = [
      page('x', { 'Cache-Control': 'private' }),
      page('x', { 'Set-Cookie': 'a=b' }),
      page('x', {}, 404),
      page('x', {}, 403),
      page('x', { Location: '/else' }, 302),
    ];
    for (const change of changes) {
      await visit(page('public', { ETag: '"v1"' }));
      expect(await given()).not.toBeNull();
      await visit(change, asked(), newIsolate());
      expect(await given()).toBeNull();
      clock.advance(limits.copyAgainMs);
    }
  });

  const browser = asked('/page', { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' });
  const peer = asked('/page', { Accept: 'application/activity+json' });

  test.each([
    ['says that it varies', { Vary: 'Accept' }],
    ['forgets to', {}],
  ])('is not dropped as a page because peers are refused its document, by a home that %s', async (_, vary) => {
    const activity = { ...vary, 'Content-Type': 'application/activity+json' };
    for (const status of [401, 403, 404, 303, 302]) {
      await visit(page('public', vary), browser);
      await visit(page('{}', activity), peer);
      await visit(page('x', { ...vary, Location: '/else' }, status), peer, newIsolate());
      expect(await (await given(browser))?.text()).toBe('public');
      expect(await given(peer)).toBeNull();
      clock.advance(limits.copyAgainMs);
    }
    await visit(page('{}', { ...activity, 'Cache-Control': 'private' }), peer);
    expect(await (await given(browser))?.text()).toBe('public');
  });

  test('as a page is dropped when browsers are refused it, and peers keep the document that they are still given', async () => {
    const activity = { 'Content-Type': 'application/activity+json' };
    for (const status of [401, 403, 404, 303, 302]) {
      await visit(page('public'), browser);
      await visit(page('{}', activity), peer);
      await visit(page('x', { Location: '/login' }, status), browser, newIsolate());
      for (const visitor of [browser, asked(), asked('/page', { Accept: '*/*' }), asked('/page', { Cookie: 'a=b' })]) {
        expect(await given(visitor)).toBeNull();
      }
      expect(await (await given(peer))?.text()).toBe('{}');
      clock.advance(limits.copyAgainMs);
    }
  });

  test('is kept again at once when strangers may read it again', async () => {
    const same = (): Response => page('public', { ETag: '"v1"' });
    await visit(same(), browser);
    await visit(page('x', {}, 401), browser);
    await visit(same(), browser);
    expect(await (await given(browser))?.text()).toBe('public');
  });

  test('is dropped in every form when it is gone on purpose', async () => {
    await visit(page('public'), browser);
    await visit(page('x', {}, 410), peer);
    expect(await given(browser)).toBeNull();
  });

  test('drops the copy when somebody changed the page, but leaves it when home is in trouble', async () => {
    await visit(page('public'));
    await visit(page('x', {}, 503));
    expect(await given()).not.toBeNull();
    await visit(page('done'), asked('/page', {}, 'POST'));
    expect(await given()).toBeNull();
  });

  test('is not found by another home, host or path', async () => {
    await visit(page('x'));
    expect(await copies.find('h2', asked())).toBeNull();
    expect(await given({ ...asked(), url: new URL('https://b.example/page') })).toBeNull();
    expect(await given(asked('/page/'))).toBeNull();
    expect(await given(asked('/Page'))).toBeNull();
  });
});

describe('a copy', () => {
  test('is given by the kind that was asked for', async () => {
    const vary = { Vary: 'Accept' };
    await visit(page('<p>', vary), asked('/page', { Accept: 'text/html' }));
    await visit(
      page('{}', { ...vary, 'Content-Type': 'application/activity+json' }),
      asked('/page', { Accept: 'application/activity+json' }),
    );
    expect(await (await given(asked('/page', { Accept: 'text/html' })))?.text()).toBe('<p>');
    expect(await (await given(asked('/page', { Accept: 'application/ld+json' })))?.text()).toBe('{}');
    expect(await given(asked('/page', { Accept: 'image/png' }))).toBeNull();
  });

  test('of a page that varies no more takes the place of those that did, and the other way round', async () => {
    const html = asked('/page', { Accept: 'text/html' });
    await visit(page('old', { Vary: 'Accept', ETag: '"1"' }), html);
    clock.advance(1000);
    await visit(page('new', { ETag: '"2"' }), asked());
    expect(await (await given(html))?.text()).toBe('new');
    clock.advance(limits.copyAgainMs);
    await visit(page('newest', { Vary: 'Accept', ETag: '"3"' }), html);
    expect(await (await given(html))?.text()).toBe('newest');
  });

  test('answers conditions: 304 for who has it already, by tag or by time', async () => {
    const modified = 'Mon, 21 Sep 2026 13:00:00 GMT';
    await visit(page('x', { ETag: 'W/"v1"', 'Last-Modified': modified, 'Content-Language': 'en' }));
    for (const condition of [
      { 'If-None-Match': '"v1"' },
      { 'If-None-Match': '"v0", W/"v1"' },
      { 'If-None-Match': '*' },
      { 'If-Modified-Since': modified },
    ]) {
      const response = await given(asked('/page', condition));
      expect([response?.status, response?.headers.get('ETag')]).toEqual([304, 'W/"v1"']);
      expect(response?.headers.get('Age')).toBe('0');
      expect(response?.headers.has('Content-Language')).toBe(false);
      expect(response?.body).toBeNull();
    }
    for (const condition of [
      { 'If-None-Match': '"v2"' },
      { 'If-None-Match': '"v2"', 'If-Modified-Since': modified },
      { 'If-Modified-Since': 'Mon, 21 Sep 2026 12:59:59 GMT' },
      { 'If-Modified-Since': 'yesterday' },
    ]) {
      expect((await given(asked('/page', condition)))?.status).toBe(200);
    }
  });

  test('answers HEAD with its length and no body, and a Range with the whole', async () => {
    await visit(page('12345'));
    const head = await given(asked('/page', {}, 'HEAD'));
    expect([head?.headers.get('Content-Length'), await head?.text()]).toEqual(['5', '']);
    const range = await given(asked('/page', { Range: 'bytes=0-1' }));
    expect([range?.status, await range?.text()]).toEqual([200, '12345']);
  });

  test('of an empty page is an empty page', async () => {
    await visit(new Response(null, { headers: { 'Content-Length': '0', 'Content-Type': 'text/css' } }));
    expect(await (await given())?.text()).toBe('');
  });
});

describe('warming', () => {
  test('keeps a page without a visitor, and says why it does not', async () => {
    expect(await copies.keep(home, asked(), page('warm'))).toBeNull();
    expect(await (await given())?.text()).toBe('warm');
    expect(await copies.keep(home, asked('/no'), page('x', { 'Cache-Control': 'private' }))).toBe(
      'its Cache-Control says private',
    );
    expect(await given(asked('/no'))).toBeNull();
  });

  test('drops the copy of a page that is gone', async () => {
    await copies.keep(home, asked(), page('warm'));
    await copies.keep(home, asked(), page('no', {}, 404));
    expect(await given()).toBeNull();
  });
});
