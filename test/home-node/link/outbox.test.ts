// The order in which home sends: small frames first, bodies in turn, never more than credit and socket allow.

import { describe, expect, test } from 'vitest';
import { ByteQueue } from '../../../home-node/link/byte-queue.ts';
import { LinePace } from '../../../home-node/link/line-pace.ts';
import { Outbox, type Sink } from '../../../home-node/link/outbox.ts';
import { limits } from '../../../shared/limits.ts';
import { decodeMessage, encodeCredit, encodeTextFrame, type Frame, isEnd } from '../../../shared/link/codec.ts';
import { LinkSession, type Stream } from '../../../shared/link/session.ts';

/** A socket that sends when the test lets it. */
class SlowSink implements Sink {
  bufferedAmount = 0;
  readonly messages: Frame[][] = [];
  readonly #waiting: { readonly bytes: number; readonly sent: () => void }[] = [];

  send(message: Uint8Array, sent: () => void): void {
    // Copied: the outbox uses the memory again once it was sent.
    this.messages.push([...decodeMessage(new Uint8Array(message))]);
    this.bufferedAmount += message.length;
    this.#waiting.push({ bytes: message.length, sent });
  }

  async drain(): Promise<void> {
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.bufferedAmount -= next.bytes;
    next.sent();
    await turn();
  }
}

const turn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));
const events = { onEnd: () => undefined, onFailure: () => undefined };

class Rig {
  readonly sink = new SlowSink();
  readonly session = new LinkSession<null>({
    role: 'home',
    purse: {
      initialBytes: limits.streamInitialBytes,
      streamBytes: limits.streamWindowBytes,
      purseBytes: limits.linkWindowBytes,
    },
    maxStreams: limits.linkStreams,
  });
  now = 0;
  readonly outbox = new Outbox(this.sink, this.session, new LinePace({ now: () => this.now }));

  stream(id: number, credit: number): Stream<null> {
    const stream = this.session.open(id, true, null);
    this.session.sentHead(stream, false);
    this.credit(id, credit - limits.streamInitialBytes);
    return stream;
  }

  credit(id: number, bytes: number): void {
    const [frame] = decodeMessage(encodeCredit(id, Math.max(0, bytes)));
    if (frame !== undefined) this.session.receive(frame);
    this.outbox.turn(id);
  }

  body(bytes: number): ByteQueue {
    const queue = new ByteQueue();
    for (let left = bytes; left > 0; left -= 65_536) queue.put(new Uint8Array(Math.min(left, 65_536)));
    queue.end();
    return queue;
  }

  get frames(): Frame[] {
    return this.sink.messages.flat();
  }
}

describe('the outbox', () => {
  test('sends all that is ready in one turn as one message', async () => {
    const rig = new Rig();
    for (let id = 1; id <= 5; id++) {
      const stream = rig.stream(id, 0);
      rig.outbox.send(encodeTextFrame('RESPONSE', '{}', id));
      rig.outbox.sendBody(stream, rig.body(1000), events);
    }
    await turn();
    expect(rig.sink.messages.length).toBe(1);
    expect(rig.frames.map((frame) => frame.name)).toEqual([...Array(5).fill('RESPONSE'), ...Array(5).fill('DATA')]);
    expect(rig.frames.filter(isEnd).length).toBe(5);
  });

  test('puts a small answer before bodies that wait, and gives bodies their turns', async () => {
    const rig = new Rig();
    for (const id of [1, 2, 3]) rig.outbox.sendBody(rig.stream(id, 2_000_000), rig.body(2_000_000), events);
    await turn();
    const before = rig.sink.messages.length;
    rig.outbox.send(encodeTextFrame('RESPONSE', '{}', 9));
    await turn();
    expect(rig.sink.messages[before]?.[0]?.name).toBe('RESPONSE');
    for (let n = 0; n < 40; n++) await rig.sink.drain();
    const order = rig.frames.filter((frame) => frame.name === 'DATA').map((frame) => frame.stream);
    expect(order.slice(0, 6)).toEqual([1, 2, 3, 1, 2, 3]);
    const sent = (id: number): number =>
      rig.frames
        .filter((frame) => frame.stream === id && frame.name === 'DATA')
        .reduce((n, f) => n + f.payload.length, 0);
    expect([sent(1), sent(2), sent(3)]).toEqual([2_000_000, 2_000_000, 2_000_000]);
  });

  test('takes no more of a body than the socket has room for', async () => {
    const rig = new Rig();
    const body = rig.body(2_000_000);
    rig.outbox.sendBody(rig.stream(1, 2_000_000), body, events);
    await turn();
    expect(rig.sink.bufferedAmount).toBeLessThan(1024 * 1024);
    const left = body.length;
    expect(left).toBeGreaterThan(1_000_000);
    await turn();
    expect(body.length).toBe(left);
    await rig.sink.drain();
    expect(body.length).toBeLessThan(left);
  });

  test('takes no more of a body than there is credit for, and goes on when more comes', async () => {
    const rig = new Rig();
    const body = rig.body(200_000);
    let ended = false;
    rig.outbox.sendBody(rig.stream(1, 0), body, { ...events, onEnd: () => (ended = true) });
    await turn();
    expect(200_000 - body.length).toBe(limits.streamInitialBytes);
    expect(ended).toBe(false);
    rig.credit(1, 200_000);
    await turn();
    expect([body.length, ended]).toEqual([0, true]);
    expect(rig.frames.filter(isEnd).length).toBe(1);
  });

  test('makes no message larger than the limit, however much waits', async () => {
    const rig = new Rig();
    for (let id = 1; id <= 60; id++) {
      rig.outbox.send(encodeTextFrame('RESPONSE', 'x'.repeat(60_000), id));
      rig.outbox.sendBody(rig.stream(id, 0), rig.body(60_000), events);
    }
    await turn();
    for (let n = 0; n < 100; n++) await rig.sink.drain();
    // decodeMessage has refused any message above limits.linkMessageBytes.
    expect(rig.frames.filter((frame) => frame.name === 'RESPONSE').length).toBe(60);
    expect(rig.frames.filter(isEnd).length).toBe(60);
  });

  test('tells of a body that broke off, and sends nothing of a stream that was dropped', async () => {
    const rig = new Rig();
    const failures: string[] = [];
    const body = new ByteQueue();
    rig.outbox.sendBody(rig.stream(1, 0), body, { ...events, onFailure: ({ message }) => failures.push(message) });
    rig.outbox.sendBody(rig.stream(2, 0), rig.body(1000), events);
    rig.outbox.drop(2);
    body.fail(new Error('broken off'));
    await turn();
    expect([failures, rig.frames]).toEqual([['broken off'], []]);
  });
});

describe('the outbox beside bulk', () => {
  /** Answers every mark that went out, and lets the socket send. */
  async function arrive(rig: Rig): Promise<void> {
    for (const mark of rig.frames.filter((frame) => frame.name === 'MARK')) rig.outbox.marked(mark);
    await rig.sink.drain();
    await turn();
  }

  async function withBulk(): Promise<{ rig: Rig; sentOf: (id: number) => number }> {
    const rig = new Rig();
    rig.outbox.sendBody(rig.stream(1, 8_000_000), rig.body(8_000_000), events);
    await turn();
    while (rig.sink.bufferedAmount > 0) await rig.sink.drain();
    const sentOf = (id: number): number =>
      rig.frames
        .filter((frame) => frame.stream === id && frame.name === 'DATA')
        .reduce((sum, { payload }) => sum + payload.length, 0);
    return { rig, sentOf };
  }

  test('sends it all at once while nobody waits for anything else', async () => {
    const { rig, sentOf } = await withBulk();
    expect(sentOf(1)).toBe(8_000_000);
    expect(rig.frames.some((frame) => frame.name === 'MARK')).toBe(false);
  });

  test('has no more on the way than the window after a small answer, until some has arrived', async () => {
    const rig = new Rig();
    rig.outbox.sendBody(rig.stream(1, 8_000_000), rig.body(8_000_000), events);
    await turn();
    const small = rig.stream(9, 0);
    rig.outbox.sendHead(encodeTextFrame('RESPONSE', '{}', 9), 1_000);
    rig.outbox.sendBody(small, rig.body(1_000), events);
    await turn();
    const before = rig.sink.messages.length;
    while (rig.sink.bufferedAmount > 0) await rig.sink.drain();
    const bytes = rig.sink.messages
      .slice(before)
      .flat()
      .reduce((sum, { payload }) => sum + payload.length, 0);
    expect(bytes).toBeLessThan(limits.paceBytes + 64 * 1024);
    for (const message of rig.sink.messages.slice(before)) {
      expect(message.reduce((sum, { payload }) => sum + payload.length, 0)).toBeLessThan(64 * 1024);
    }
    const all = (): number => rig.frames.filter((f) => f.name === 'DATA').reduce((n, f) => n + f.payload.length, 0);
    for (let n = 0; n < 1_000 && all() < 8_001_000; n++) await arrive(rig);
    expect(all()).toBe(8_001_000);
  });

  test('is not held back by other bulk', async () => {
    const rig = new Rig();
    for (let id = 1; id <= 4; id++) {
      rig.outbox.sendHead(encodeTextFrame('RESPONSE', '{}', id), 4_000_000);
      rig.outbox.sendBody(rig.stream(id, 4_000_000), rig.body(4_000_000), events);
      await turn();
    }
    while (rig.sink.bufferedAmount > 0) await rig.sink.drain();
    expect(rig.frames.some((frame) => frame.name === 'MARK')).toBe(false);
    expect(rig.frames.filter(isEnd).length).toBe(4);
  });

  test('is not held back by a body that is no bulk', async () => {
    const rig = new Rig();
    for (let id = 1; id <= 20; id++) {
      rig.outbox.sendHead(encodeTextFrame('RESPONSE', '{}', id), null);
      rig.outbox.sendBody(rig.stream(id, 0), rig.body(60_000), events);
    }
    await turn();
    while (rig.sink.bufferedAmount > 0) await rig.sink.drain();
    expect(rig.frames.some((frame) => frame.name === 'MARK')).toBe(false);
    expect(rig.frames.filter(isEnd).length).toBe(20);
  });
});
