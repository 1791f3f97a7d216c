// Home against an edge that is somebody else's: whatever frames come, only what home's own list names is asked, at the
// address that the list has, and the rest of the house is not reached. Beside the service stands a neighbour that must
// never be asked.

import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { OpenLink } from '../../../home-node/link/open-link.ts';
import type { Sink } from '../../../home-node/link/outbox.ts';
import { type Carrier, createCarrier } from '../../../home-node/services/carrier.ts';
import { limits } from '../../../shared/limits.ts';
import { cancelOf, decodeMessage, encodeFrame, encodeTextFrame, type Frame } from '../../../shared/link/codec.ts';
import { flags } from '../../../shared/link/frames.ts';
import { responseHeadOf } from '../../../shared/link/heads.ts';

let port = 0;
let neighbour = 0;
/** Connections to the neighbour. */
let intrusions = 0;
const seen: IncomingMessage[] = [];
let answer: RequestListener = (_, response) => response.end('ok');
let carrier: Carrier;
const cleanups: (() => unknown)[] = [];

beforeAll(async () => {
  const service = createServer((request, response) => {
    seen.push(request);
    request.on('error', () => undefined);
    answer(request, response);
  });
  const other = createTcpServer((socket) => {
    intrusions += 1;
    socket.destroy();
  });
  for (const server of [service, other]) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => server.close());
  }
  port = (service.address() as AddressInfo).port;
  neighbour = (other.address() as AddressInfo).port;
  const origin = (): string => `http://127.0.0.1:${port}`;
  carrier = createCarrier([{ name: 'blog', hosts: ['blog.example'], origin }]);
  cleanups.push(
    async () => await carrier.close(),
    () => service.closeAllConnections(),
  );
});
afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});
beforeEach(() => {
  seen.length = 0;
  answer = (_, response) => response.end('ok');
});

/** Home's end of a link whose other end is the test. */
class HostileEdge {
  readonly frames: Frame[] = [];
  readonly #link: OpenLink;

  constructor() {
    const sink: Sink = {
      bufferedAmount: 0,
      send: (message, sent) => {
        this.frames.push(...decodeMessage(new Uint8Array(message)));
        sent();
      },
    };
    this.#link = new OpenLink({
      sink,
      version: 3,
      initialBytes: limits.streamInitialBytes,
      serve: carrier.serve,
      onWork: () => undefined,
      onSlept: () => undefined,
      onDrain: () => undefined,
      onRefused: () => undefined,
    });
  }

  /** Status of what home answers, or why it does not; `broken` when the frame ends the link. */
  async request(head: Readonly<Record<string, unknown>>, body?: string): Promise<number | string> {
    const whole = { method: 'GET', path: '/', host: 'blog.example', headers: [], ...head };
    const frames = [encodeTextFrame('REQUEST', JSON.stringify(whole), 1, body === undefined ? flags.end : 0)];
    if (body !== undefined) frames.push(encodeFrame('DATA', 1, new TextEncoder().encode(body), flags.end));
    try {
      for (const frame of frames) this.#link.receive(decodeMessage(frame));
    } catch {
      return 'broken';
    }
    const frame = await vi.waitUntil(() => this.frames.find(({ name }) => name === 'RESPONSE' || name === 'CANCEL'), {
      timeout: 10_000,
      interval: 5,
    });
    return frame.name === 'CANCEL' ? cancelOf(frame).code : responseHeadOf(frame).status;
  }
}

async function ask(head: Readonly<Record<string, unknown>>, body?: string): Promise<number | string> {
  return await new HostileEdge().request(head, body);
}

describe('an edge that is somebody else’s', () => {
  test('reaches the service that home’s list names', async () => {
    expect(await ask({})).toBe(200);
    expect(seen.map(({ url, headers }) => [url, headers.host])).toEqual([['/', 'blog.example']]);
  });

  test('reaches no other host', async () => {
    const hosts = [
      `127.0.0.1:${neighbour}`,
      `localhost:${neighbour}`,
      `[::1]:${neighbour}`,
      `127.0.0.1:${port}`,
      '127.0.0.1',
      'localhost',
      '192.168.1.1',
      'router.lan',
      `blog.example:${neighbour}`,
      'blog.example:80',
      'blog.example.',
      '.blog.example',
      'www.blog.example',
      `blog.example@127.0.0.1:${neighbour}`,
      `127.0.0.1:${neighbour}#blog.example`,
      `127.0.0.1:${neighbour}/blog.example`,
      'blog.example\r\nHost: 127.0.0.1',
      'blog.example, 127.0.0.1',
      ' blog.example',
      'blog.example\0',
      '*',
      '',
    ];
    for (const host of hosts)
      expect([host, await ask({ host })]).toEqual([host, host === '' ? 'broken' : 'not-served']);
    expect([seen.length, intrusions]).toEqual([0, 0]);
  });

  test('asks the service for a path and nothing else, whatever the path looks like', async () => {
    const there = `127.0.0.1:${neighbour}`;
    const paths = [`//${there}/`, `/@${there}/`, `/\\${there}`, `/http://${there}/`, '/../../etc/passwd', '/%0d%0aX:1'];
    for (const path of paths) expect([path, await ask({ path })]).toEqual([path, 200]);
    expect(seen.map(({ url, headers }) => [url, headers.host])).toEqual(paths.map((path) => [path, 'blog.example']));
    expect(intrusions).toBe(0);
  });

  test('is not heard at all with a target that is no path', async () => {
    const there = `127.0.0.1:${neighbour}`;
    const targets = [
      `http://${there}/`,
      `${there}`,
      `@${there}/`,
      '*',
      '',
      'x',
      '/a b',
      '/ HTTP/1.1\r\nHost: evil\r\n\r\nGET /',
      '/\n',
      '/\0',
      '/\t',
      '/\u0100',
      7,
      null,
    ];
    for (const path of targets) expect([path, await ask({ path })]).toEqual([path, 'broken']);
    expect([seen.length, intrusions]).toEqual([0, 0]);
  });

  test('cannot make one request two, nor give it another host', async () => {
    const cases: [string | number, Readonly<Record<string, unknown>>][] = [
      ['broken', { method: 'GET / HTTP/1.1\r\nX: ' }],
      ['broken', { headers: ['X', '1\r\n\r\nGET /second HTTP/1.1'] }],
      ['broken', { headers: ['X\r\nY', '1'] }],
      ['broken', { headers: ['X: 1'] }],
      ['broken', { upgrade: 'h2c' }],
      ['bad-request', { headers: ['Host', '127.0.0.1'] }],
      ['bad-request', { headers: ['Transfer-Encoding', 'chunked'] }],
      ['bad-request', { headers: ['Upgrade', 'websocket'] }],
      ['bad-request', { headers: ['Expect', '100-continue'] }],
      ['bad-request', { headers: ['Content-Length', '1', 'Content-Length', '2'] }],
      ['bad-request', { headers: ['Content-Length', '+1'] }],
      ['bad-request', { headers: ['Content-Length', '1, 1'] }],
    ];
    for (const [expected, head] of cases) {
      expect([head, await ask({ method: 'POST', ...head })]).toEqual([head, expected]);
    }
    expect([seen.length, intrusions]).toEqual([0, 0]);
  });

  test('has no say in the connection to the service', async () => {
    expect(await ask({ headers: ['Connection', 'Upgrade, X-Forwarded-For', 'X-Forwarded-For', '203.0.113.7'] })).toBe(
      200,
    );
    expect(seen.map(({ headers }) => [headers.connection, headers['x-forwarded-for']])).toEqual([
      ['keep-alive', '203.0.113.7'],
    ]);
  });

  test('cannot lead home elsewhere by the service’s own words', async () => {
    answer = (_, response) => response.writeHead(307, { Location: `http://127.0.0.1:${neighbour}/` }).end();
    expect(await ask({})).toBe(307);
    expect([seen.length, intrusions]).toEqual([1, 0]);
  });

  test('does not reach home’s own calls at a service', async () => {
    for (const path of ['/.porchlight/v1/x', '/.Porchlight/', '/%2eporchlight/v1/x']) {
      expect([path, await ask({ path })]).toEqual([path, 'not-served']);
    }
    expect(seen.length).toBe(0);
  });
});

describe('the length of a request', () => {
  test.each([
    ['shorter', '10', 'abc'],
    ['longer', '2', 'abcGET /second HTTP/1.1\r\nHost: blog.example\r\n\r\n'],
  ])('that is %s than it says is never a whole request, nor two', async (_, length, body) => {
    let ended = 0;
    let broken = 0;
    answer = (request) => {
      request.on('end', () => {
        ended += 1;
      });
      request.on('close', () => {
        if (!request.complete) broken += 1;
      });
      request.resume();
    };
    expect(await ask({ method: 'POST', headers: ['Content-Length', length] }, body)).toBe('bad-request');
    await vi.waitUntil(() => broken === seen.length);
    expect([ended, seen.map(({ url }) => url).filter((url) => url !== '/')]).toEqual([0, []]);
  });

  test('is what the frames say where the header says nothing or too much', async () => {
    const bodies: string[] = [];
    answer = (request, response) => {
      let text = '';
      request.on('data', (part) => {
        text += String(part);
      });
      request.on('end', () => {
        bodies.push(`${request.method} ${request.headers['content-length'] ?? '-'} ${text}`);
        response.end();
      });
    };
    expect(await ask({ method: 'PUT' }, 'abc')).toBe(200);
    expect(await ask({ method: 'DELETE' }, 'abc')).toBe(200);
    expect(await ask({ method: 'GET', headers: ['Content-Length', '3'] }, 'abc')).toBe(200);
    expect(await ask({ method: 'POST', headers: ['Content-Length', '3'] })).toBe(200);
    expect(await ask({ method: 'GET', headers: ['Content-Length', '3'] })).toBe(200);
    expect(bodies).toEqual(['PUT 3 abc', 'DELETE 3 abc', 'GET 3 abc', 'POST 0 ', 'GET - ']);
  });
});
