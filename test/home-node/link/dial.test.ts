// Home before edges that are not what they should be: it signs nothing for the wrong one, believes nothing malformed,
// notices silence, and masks as the wire needs it.

import { createHash } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { type CryptoKey, generateKeyPair } from 'jose';
import { generate } from 'selfsigned';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { LinkClient, type LinkState, soonAgain } from '../../../home-node/link/client.ts';
import type { Timers } from '../../../home-node/link/timers.ts';
import { limits } from '../../../shared/limits.ts';
import { decodeMessage, encodeFrame, encodeTextFrame } from '../../../shared/link/codec.ts';
import { closeCodes, ping } from '../../../shared/link/frames.ts';
import { selfSigned } from '../../support/certificates.ts';

const windows = { initialBytes: limits.streamInitialBytes };
const welcome = { version: 1, homeId: 'h', session: 's', epoch: 1, windows };
const requestHead = { method: 'GET', path: '/', host: 'a.example', headers: [] };
let key: CryptoKey;
const cleanups: (() => void)[] = [];

beforeAll(async () => {
  key = (await generateKeyPair('EdDSA', { crv: 'Ed25519' })).privateKey;
});
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** Timers that run when the test says so. */
class HandTimers implements Timers {
  readonly waiting: { readonly ms: number; readonly run: () => void }[] = [];

  after(ms: number, run: () => void): () => void {
    const timer = { ms, run };
    this.waiting.push(timer);
    return () => {
      const at = this.waiting.indexOf(timer);
      if (at !== -1) this.waiting.splice(at, 1);
    };
  }

  fire(ms: number): void {
    const at = this.waiting.findIndex((timer) => timer.ms === ms);
    this.waiting.splice(at, 1)[0]?.run();
  }
}

/** An edge that does with a new socket what the test says. */
async function edge(onSocket: (socket: WebSocket, origin: string) => void): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.on('connection', (socket) => onSocket(socket, origin));
  cleanups.push(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return origin;
}

function hello(edgeOrigin: string, versions: readonly number[] = [1]): Uint8Array {
  return encodeTextFrame('HELLO', JSON.stringify({ versions, nonce: 'n', edge: edgeOrigin }));
}

function dial(
  origin: string,
  timers: Timers = new HandTimers(),
  ca?: string,
): { client: LinkClient; states: LinkState[] } {
  const states: LinkState[] = [];
  const client = new LinkClient({
    edge: origin,
    homeId: 'h',
    key,
    ...(ca === undefined ? {} : { ca }),
    serve: async () => ({ status: 200, headers: [], body: null }),
    onWork: () => undefined,
    onState: (state) => states.push(state),
    random: { bytes: (count) => new Uint8Array(count).fill(7) },
    timers,
  });
  cleanups.push(() => client.close());
  client.start();
  return { client, states };
}

async function lostWith(states: readonly LinkState[]): Promise<string> {
  const lost = await vi.waitUntil(() => states.find((state) => state.link === 'lost'), { timeout: 5000 });
  return lost?.link === 'lost' ? lost.code : '';
}

/** Opens the link as a true edge would, then goes on as the test says. */
function opening(then: (socket: WebSocket) => void): (socket: WebSocket, origin: string) => void {
  return (socket, origin) => {
    socket.send(hello(origin));
    socket.once('message', () => {
      socket.send(encodeTextFrame('WELCOME', JSON.stringify(welcome)));
      then(socket);
    });
  };
}

describe('home signs nothing', () => {
  test('for an edge that calls itself otherwise than home dialled it', async () => {
    const said: unknown[] = [];
    const origin = await edge((socket) => {
      socket.on('message', (message) => said.push(message));
      socket.send(hello('https://edge.example'));
    });
    expect(await lostWith(dial(origin).states)).toBe('wrong-edge');
    expect(said).toEqual([]);
  });

  test('for an edge with which it has no version in common, and says so', async () => {
    const said: string[] = [];
    const origin = await edge((socket, own) => {
      socket.on('message', (message: Buffer) => {
        said.push(...decodeMessage(new Uint8Array(message)).map((frame) => frame.name));
      });
      socket.send(hello(own, [77]));
    });
    expect(await lostWith(dial(origin).states)).toBe('no-common-version');
    await vi.waitUntil(() => said.length > 0);
    expect(said).toEqual(['REFUSED']);
  });

  test.each([
    ['junk', Uint8Array.of(1, 2, 3)],
    ['another frame first', encodeFrame('WORK')],
    ['a HELLO that is none', encodeTextFrame('HELLO', '{}')],
  ])('for an edge that begins with %s', async (_, message) => {
    const origin = await edge((socket) => socket.send(message));
    expect(['link-unreachable', 'link-malformed']).toContain(await lostWith(dial(origin).states));
  });

  test('where nobody listens, and dials again', async () => {
    const timers = new HandTimers();
    const { states } = dial('http://127.0.0.1:1', timers);
    expect(await lostWith(states)).toBe('link-unreachable');
    const first = timers.waiting.at(-1)?.ms ?? 0;
    timers.fire(first);
    await vi.waitUntil(() => states.filter((state) => state.link === 'lost').length === 2);
    expect(timers.waiting.at(-1)?.ms).toBeGreaterThan(first * 1.9);
  });
});

describe('an answer instead of a socket', () => {
  const answering = async (status: number, body: string): Promise<LinkState | undefined> => {
    const server = createHttpServer((_, response) => response.writeHead(status).end(body));
    server.on('upgrade', (_, socket) => {
      socket.on('error', () => undefined);
      socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => server.close());
    const { states } = dial(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await lostWith(states);
    return states.find((state) => state.link === 'lost');
  };

  test.each([
    [403, 'not-this-home'],
    [421, 'unknown-host'],
  ])('%s %s means that the edge does not know this home, which its owner must mend', async (status, code) => {
    expect(await answering(status, JSON.stringify({ code }))).toMatchObject({
      code: 'unknown-home',
      reason: expect.stringContaining('porchlight claim CODE'),
    });
  });

  test.each([
    ['another refusal of the edge', 403, '{"code":"else"}', '403 (else)'],
    ['a page of something on the way', 403, '<h1>Blocked</h1>', '403 (not-from-the-edge)'],
    ['a page without end', 503, 'x'.repeat(1_000_000), '503 (not-from-the-edge)'],
    ['JSON that is no refusal', 200, '{"code":7}', '200 (not-from-the-edge)'],
    ['nothing', 500, '', '500 (not-from-the-edge)'],
  ])('that is %s says nothing about this home', async (_, status, body, said) => {
    expect(await answering(status, body)).toMatchObject({
      code: 'link-unreachable',
      reason: expect.stringContaining(said),
    });
  });
});

describe('an open link', () => {
  test('serves what came right behind the WELCOME', async () => {
    const answers: string[] = [];
    const origin = await edge(
      opening((socket) => {
        socket.send(encodeTextFrame('REQUEST', JSON.stringify(requestHead), 1, 1));
        socket.on('message', (message: Buffer) => {
          answers.push(...decodeMessage(new Uint8Array(message)).map((frame) => frame.name));
        });
      }),
    );
    dial(origin);
    await vi.waitUntil(() => answers.length > 0);
    expect(answers).toEqual(['RESPONSE']);
  });

  test.each([
    ['junk', Uint8Array.of(9, 9), 'link-malformed'],
    ['a frame that only home sends', encodeTextFrame('SLEEP', '{"until":null}'), 'link-untimely'],
    [
      'a request for something that is no path',
      encodeTextFrame('REQUEST', '{"method":"GET","path":"http://x/","host":"a","headers":[]}', 1),
      'link-malformed',
    ],
    [
      'DATA of a request that has none',
      new Uint8Array([
        ...encodeTextFrame('REQUEST', JSON.stringify(requestHead), 1, 1),
        ...encodeFrame('DATA', 1, Uint8Array.of(1)),
      ]),
      'link-untimely',
    ],
  ])('is closed by home when the edge sends %s', async (_, message, code) => {
    let closed = 0;
    const origin = await edge(
      opening((socket) => {
        socket.on('close', (with_) => {
          closed = with_;
        });
        socket.send(message);
      }),
    );
    const { states } = dial(origin);
    expect(await lostWith(states)).toBe(code);
    await vi.waitUntil(() => closed !== 0);
    expect(closed).toBe(closeCodes.protocol);
  });

  test('takes no more of a request body than it gave credit for', async () => {
    const head = encodeTextFrame('REQUEST', JSON.stringify(requestHead), 1);
    const own = encodeFrame('DATA', 1, new Uint8Array(limits.streamInitialBytes));
    const more = encodeFrame('DATA', 1, new Uint8Array(1));
    const origin = await edge(opening((socket) => socket.send(Buffer.concat([head, own, more]))));
    expect(await lostWith(dial(origin).states)).toBe('link-overrun');
  });

  test('that closes without a word is lost, and nobody can say good night on it', async () => {
    const origin = await edge(opening((socket) => socket.close(1012)));
    const { client, states } = dial(origin);
    expect(await lostWith(states)).toBe('link-lost');
    await expect(client.sleep(null)).rejects.toMatchObject({ code: 'link-not-open' });
  });

  test('that is lost soon after it opened is dialled again at once, but not for ever', async () => {
    const timers = new HandTimers();
    const origin = await edge(opening((socket) => socket.close(1012)));
    const { states } = dial(origin, timers);
    const waits: number[] = [];
    while (waits.length < soonAgain + 4) {
      const lost = await vi.waitUntil(() => states.splice(0).find((state) => state.link === 'lost'), { interval: 1 });
      const { retryMs } = lost as Extract<LinkState, { link: 'lost' }>;
      waits.push(retryMs);
      timers.fire(retryMs);
    }
    const soon = waits.slice(0, soonAgain);
    expect(new Set(soon).size).toBe(1);
    expect(soon[0]).toBeLessThanOrEqual(250);
    expect(waits.at(-1)).toBeGreaterThan(2_000);
  });

  test('that goes silent is noticed by a ping without an answer, and dialled again', async () => {
    const timers = new HandTimers();
    const pings: string[] = [];
    const origin = await edge(
      opening((socket) => {
        socket.on('message', (message: Buffer, isBinary) => {
          if (!isBinary) pings.push(message.toString());
          if (pings.length === 1) socket.send('pong');
        });
      }),
    );
    const { client, states } = dial(origin, timers);
    await vi.waitUntil(() => client.session !== null);
    timers.fire(limits.linkPingMs);
    await vi.waitUntil(() => timers.waiting.some((timer) => timer.ms === limits.linkPingMs));
    timers.fire(limits.linkPingMs);
    await vi.waitUntil(() => pings.length === 2);
    expect(pings).toEqual([ping, ping]);
    // The edge must not believe in it for longer than home does.
    expect(limits.linkPingMs + limits.linkPongMs).toBeLessThanOrEqual(20_000);
    expect(limits.linkStaleMs).toBe(20_000);
    timers.fire(limits.linkPongMs);
    expect(await lostWith(states)).toBe('link-silent');
    expect(client.session).toBeNull();
  });
});

test.each([
  ['expired', -10],
  ['is not yet valid', 10],
])(
  'an edge whose certificate %s by home’s clock is not believed, and home says that the clock may be wrong',
  async (_, days) => {
    const made = await selfSigned(days - 1, days + 1);
    const server = createTlsServer(made, (socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => server.close());
    const { states } = dial(`https://localhost:${(server.address() as AddressInfo).port}`, new HandTimers(), made.cert);
    expect(await lostWith(states)).toBe('link-unreachable');
    const lost = states.find((state) => state.link === 'lost');
    expect(lost?.link === 'lost' && lost.reason).toMatch(
      /certificate (has expired|is not yet valid) by home's clock, which says \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ; set the clock/,
    );
  },
);

/** The masks of the frames that a client sends, read from the bytes on the wire. */
async function masksOf(
  origin: (port: number) => string,
  listen: (onSocket: (socket: Socket) => void) => ReturnType<typeof createTcpServer>,
  ca?: string,
): Promise<string[]> {
  const masks: string[] = [];
  const server = listen((socket) => {
    let bytes = Buffer.alloc(0);
    let isUpgraded = false;
    socket.on('error', () => undefined);
    socket.on('data', (part: Buffer) => {
      bytes = Buffer.concat([bytes, part]);
      if (!isUpgraded && bytes.includes('\r\n\r\n')) {
        const nonce = /sec-websocket-key: (\S+)/i.exec(bytes.toString('latin1'))?.[1] ?? '';
        const accept = createHash('sha1').update(`${nonce}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
        );
        const frame = hello(origin((server.address() as AddressInfo).port));
        socket.write(Buffer.concat([Buffer.from([0x82, 126, frame.length >> 8, frame.length & 255]), frame]));
        bytes = Buffer.alloc(0);
        isUpgraded = true;
      } else if (isUpgraded && bytes.length >= 8) {
        masks.push(bytes.subarray(4, 8).toString('hex'));
        socket.destroy();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  dial(origin((server.address() as AddressInfo).port), new HandTimers(), ca);
  await vi.waitUntil(() => masks.length > 0, { timeout: 5000 });
  return masks;
}

describe('masking', () => {
  test('is random on plain HTTP, where something on the way might read the frames as requests', async () => {
    expect(
      await masksOf(
        (port) => `http://127.0.0.1:${port}`,
        (onSocket) => createTcpServer(onSocket),
      ),
    ).not.toContain('00000000');
  });

  test('is by zeros inside TLS, where it would only burn home’s power', async () => {
    const made = await generate([{ name: 'commonName', value: 'localhost' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
    });
    const masks = await masksOf(
      (port) => `https://localhost:${port}`,
      (onSocket) => createTlsServer({ key: made.private, cert: made.cert }, onSocket),
      made.cert,
    );
    expect(masks).toEqual(['00000000']);
  });
});
