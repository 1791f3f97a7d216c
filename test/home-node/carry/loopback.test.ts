// Before the services: which of them is asked, what it is sent, and that nothing else in the house can be reached.

import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createLoopback, type Loopback } from '../../../home-node/carry/loopback.ts';
import { ByteQueue } from '../../../home-node/link/byte-queue.ts';
import type { LinkRequest, LinkResponse } from '../../../home-node/link/serve.ts';
import { limits } from '../../../shared/limits.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function service(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A service that answers with these bytes. */
async function raw(bytes: string): Promise<string> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(Buffer.from(bytes, 'latin1')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function loopback(url: string, hosts: readonly string[] = ['a.example']): Loopback {
  const made = createLoopback([{ name: 'a', hosts, url }]);
  cleanups.push(async () => await made.close());
  return made;
}

async function ask(
  to: Loopback,
  change: Partial<LinkRequest> = {},
  signal = new AbortController().signal,
): Promise<LinkResponse> {
  return await to.serve({ method: 'GET', path: '/', host: 'a.example', headers: [], body: null, ...change }, signal);
}

async function textOf(response: LinkResponse): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of response.body ?? []) parts.push(part);
  return Buffer.concat(parts).toString();
}

const echo: RequestListener = (request, response) => {
  response.end(`${request.method} ${request.url} for ${request.headers.host}`);
};

describe('the service', () => {
  test('is chosen by the host, from home’s own list', async () => {
    const [a, b] = [
      await service((_, response) => response.end('a')),
      await service((_, response) => response.end('b')),
    ];
    const made = createLoopback([
      { name: 'a', hosts: ['a.example', 'www.a.example'], url: a },
      { name: 'b', hosts: ['b.example:8080'], url: `${b}/ignored?path` },
    ]);
    cleanups.push(async () => await made.close());
    expect(await textOf(await ask(made, { host: 'a.example' }))).toBe('a');
    expect(await textOf(await ask(made, { host: 'WWW.A.example' }))).toBe('a');
    expect(await textOf(await ask(made, { host: 'b.example:8080' }))).toBe('b');
    for (const host of ['b.example', 'localhost', '127.0.0.1', new URL(a).host, 'evil.example', 'a.example.', '']) {
      await expect(ask(made, { host })).rejects.toMatchObject({ code: 'not-served' });
    }
  });

  test('alone is reached, whatever the target looks like: it stays the text of a path', async () => {
    const seen: string[] = [];
    const url = await service((request, response) => {
      seen.push(request.url ?? '');
      echo(request, response);
    });
    const to = loopback(url);
    const paths = [
      '//evil.example/x',
      '/..//../etc/passwd',
      '/@evil.example',
      '/%2e%2e/',
      '/a?u=http://evil.example',
      '/:80',
    ];
    for (const path of paths) await textOf(await ask(to, { path }));
    expect(seen).toEqual(paths);
    for (const path of ['http://evil.example/', 'https://127.0.0.1/', 'evil.example:443', '*', '']) {
      await expect(ask(to, { path })).rejects.toMatchObject({ code: 'bad-request' });
    }
    expect(seen).toEqual(paths);
  });

  test('whose redirect leads elsewhere is not followed', async () => {
    const url = await service((_, response) => response.writeHead(302, { Location: 'http://127.0.0.1:9/' }).end());
    const response = await ask(loopback(url));
    expect([response.status, response.headers]).toEqual([
      302,
      expect.arrayContaining(['Location', 'http://127.0.0.1:9/']),
    ]);
  });

  test('that does not run is said to be down; one that breaks off before its head, failed', async () => {
    await expect(ask(loopback('http://127.0.0.1:1'))).rejects.toMatchObject({ code: 'service-down' });
    const url = await service((request) => request.socket.destroy());
    await expect(ask(loopback(url))).rejects.toMatchObject({ code: 'failed' });
    await expect(ask(loopback(await raw('this is no HTTP\r\n\r\n')))).rejects.toMatchObject({ code: 'failed' });
  });

  test('is not asked what cannot be asked', async () => {
    const url = await service(echo);
    for (const headers of [
      ['Content-Length', '1', 'Content-Length', '2'],
      ['Content-Length', 'x'],
      ['Transfer-Encoding', 'chunked'],
      ['Upgrade', 'x'],
      ['A b', 'c'],
      ['A', 'b\r\nC: d'],
    ]) {
      await expect(ask(loopback(url), { headers })).rejects.toMatchObject({ code: 'bad-request' });
    }
  });
});

describe('a request', () => {
  test('reaches it with host and headers in order, text in UTF-8', async () => {
    let got: IncomingMessage | undefined;
    const url = await service((request, response) => {
      got = request;
      response.end();
    });
    await textOf(await ask(loopback(url), { headers: ['X-B', '1', 'X-A', 'café', 'X-B', '2'], method: 'DELETE' }));
    expect(got?.method).toBe('DELETE');
    const list = got?.rawHeaders ?? [];
    expect(list[list.findIndex((name) => name.toLowerCase() === 'host') + 1]).toBe('a.example');
    expect(list.filter((_, at) => /^x-/i.test(list[at - (at % 2)] ?? ''))).toEqual([
      'X-B',
      '1',
      'X-A',
      Buffer.from('café').toString('latin1'),
      'X-B',
      '2',
    ]);
  });

  test('with a body passes it on as it comes, and takes no more than the service reads', async () => {
    let request: IncomingMessage | undefined;
    const url = await service((incoming, response) => {
      request = incoming;
      incoming.pause();
      incoming.on('end', () => response.end('read it all'));
    });
    const body = new ByteQueue();
    let taken = 0;
    body.onTaken = (bytes) => {
      taken += bytes;
    };
    const total = 64 * 1024 * 1024;
    for (let n = 0; n < total; n += 65_536) body.put(new Uint8Array(65_536));
    body.end();
    const answer = ask(loopback(url), { method: 'POST', body });
    let before = -1;
    await vi.waitUntil(
      () => {
        const isStill = taken === before && request !== undefined;
        before = taken;
        return isStill;
      },
      { interval: 100, timeout: 10_000 },
    );
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(total / 2);
    request?.resume();
    expect(await textOf(await answer)).toBe('read it all');
    expect(taken).toBe(total);
  });

  test('whose body breaks off is broken off at the service', async () => {
    let isAborted = false;
    const url = await service((incoming) => {
      incoming.on('error', () => undefined);
      incoming.on('close', () => {
        isAborted = !incoming.complete;
      });
    });
    const body = new ByteQueue();
    body.put(Uint8Array.of(1));
    const answer = ask(loopback(url), { method: 'POST', body });
    const told = expect(answer).rejects.toMatchObject({ code: 'failed' });
    await new Promise((resolve) => setImmediate(resolve));
    body.fail(new Error('the visitor left'));
    await told;
    await vi.waitUntil(() => isAborted);
  });

  test('that is cancelled ends at the service, before and after its head', async () => {
    let closed = 0;
    let came = 0;
    const url = await service((request, response) => {
      came += 1;
      response.on('close', () => {
        closed += 1;
      });
      if (request.url === '/begun') response.write('begun');
    });
    const to = loopback(url);
    const first = new AbortController();
    const silent = ask(to, {}, first.signal);
    const told = expect(silent).rejects.toThrow();
    await vi.waitUntil(() => came === 1);
    first.abort();
    await told;
    await vi.waitUntil(() => closed === 1);
    const second = new AbortController();
    const response = await ask(to, { path: '/begun' }, second.signal);
    second.abort();
    await vi.waitUntil(() => closed === 2 && response.body?.failure !== null);
    await expect(textOf(response)).rejects.toThrow();
  });
});

describe('an answer', () => {
  test('comes without headers of the connection, others as they were', async () => {
    const url = await raw(
      'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nConnection: close, X-Drop\r\nX-Drop: 1\r\nset-cookie: b=2\r\n' +
        'Keep-Alive: timeout=5\r\nX-Text: caf\xc3\xa9\r\nX-Latin: caf\xe9\r\nContent-Length: 2\r\n\r\nhi',
    );
    const response = await ask(loopback(url));
    const expected = [
      'Set-Cookie',
      'a=1',
      'set-cookie',
      'b=2',
      'X-Text',
      'café',
      'X-Latin',
      'café',
      'Content-Length',
      '2',
    ];
    expect(response.headers).toEqual(expected);
    expect(await textOf(response)).toBe('hi');
  });

  test('of 103 is not the answer, and trailers are dropped', async () => {
    const url = await raw(
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n' +
        'Trailer: X-T\r\n\r\n2\r\nhi\r\n0\r\nX-T: 1\r\n\r\n',
    );
    const response = await ask(loopback(url));
    expect([response.status, response.headers]).toEqual([200, []]);
    expect(await textOf(response)).toBe('hi');
  });

  test('to HEAD, of 204 and of 304 has no body', async () => {
    const url = await service((_, response) => response.writeHead(200, { 'Content-Length': 5 }).end());
    expect((await ask(loopback(url), { method: 'HEAD' })).body).toBeNull();
    expect((await ask(loopback(await raw('HTTP/1.1 204 No Content\r\n\r\n')))).body).toBeNull();
    expect((await ask(loopback(await raw('HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n')))).body).toBeNull();
  });

  test('that nobody reads makes the service wait', async () => {
    let written = 0;
    const url = await service((_, response) => {
      const write = (): void => {
        while (response.write(Buffer.alloc(65_536))) written += 65_536;
      };
      response.on('drain', write);
      write();
    });
    const ends = new AbortController();
    const response = await ask(loopback(url), {}, ends.signal);
    let before = -1;
    await vi.waitUntil(
      () => {
        const isStill = written === before;
        before = written;
        return isStill;
      },
      { interval: 100, timeout: 10_000 },
    );
    expect(response.body?.length).toBeLessThan(limits.streamWindowBytes);
    ends.abort();
  });
});
