// Whose responses are kept for strangers, and who is given one.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { directivesOf } from '../../../edge/cache/cache-control.ts';
import { acceptsCoding, mayStore, type StoreVerdict, variantsFor } from '../../../edge/cache/policy.ts';
import type { Question } from '../../../edge/cache/strangers.ts';
import { variantAsked } from '../../../edge/cache/variant.ts';
import { limits } from '../../../shared/limits.ts';

const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
const mastodon =
  'application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams", text/html;q=0.1';

const peer = 'application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"';

function question(headers: HeadersInit = {}, path = '/page', method = 'GET'): Question {
  return { method, url: new URL(`https://a.example${path}`), headers: new Headers(headers) };
}

function answer(headers: Record<string, string> = {}, status = 200) {
  return { status, headers: new Headers({ 'Content-Type': 'text/html', 'Content-Length': '5', ...headers }) };
}

const because = (verdict: StoreVerdict): string => (verdict.store ? 'stored' : verdict.because);
const gone = (verdict: StoreVerdict): boolean => !verdict.store && verdict.gone.length > 0;

describe('mayStore()', () => {
  test('keeps a page that any stranger may read', () => {
    expect(mayStore(question(), answer())).toEqual({ store: true, variant: 'html', bytes: 5 });
    for (const control of [
      'public',
      'max-age=0',
      'public, max-age=31536000, immutable',
      'stale-if-error=60',
      'x=private',
    ]) {
      expect(because(mayStore(question(), answer({ 'Cache-Control': control })))).toBe('stored');
    }
  });

  test.each([
    'Authorization',
    'Cookie',
    'Signature',
    'Signature-Input',
    'Range',
    'Proxy-Authorization',
    'X-Api-Key',
    'DPoP',
  ])('never keeps the answer to a request with %s, and lets the copy that is there be', (name) => {
    const verdict = mayStore(question({ [name]: 'x' }), answer());
    expect(because(verdict)).toBe(`its request has ${name.toLowerCase()}`);
    expect(gone(verdict)).toBe(false);
  });

  test('never keeps the answer to a request with any header that is not known to be harmless', () => {
    for (const name of [
      'X-Forwarded-Host',
      'X-Original-URL',
      'X-HTTP-Method-Override',
      'Origin',
      'Content-Length',
      'X-A',
    ]) {
      expect(because(mayStore(question({ [name]: '1' }), answer()))).not.toBe('stored');
    }
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-z-]{0,20}$/), (name) => {
        fc.pre(!/^(sec|cf)-/.test(name));
        const harmless = because(mayStore(question({ [name]: '1' }), answer())) === 'stored';
        if (/auth|cookie|sign|key|token|secret|session|user|id/.test(name)) {
          expect(harmless).toBe(name === 'user-agent');
        }
      }),
    );
  });

  test.each([
    ['Set-Cookie', 'a=b'],
    ['Cache-Control', 'private'],
    ['Cache-Control', 'Private="set-cookie"'],
    ['Cache-Control', 'public, no-store'],
    ['Cache-Control', 'max-age=60,NO-CACHE'],
    ['Cache-Control', 'no-cache="x, y"'],
    ['Cache-Control', 'must-revalidate'],
    ['Cache-Control', 'proxy-revalidate'],
    ['Cache-Control', 's-maxage=60'],
    ['CDN-Cache-Control', 'no-store'],
    ['Vary', '*'],
    ['Vary', 'Accept, Cookie'],
    ['Vary', 'Signature'],
  ])('never keeps a page with %s: %s, and drops the copy that is there', (name, value) => {
    const verdict = mayStore(question(), answer({ [name]: value }));
    expect(verdict.store).toBe(false);
    expect(gone(verdict)).toBe(true);
  });

  test('keeps only 200, and drops the copy of a page that is no longer there for strangers', () => {
    const dropped = [301, 302, 303, 307, 308, 401, 403, 404, 410, 451];
    const left = [201, 204, 206, 304, 400, 408, 429, 500, 502, 503];
    for (const status of [...dropped, ...left]) {
      const verdict = mayStore(question(), answer({}, status));
      expect(verdict.store).toBe(false);
      expect(gone(verdict)).toBe(dropped.includes(status));
    }
  });

  test('keeps GET only; a change that home accepted drops the copy, one that it refused does not', () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'PURGE']) {
      expect(gone(mayStore(question({}, '/page', method), answer()))).toBe(true);
      expect(gone(mayStore(question({}, '/page', method), answer({}, 403)))).toBe(false);
    }
    for (const method of ['HEAD', 'OPTIONS']) {
      const verdict = mayStore(question({}, '/page', method), answer());
      expect([verdict.store, gone(verdict)]).toEqual([false, false]);
    }
  });

  test('keeps no address that strangers can invent without end, nor one of the edge', () => {
    const long = `/${'x'.repeat(limits.copyPathLength)}`;
    for (const path of ['/page?a=1', '/page?', long, '/.porchlight/v1/spool']) {
      const stored = mayStore(question({}, path), answer()).store;
      expect(stored, path).toBe(path === '/page?');
    }
  });

  test('keeps an address with a query only when home ordered it, and drops what is kept of it like any other', () => {
    const outbox = question({ Accept: peer }, '/outbox?page=true');
    const page = answer({ 'Content-Type': 'application/activity+json' });
    expect(because(mayStore(outbox, page))).toBe('its address has a query');
    expect(gone(mayStore(outbox, page))).toBe(false);
    expect(mayStore(outbox, page, true)).toMatchObject({ store: true, variant: 'activitypub' });
    expect(mayStore(outbox, answer({}, 404))).toMatchObject({ store: false, gone: ['activitypub'] });
    expect(mayStore(outbox, answer({ 'Cache-Control': 'private' }))).toMatchObject({ gone: ['activitypub'] });
    expect(mayStore(question({}, `/page?${'a'.repeat(limits.copyPathLength)}`), answer(), true).store).toBe(false);
  });

  test('keeps what varies by cookie or signature as who has neither is shown it, if it is called public besides', () => {
    const vary = (control: string) => ({
      Vary: 'Accept, Accept-Language, Cookie, Signature',
      'Cache-Control': control,
    });
    const activity = { 'Content-Type': 'application/activity+json; charset=utf-8' };
    expect(mayStore(question({ Accept: peer }), answer({ ...vary('max-age=180, public'), ...activity }))).toMatchObject(
      {
        variant: 'activitypub',
      },
    );
    expect(mayStore(question({ Accept: browser }), answer(vary('public')))).toMatchObject({ variant: 'html' });
    for (const control of ['max-age=180', 'max-age=180, private', 'x=public', 'no-store, public']) {
      const verdict = mayStore(question({ Accept: peer }), answer({ ...vary(control), ...activity }));
      expect([verdict.store, gone(verdict)], control).toEqual([false, true]);
    }
    for (const name of ['Cookie', 'Signature']) {
      expect(mayStore(question({ [name]: 'x' }), answer(vary('public'))).store).toBe(false);
    }
    expect(mayStore(question(), answer({ Vary: 'Authorization', 'Cache-Control': 'public' })).store).toBe(false);
  });

  test('never keeps what is in an inbox, who of one server follows, nor a document that is old at once', () => {
    const activity = (control: string) =>
      answer({ 'Content-Type': 'application/activity+json', 'Cache-Control': control });
    for (const path of ['/inbox', '/users/me/inbox', '/users/me/inbox/', '/users/me/followers_synchronization']) {
      const verdict = mayStore(question({ Accept: peer }, path), activity('public'), true);
      expect([verdict.store, gone(verdict)], path).toEqual([false, true]);
    }
    const followers = question({ Accept: peer }, '/users/me/followers?page=1');
    expect(mayStore(followers, activity('max-age=0, public'), true).store).toBe(false);
    expect(mayStore(followers, activity('max-age=60, public'), true).store).toBe(true);
    expect(mayStore(question({}, '/inbox-zero'), answer()).store).toBe(true);
  });

  test('keeps only what has a known length within the limit', () => {
    const { 'Content-Length': _, ...rest } = Object.fromEntries(answer().headers);
    expect(
      because(
        mayStore(question(), { status: 200, headers: new Headers({ 'content-type': rest['content-type'] ?? '' }) }),
      ),
    ).toBe('its length is not known');
    for (const length of ['x', '-1', '1.5', String(limits.copyBytes + 1)]) {
      expect(mayStore(question(), answer({ 'Content-Length': length })).store, length).toBe(false);
    }
    expect(mayStore(question(), answer({ 'Content-Length': String(limits.copyBytes) })).store).toBe(true);
  });

  test('honours no-store of the visitor', () => {
    expect(mayStore(question({ 'Cache-Control': 'no-store' }), answer()).store).toBe(false);
    expect(mayStore(question({ 'Cache-Control': 'no-cache' }), answer()).store).toBe(true);
  });

  test('tells pages that vary by Accept apart, by what was asked and what came', () => {
    const vary = { Vary: 'Accept, Accept-Encoding' };
    const activity = { ...vary, 'Content-Type': 'application/activity+json; charset=utf-8' };
    expect(mayStore(question({ Accept: browser }), answer(vary))).toMatchObject({ variant: 'html' });
    expect(mayStore(question({ Accept: mastodon }), answer(activity))).toMatchObject({ variant: 'activitypub' });
    expect(mayStore(question({ Accept: 'image/png' }), answer({ ...vary, 'Content-Type': 'image/png' }))).toMatchObject(
      {
        variant: 'other',
      },
    );
  });

  test('keeps nothing that came in another kind than it was asked for: strangers cannot put it where others look', () => {
    const json = answer({ Vary: 'Accept', 'Content-Type': 'application/json' });
    expect(mayStore(question({ Accept: 'text/html;q=0.1, application/json' }), json).store).toBe(false);
  });

  test('tells pages and ActivityPub documents apart also when home does not say that it varies', () => {
    const json = answer({ 'Content-Type': 'application/activity+json' });
    const css = answer({ 'Content-Type': 'text/css' });
    const kept = (accept: string, given: typeof json) => {
      const verdict = mayStore(question({ Accept: accept }), given);
      return verdict.store ? verdict.variant : null;
    };
    expect([browser, mastodon, '*/*', 'text/css'].map((accept) => kept(accept, answer()))).toEqual([
      'html',
      null,
      'html',
      'html',
    ]);
    expect([browser, mastodon, '*/*', 'text/css'].map((accept) => kept(accept, json))).toEqual([
      null,
      'activitypub',
      'activitypub',
      'activitypub',
    ]);
    expect([browser, mastodon, '*/*', 'text/css'].map((accept) => kept(accept, css))).toEqual([
      'any',
      null,
      'any',
      'any',
    ]);
  });

  test('keeps a page that varies by language only as nobody asked for one', () => {
    const vary = answer({ Vary: 'Accept-Language' });
    expect(mayStore(question(), vary).store).toBe(true);
    const asked = mayStore(question({ 'Accept-Language': 'de' }), vary);
    expect([asked.store, gone(asked)]).toEqual([false, false]);
    expect(mayStore(question({ 'Accept-Language': 'de' }), answer()).store).toBe(true);
  });
});

describe('variantsFor()', () => {
  test('looks for the kind that was asked for, then for what does not vary', () => {
    expect(variantsFor(question({ Accept: browser }))).toEqual(['html', 'any']);
    expect(variantsFor(question({ Accept: mastodon }))).toEqual(['activitypub']);
    expect(variantsFor(question({ Accept: 'image/avif,image/webp' }))).toEqual(['other', 'any']);
    expect(variantsFor(question({ Accept: '*/*' }))).toEqual(['other', 'any', 'html']);
    expect(variantsFor(question({}, '/page', 'HEAD'))).toEqual(['other', 'any', 'html']);
  });

  test('gives a public copy to visitors with cookies and peers with signatures, and to nobody with Authorization', () => {
    expect(variantsFor(question({ Cookie: 'a=b', Signature: 'x' }))).not.toEqual([]);
    expect(variantsFor(question({ Authorization: 'Bearer x' }))).toEqual([]);
  });

  test('gives nothing to other methods and at addresses of the edge', () => {
    expect(variantsFor(question({}, '/page', 'POST'))).toEqual([]);
    expect(variantsFor(question({}, '/.porchlight/v1/spool'))).toEqual([]);
  });
});

describe('variantAsked()', () => {
  test('goes by weight, then by order', () => {
    expect(variantAsked('text/html;q=0.5, application/activity+json')).toBe('activitypub');
    expect(variantAsked('application/ld+json, text/html')).toBe('activitypub');
    expect(variantAsked('text/html, application/ld+json')).toBe('html');
    expect(variantAsked('text/html;q=0')).toBe('other');
    expect(variantAsked(null)).toBe('other');
  });
});

describe('acceptsCoding()', () => {
  test('gives encoded bytes only to those who can decode them', () => {
    expect(acceptsCoding('br, gzip', 'gzip')).toBe(true);
    expect(acceptsCoding(null, null)).toBe(true);
    expect(acceptsCoding(null, 'identity')).toBe(true);
    expect(acceptsCoding('gzip;q=0', 'gzip')).toBe(false);
    expect(acceptsCoding('gzip', 'zstd')).toBe(false);
    expect(acceptsCoding('*', 'zstd')).toBe(true);
    expect(acceptsCoding(null, 'gzip')).toBe(true);
    expect(acceptsCoding('', 'gzip')).toBe(false);
    expect(acceptsCoding('', null)).toBe(true);
    expect(acceptsCoding('gzip', 'gzip, br')).toBe(false);
  });
});

describe('directivesOf()', () => {
  test('finds every directive whatever surrounds it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('max-age=60', 'x="a, private"', 'public', 'ext', '', ' ', 'y=1'), { maxLength: 5 }),
        fc.constantFrom('no-store', 'NO-STORE', ' no-store ', 'no-store=1', 'no-store="x"'),
        (others, wanted) => {
          const headers = new Headers({ 'Cache-Control': [...others, wanted, ...others].join(',') });
          expect(directivesOf(headers).has('no-store')).toBe(true);
          expect(directivesOf(headers).has('private')).toBe(false);
        },
      ),
    );
  });
});
