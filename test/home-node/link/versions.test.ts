// Home beside edges of this release and of the one before: what it says of its services where that is known, and that
// everything else works where it is not. The edge of the release before is there twice: recorded, and as today's edge
// that offers no other version.

import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateKeyPair } from 'jose';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { createLoopback } from '../../../home-node/carry/loopback.ts';
import { LinkClient } from '../../../home-node/link/client.ts';
import { systemTimers } from '../../../home-node/link/timers.ts';
import { systemRandom } from '../../../shared/clock.ts';
import { PorchlightError } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import {
  cancelOf,
  creditOf,
  decodeMessage,
  encodeTextFrame,
  type Frame,
  isEnd,
  recordOf,
} from '../../../shared/link/codec.ts';
import { frameTypes } from '../../../shared/link/frames.ts';
import { responseHeadOf } from '../../../shared/link/heads.ts';
import type { ServiceState } from '../../../shared/presence.ts';
import { linkV1, linkV2, type RecordedMessage } from '../../vectors/recorded-link.ts';
import { LinkStage } from './link-stage.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** The service that stood behind a recorded home; at /held it says this and no more. */
const recordedService =
  (held: string): RequestListener =>
  (request, response) => {
    if (request.url === '/page') response.setHeader('Content-Type', 'text/html').end('<p>a page</p>');
    else if (request.url === '/none') response.writeHead(204).end();
    else if (request.url === '/large') response.end(Buffer.alloc(200 * 1024, 'b'));
    else if (request.url === '/held') response.write(held);
    else {
      let bytes = 0;
      request.on('data', (data: Buffer) => {
        bytes += data.length;
      });
      request.on('end', () => response.end(`took ${bytes}`));
    }
  };

const blog: ServiceState = { name: 'blog', hosts: ['b.example'], state: 'down', since: 1, why: 'stopped', until: null };

async function listening(listener: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

interface Said {
  readonly heads: number[];
  bytes: number;
  ends: boolean;
  cancel: string | null;
}

/** What each stream has said, however it was cut into frames: heads, bytes of bodies, ends. */
function summary(frames: readonly Frame[]): Map<number, Said> {
  const streams = new Map<number, Said>();
  for (const frame of frames) {
    if (frame.stream === 0 || frame.name === 'CREDIT') continue;
    const stream = streams.get(frame.stream) ?? { heads: [], bytes: 0, ends: false, cancel: null };
    streams.set(frame.stream, stream);
    if (frame.name === 'RESPONSE') stream.heads.push(responseHeadOf(frame).status);
    else if (frame.name === 'DATA') stream.bytes += frame.payload.length;
    else if (frame.name === 'CANCEL') stream.cancel = cancelOf(frame).code;
    stream.ends ||= isEnd(frame);
  }
  return streams;
}

/** The recorded edge: says its part, each message when home has said as much as the recorded home had by then. */
class RecordedEdge {
  readonly origin: string;
  readonly heard: Frame[] = [];
  closed: number | null = null;
  #socket: WebSocket | null = null;
  readonly #sent = new Map<number, number>();

  private constructor(server: WebSocketServer) {
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', (socket) => {
      this.#socket = socket;
      socket.on('message', (message: Buffer, isBinary) => {
        if (isBinary) this.heard.push(...decodeMessage(new Uint8Array(message)));
        else socket.send('pong');
      });
      socket.on('close', (code) => {
        this.closed = code;
      });
    });
  }

  static async open(): Promise<RecordedEdge> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await new Promise((resolve) => server.once('listening', resolve));
    cleanups.push(() => {
      for (const socket of server.clients) socket.terminate();
      server.close();
    });
    return new RecordedEdge(server);
  }

  async run(messages: readonly RecordedMessage[]): Promise<void> {
    await vi.waitUntil(() => this.#socket !== null, { interval: 2 });
    const recorded: Frame[] = [];
    for (const { from, bytes } of messages) {
      if (from === 'home') {
        recorded.push(...decodeMessage(bytes));
        await this.#heardAll(recorded);
        continue;
      }
      await this.#mayBeSent(decodeMessage(bytes));
      this.#socket?.send(this.#own(bytes));
    }
  }

  /** Home gives credit as it likes: the recorded edge had waited for as much. */
  async #mayBeSent(frames: readonly Frame[]): Promise<void> {
    for (const { name, stream, payload } of frames) {
      if (name !== 'DATA') continue;
      const sent = (this.#sent.get(stream) ?? 0) + payload.length;
      this.#sent.set(stream, sent);
      const credit = (): number =>
        this.heard
          .filter((frame) => frame.name === 'CREDIT' && frame.stream === stream)
          .reduce((sum, frame) => sum + creditOf(frame), limits.streamInitialBytes);
      await vi.waitUntil(() => credit() >= sent, { timeout: 2_000, interval: 5 });
    }
  }

  /** Of all that was recorded only the origin is another: home dialled this one. */
  #own(bytes: Uint8Array<ArrayBuffer>): Uint8Array {
    const [frame] = decodeMessage(bytes);
    if (frame?.name !== 'HELLO') return bytes;
    return encodeTextFrame('HELLO', JSON.stringify({ ...recordOf(frame), edge: this.origin }));
  }

  async #heardAll(recorded: readonly Frame[]): Promise<void> {
    const onLink = (frames: readonly Frame[]): string[] =>
      frames.filter(({ stream }) => stream === 0).map(({ name }) => name);
    await vi.waitFor(
      () => {
        expect(onLink(this.heard)).toEqual(onLink(recorded));
        const heard = summary(this.heard);
        for (const [stream, said] of summary(recorded)) {
          // A body may be further already: the recorded service took breaks.
          expect(heard.get(stream)).toEqual({ ...said, bytes: expect.any(Number) });
          expect(heard.get(stream)?.bytes).toBeGreaterThanOrEqual(said.bytes);
        }
      },
      { timeout: 2_000, interval: 5 },
    );
  }
}

describe.each([
  [1, linkV1, 'begunmore more '],
  [2, linkV2, 'begunmore more more '],
] as const)('an edge of version %i, as it was recorded', (version, { connections, homeId, visitorsHost }, held) => {
  test('is connected to, announces work, is answered, and is told good night; of services it hears what it knows', async () => {
    const edge = await RecordedEdge.open();
    const { url } = await listening(recordedService(held));
    const loopback = createLoopback([{ name: 's', hosts: [visitorsHost], url }]);
    cleanups.push(() => loopback.close());
    let works = 0;
    let services: readonly ServiceState[] = [{ ...blog, state: 'up', why: null }];
    const home = new LinkClient({
      edge: edge.origin,
      homeId,
      key: (await generateKeyPair('EdDSA', { crv: 'Ed25519' })).privateKey,
      serve: async (request, signal) => {
        if (request.path === '/down') throw new PorchlightError('service-down', 'Cannot answer: it is down.');
        return await loopback.serve(request, signal);
      },
      services: () => services,
      onWork: () => {
        works += 1;
      },
      onState: () => undefined,
      random: systemRandom,
      timers: systemTimers,
    });
    cleanups.push(() => home.close());
    home.start();
    const messages = connections[0] ?? [];
    const last = messages.findLastIndex(({ bytes }) => bytes[0] === frameTypes.CANCEL);
    await edge.run(messages.slice(0, last + 1));
    services = [blog];
    home.tellServices();
    const slept = home.sleep(1_900_000_000_000);
    await vi.waitUntil(() => edge.heard.at(-1)?.name === 'SLEEP');
    await edge.run(messages.slice(-1));
    await slept;
    expect(works).toBe(1);
    const [proof] = edge.heard;
    const claims = Buffer.from(String(proof?.payload && Buffer.from(proof.payload)).split('.')[1] ?? '', 'base64url');
    expect(JSON.parse(claims.toString())).toMatchObject({ version, homeId });
    await vi.waitUntil(() => edge.closed !== null);
    expect(edge.closed).toBe(1000);
    const frames = ['PROOF', 'RESPONSE', 'DATA', 'CREDIT', 'CANCEL', 'SLEEP', ...(version === 1 ? [] : ['SERVICES'])];
    expect(new Set(edge.heard.map(({ name }) => name))).toEqual(new Set(frames));
    const recorded = messages.filter(({ from }) => from === 'home').flatMap(({ bytes }) => decodeMessage(bytes));
    expect(summary(edge.heard)).toEqual(summary(recorded));
    const onLink = (of: readonly Frame[]): string[] => of.filter(({ stream }) => stream === 0).map(({ name }) => name);
    expect(onLink(edge.heard)).toEqual(onLink(recorded));
    expect(recordOf(edge.heard.at(-1) as Frame)).toEqual({ until: 1_900_000_000_000 });
  });
});

describe.each([
  ['that offers only version 1', [1]],
  ['of today', undefined],
] as const)('an edge %s', (_, versions) => {
  test('carries, announces work, hears that a service is down, and good night', async () => {
    const stage = await LinkStage.open((__, response) => response.end('here'), undefined, versions);
    cleanups.push(() => stage.close());
    const states: ServiceState[] = [{ ...blog, hosts: [stage.host], state: 'up', why: null }];
    const { client } = await stage.openHome({
      services: () => states,
      serve: async (request, signal) => {
        if (states[0]?.state === 'down') throw new PorchlightError('service-down', 'Cannot answer: it is down.');
        return await stage.loopback.serve(request, signal);
      },
    });
    expect(await (await stage.get('/')).text()).toBe('here');
    await stage.get('/work');
    await vi.waitUntil(() => stage.works === 1);
    states[0] = { ...blog, hosts: [stage.host] };
    client.tellServices();
    const isOld = versions !== undefined;
    await vi.waitFor(
      async () => {
        const answer = (await (await stage.get('/')).json()) as Record<string, unknown>;
        if (isOld) expect(answer).toEqual({ failed: 'service-down' });
        else expect(answer).toMatchObject({ why: { reason: 'stopped', service: 'blog', until: null } });
      },
      { timeout: 10_000 },
    );
    expect('services' in (await stage.presence())).toBe(!isOld);
    await client.sleep(1_900_000_000_000);
    expect(await stage.presence()).toMatchObject({ link: 'asleep', until: 1_900_000_000_000 });
  }, 60_000);
});

test('a home that speaks only version 1 is carried to by the edge of today, which knows nothing of its services', async () => {
  const stage = await LinkStage.open((_, response) => response.end('here'));
  cleanups.push(() => stage.close());
  await stage.openHome({ versions: [1], services: () => [{ ...blog, hosts: [stage.host] }] });
  expect(await (await stage.get('/')).text()).toBe('here');
  expect(await stage.presence()).not.toHaveProperty('services');
}, 60_000);
