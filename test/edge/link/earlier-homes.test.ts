// Home nodes of earlier releases, as they really spoke: their recorded messages, word for word, to the edge of today.

import { reset } from 'cloudflare:test';
import { beforeEach, expect, test } from 'vitest';
import { decodeMessage, type Frame, recordOf } from '../../../shared/link/codec.ts';
import { flags } from '../../../shared/link/frames.ts';
import { helloOf } from '../../../shared/link/handshake.ts';
import { requestHeadOf } from '../../../shared/link/heads.ts';
import { linkV1, linkV2, type RecordedLink, type RecordedMessage } from '../../vectors/recorded-link.ts';
import { addHome, migrated } from '../home/directory-database.ts';
import { bindings, HomeSocket, LinkRig } from './link-rig.ts';

type Stub = ReturnType<typeof stubOf>;
const stubOf = ({ homeId }: RecordedLink) => bindings.LINK.get(bindings.LINK.idFromName(homeId));

/** What the recorded home answers to, by path. */
const visits: Readonly<Record<string, () => RequestInit>> = {
  '/echo': () => ({ method: 'POST', body: new Blob(['a'.repeat(100 * 1024)]).stream() }),
};

class Replay {
  readonly socket: HomeSocket;
  readonly #stub: Stub;
  readonly results = new Map<string, Promise<unknown>>();
  readonly #leaving = new AbortController();
  /** Bytes of DATA that came and that were recorded, by stream. */
  readonly #came = new Map<number, number>();
  readonly #recorded = new Map<number, number>();

  constructor(socket: HomeSocket, stub: Stub) {
    this.socket = socket;
    this.#stub = stub;
  }

  async run(messages: readonly RecordedMessage[]): Promise<void> {
    for (const { from, bytes } of messages) {
      if (from === 'home') this.socket.send(bytes);
      else for (const frame of decodeMessage(bytes)) await this.#edge(frame);
    }
  }

  /** The edge of today says the same, after what made the recorded one say it. */
  async #edge(recorded: Frame): Promise<void> {
    const { name, stream } = recorded;
    if (name === 'WORK') await this.#stub.announceWork();
    if (name === 'REQUEST') this.#visit(requestHeadOf(recorded).path);
    if (name === 'CANCEL') this.#leaving.abort();
    if (name === 'DATA') {
      const wanted = (this.#recorded.get(stream) ?? 0) + recorded.payload.length;
      this.#recorded.set(stream, wanted);
      while ((this.#came.get(stream) ?? 0) < wanted) {
        const { payload } = await this.socket.next('DATA');
        this.#came.set(stream, (this.#came.get(stream) ?? 0) + payload.length);
      }
      return;
    }
    const frame = await this.socket.next(name);
    expect([frame.stream, frame.flags & flags.end]).toEqual([stream, recorded.flags & flags.end]);
    if (name === 'HELLO') expect(helloOf(frame).nonce).toBe(helloOf(recorded).nonce);
    if (name === 'REFUSED') expect(recordOf(frame).code).toBe(recordOf(recorded).code);
    if (name === 'WELCOME') {
      const { version, homeId, epoch, windows } = recordOf(recorded);
      expect(recordOf(frame)).toMatchObject({ version, homeId, epoch, windows });
    }
  }

  #visit(path: string): void {
    const request = new Request(`https://site.example${path}`, visits[path]?.());
    const answered = LinkRig.carryTo(this.#stub, request);
    if (path !== '/held') {
      const read = async (): Promise<unknown> => {
        const result = await answered;
        if (!('carried' in result)) return result;
        return { status: result.carried.status, text: await result.carried.text() };
      };
      this.results.set(path, read());
      return;
    }
    const leave = async (): Promise<void> => {
      const result = await answered;
      if (!('carried' in result)) throw new Error('not carried');
      const reader = result.carried.body?.getReader();
      await reader?.read();
      this.#leaving.signal.addEventListener('abort', () => void reader?.cancel());
    };
    this.results.set(path, leave());
  }
}

/** Dials as the recorded home did, and is given the nonce that it was given. */
async function dial(link: RecordedLink, messages: readonly RecordedMessage[]): Promise<Replay> {
  const stub = stubOf(link);
  const [first] = messages;
  const [hello] = first === undefined ? [] : decodeMessage(first.bytes);
  if (hello === undefined) throw new Error('no HELLO was recorded');
  const nonce = Uint8Array.from(atob(helloOf(hello).nonce.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
    c.charCodeAt(0),
  );
  await LinkRig.insideOf(stub, (object) => {
    const { random } = object.outside;
    // What home says it cannot reach is told at once.
    object.outside.carryHoldMs = 0;
    object.outside.random = { bytes: (count) => (count === nonce.length ? nonce : random.bytes(count)) };
  });
  const url = `${link.edge}/.porchlight/v1/link?home=${link.homeId}`;
  const { webSocket } = await stub.fetch(url, { headers: { Upgrade: 'websocket' } });
  if (webSocket === null) throw new Error('not upgraded');
  return new Replay(new HomeSocket(webSocket), stub);
}

beforeEach(async () => {
  await reset();
  await migrated();
});

test.each([
  ['1', linkV1],
  ['2', linkV2],
] as const)(
  'a home of version %s connects, is told of work, is carried to, sleeps, and gives way to a newer process',
  async (version, link) => {
    const stub = stubOf(link);
    await addHome(link.homeId, [new URL(`http://${link.visitorsHost}`).host], link.publicKey);
    const [night, morning, successor] = link.connections;
    if (night === undefined || morning === undefined || successor === undefined) throw new Error('not recorded');
    // Up to its WELCOME, and where it knows SERVICES, up to that.
    const opening = version === '1' ? 3 : 4;

    const first = await dial(link, night);
    await first.run(night);
    const result = async (path: string): Promise<unknown> => await first.results.get(path);
    expect(await result('/page')).toEqual({ status: 200, text: '<p>a page</p>' });
    expect(await result('/none')).toEqual({ status: 204, text: '' });
    expect(await result('/echo')).toEqual({ status: 200, text: `took ${100 * 1024}` });
    expect(await result('/large')).toEqual({ status: 200, text: 'b'.repeat(200 * 1024) });
    expect(await result('/down')).toEqual({ failed: 'service-down' });
    const asleep = { link: 'asleep', since: expect.any(Number), until: 1_900_000_000_000 };
    const stopped = { name: 's', state: 'down', why: 'stopped', until: 1_890_000_000_000 };
    expect(await stub.presence()).toMatchObject(version === '1' ? asleep : { ...asleep, services: [stopped] });
    first.socket.close();

    // The last message of that connection came when the next one had opened.
    const second = await dial(link, morning);
    await second.run(morning.slice(0, opening));
    expect(await stub.presence()).toMatchObject({ link: 'connected' });
    const third = await dial(link, successor);
    await third.run(successor.slice(0, opening));
    await second.run(morning.slice(opening));
    await third.run(successor.slice(opening));
    expect(await stub.presence()).toMatchObject({ link: 'asleep', until: null });
  },
);
