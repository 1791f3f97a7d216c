import { beforeEach, describe, expect, test } from 'vitest';
import { dnsOverHttps } from '../../../edge/http/resolve.ts';
import { type Fetched, safeFetch } from '../../../edge/http/safe-fetch.ts';
import { limits } from '../../../shared/limits.ts';
import { document, Internet, resolverUrl } from './internet.ts';

const url = 'https://peer.example/users/a';
let internet: Internet;
beforeEach(() => {
  internet = new Internet();
});

interface Options {
  readonly signal?: AbortSignal;
  readonly devOrigins?: readonly string[];
}

async function get(address: string, { signal, devOrigins = [] }: Options = {}): Promise<Fetched> {
  const ports = {
    fetcher: internet.fetcher,
    resolver: dnsOverHttps(resolverUrl, internet.fetcher),
    isOwnHost: async (host: string) => host === 'home.example',
    devOrigins: new Set(devOrigins),
  };
  const takes = (contentType: string) => contentType === 'application/activity+json';
  return await safeFetch(ports, {
    url: address,
    accept: 'application/activity+json',
    takes,
    signal: signal ?? new AbortController().signal,
  });
}

function redirectTo(location: string, status = 302): Response {
  return new Response(null, { status, headers: { Location: location } });
}

describe('safeFetch()', () => {
  test('fetches a document and says where it was', async () => {
    internet.add('peer.example', (request) => {
      expect(request.headers.get('Accept')).toBe('application/activity+json');
      expect(request.redirect).toBe('manual');
      return document({ id: url });
    });
    const fetched = await get(url);
    expect(fetched).toMatchObject({ fetched: 'document', url });
    if (fetched.fetched === 'document') expect(new TextDecoder().decode(fetched.body)).toBe(`{"id":"${url}"}`);
  });

  test.each([
    'http://peer.example/key',
    'https://peer.example:8443/key',
    'https://peer.example:80/key',
    'https://user@peer.example/key',
    'https://user:word@peer.example/key',
    'https://127.0.0.1/key',
    'https://2130706433/key',
    'https://0x7f.1/key',
    'https://017700000001/key',
    'https://[::1]/key',
    'https://[::ffff:10.0.0.1]/key',
    'https://93.184.215.14/key',
    'https://localhost/key',
    'https://intranet/key',
    'https://peer.example./key',
    'https://printer.local/key',
    'https://LOCALHOST/key',
    'https://a.localhost/key',
    'https://metadata.google.internal/key',
    'https://router.home.arpa/key',
    'https://duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion/key',
    'https://home.example/key',
    'ftp://peer.example/key',
    'file:///etc/passwd',
    'data:application/activity+json,{}',
    'javascript:0',
    'acct:a@peer.example',
    '/key',
    '',
  ])('does not ask %s', async (address) => {
    internet.add(URL.parse(address)?.host ?? 'peer.example', () => document({}));
    expect(await get(address)).toMatchObject({ fetched: 'forbidden' });
    expect(internet.asked).toEqual([]);
  });

  test.each([
    ['127.0.0.1'],
    ['10.1.2.3'],
    ['169.254.169.254'],
    ['fd00::1'],
    ['::ffff:127.0.0.1'],
    ['64:ff9b::7f00:1'],
    ['93.184.215.14', '192.168.1.1'],
    ['93.184.215.14', '2606:2800::1', 'fe80::1'],
  ])('does not ask a name that resolves to %s', async (...addresses) => {
    internet.add('peer.example', () => document({}), addresses);
    expect(await get(url)).toMatchObject({ fetched: 'forbidden' });
    expect(internet.asked).toEqual([]);
  });

  test('a name that does not exist is no host, one that cannot be resolved is a failure', async () => {
    expect(await get(url)).toMatchObject({ fetched: 'no-such-host' });
    const ports = { fetcher: internet.fetcher, isOwnHost: async () => false, devOrigins: new Set<string>() };
    const resolver = dnsOverHttps('https://unreachable.example/', internet.fetcher);
    const question = { url, accept: '*/*', takes: () => true, signal: new AbortController().signal };
    expect(await safeFetch({ ...ports, resolver }, question)).toMatchObject({ fetched: 'failed' });
  });

  test.each([
    [404, 'not-found'],
    [410, 'gone'],
    [500, 'failed'],
    [503, 'failed'],
    [401, 'failed'],
    [403, 'failed'],
    [204, 'failed'],
    [304, 'failed'],
  ])('status %i is %s', async (status, fetched) => {
    internet.add('peer.example', () => new Response(null, { status }));
    expect(await get(url)).toMatchObject({ fetched });
  });

  test('no connection is a failure', async () => {
    internet.add('peer.example', () => Promise.reject(new TypeError('connection reset')));
    expect(await get(url)).toMatchObject({ fetched: 'failed' });
  });

  test.each(['text/html', 'application/json', '', 'image/png'])('%j is of the wrong type', async (type) => {
    internet.add('peer.example', () => document({}, type));
    expect(await get(url)).toMatchObject({ fetched: 'wrong-type' });
  });
});

describe('redirects', () => {
  test.each([301, 302, 303, 307, 308])('%i is followed on the same site', async (status) => {
    internet.add('peer.example', () => redirectTo('https://social.peer.example/ap/1', status));
    internet.add('social.peer.example', () => document({}));
    expect(await get(url)).toMatchObject({ fetched: 'document', url: 'https://social.peer.example/ap/1' });
  });

  test('a relative target is followed', async () => {
    internet.add('peer.example', (request) => (request.url === url ? redirectTo('../ap/1') : document({})));
    expect(await get(url)).toMatchObject({ fetched: 'document', url: 'https://peer.example/ap/1' });
  });

  test.each([
    'https://other.example/users/a',
    'http://peer.example/users/a',
    'https://peer.example:8443/users/a',
    'https://127.0.0.1/users/a',
    'https://inside.peer.example/users/a',
    'file:///etc/passwd',
    'https://user:word@peer.example/users/a',
    'https://[',
  ])('to %s are not followed', async (target) => {
    internet.add('peer.example', () => redirectTo(target));
    internet.add('other.example', () => document({}));
    internet.add('inside.peer.example', () => document({}), ['10.0.0.1']);
    expect(await get(url)).toMatchObject({ fetched: 'forbidden' });
    expect(internet.asked).toEqual([url]);
  });

  test('tenants of one hoster are different sites', async () => {
    internet.add('a.github.io', () => redirectTo('https://b.github.io/'));
    internet.add('b.github.io', () => document({}));
    expect(await get('https://a.github.io/')).toMatchObject({ fetched: 'forbidden' });
  });

  test('a loop ends', async () => {
    internet.add('peer.example', () => redirectTo(url));
    expect(await get(url)).toMatchObject({ fetched: 'forbidden' });
    expect(internet.asked).toHaveLength(limits.keyRedirects + 1);
  });

  test('without a target it is a failure', async () => {
    internet.add('peer.example', () => new Response(null, { status: 302 }));
    expect(await get(url)).toMatchObject({ fetched: 'failed' });
  });
});

describe('size and time', () => {
  test('an answer of 50 MB is cut off', async () => {
    let sent = 0;
    let cancelled = false;
    const chunk = new Uint8Array(64 * 1024);
    internet.add('peer.example', () => {
      const body = new ReadableStream({
        pull(controller) {
          sent += chunk.length;
          if (sent > 50 * 1024 * 1024) controller.close();
          else controller.enqueue(chunk);
        },
        cancel() {
          cancelled = true;
        },
      });
      return new Response(body, { headers: { 'Content-Type': 'application/activity+json' } });
    });
    expect(await get(url)).toMatchObject({ fetched: 'too-large' });
    expect(cancelled).toBe(true);
    expect(sent).toBeLessThan(limits.keyBytes + 4 * chunk.length);
  });

  test('an answer that says it is too long is not read', async () => {
    internet.add('peer.example', () => {
      const headers = { 'Content-Type': 'application/activity+json', 'Content-Length': String(limits.keyBytes + 1) };
      return new Response('{}', { headers });
    });
    expect(await get(url)).toMatchObject({ fetched: 'too-large' });
  });

  test('an answer of exactly the limit is read', async () => {
    internet.add('peer.example', () => {
      const headers = { 'Content-Type': 'application/activity+json' };
      return new Response(new Uint8Array(limits.keyBytes), { headers });
    });
    expect(await get(url)).toMatchObject({ fetched: 'document' });
  });

  test.each<[string, (stop: () => void) => Response | Promise<Response>]>([
    [
      'a server that never answers',
      (stop) => {
        stop();
        return new Promise(() => undefined);
      },
    ],
    [
      'a body that never ends',
      (stop) => {
        const body = new ReadableStream({
          async pull(controller) {
            controller.enqueue(new Uint8Array(1));
            stop();
            await new Promise(() => undefined);
          },
        });
        return new Response(body, { headers: { 'Content-Type': 'application/activity+json' } });
      },
    ],
  ])('%s is slow', async (_, site) => {
    const controller = new AbortController();
    const stop = () => queueMicrotask(() => controller.abort(new Error('time is up')));
    internet.add('peer.example', () => site(stop));
    expect(await get(url, { signal: controller.signal })).toMatchObject({ fetched: 'slow' });
  });

  test('what begins too late is slow without a question', async () => {
    internet.add('peer.example', () => document({}));
    expect(await get(url, { signal: AbortSignal.abort() })).toMatchObject({ fetched: 'slow' });
    expect(internet.asked).toEqual([]);
  });
});

describe('origins named for development', () => {
  const devOrigins = ['http://127.0.0.1:4000'];

  test('are asked although they are loopback, plain and on a port', async () => {
    internet.add('127.0.0.1:4000', () => document({}));
    expect(await get('http://127.0.0.1:4000/users/a', { devOrigins })).toMatchObject({ fetched: 'document' });
  });

  test.each([
    'http://127.0.0.1:4001/users/a',
    'https://127.0.0.1:4000/users/a',
    'http://localhost:4000/users/a',
    'http://user@127.0.0.1:4000/users/a',
  ])('do not open %s', async (address) => {
    internet.add(new URL(address).host, () => document({}));
    expect(await get(address, { devOrigins })).toMatchObject({ fetched: 'forbidden' });
    expect(internet.asked).toEqual([]);
  });

  test('do not open what they redirect to', async () => {
    internet.add('127.0.0.1:4000', () => redirectTo('http://127.0.0.1:4001/'));
    internet.add('127.0.0.1:4001', () => document({}));
    expect(await get('http://127.0.0.1:4000/', { devOrigins })).toMatchObject({ fetched: 'forbidden' });
    expect(internet.asked).toEqual(['http://127.0.0.1:4000/']);
  });
});
