// The states of streams and the purse of credit: two ends run against each other under every order of events, and
// nothing ever goes below zero, above its window, or is lost.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PorchlightError } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { decodeMessage, encodeCredit, encodeFrame, encodeTextFrame, type Frame } from '../../../shared/link/codec.ts';
import { flags } from '../../../shared/link/frames.ts';
import { LinkSession, type Purse, type Stream } from '../../../shared/link/session.ts';

const purse: Purse = { initialBytes: 100, streamBytes: 1000, purseBytes: 2000 };
const real: Purse = {
  initialBytes: limits.streamInitialBytes,
  streamBytes: limits.streamWindowBytes,
  purseBytes: limits.linkWindowBytes,
};

function edge(sizes: Purse = purse, maxStreams = 8): LinkSession<string> {
  return new LinkSession({ role: 'edge', purse: sizes, maxStreams });
}

function only(message: Uint8Array<ArrayBuffer>): Frame {
  const [frame] = decodeMessage(message);
  if (frame === undefined) throw new Error('no frame');
  return frame;
}

const response = (id: number, end = false): Frame => only(encodeTextFrame('RESPONSE', '{}', id, end ? flags.end : 0));
const data = (id: number, bytes: number, end = false): Frame =>
  only(encodeFrame('DATA', id, new Uint8Array(bytes), end ? flags.end : 0));

const text = (id: number, bytes: number, frameFlags = 0): Frame =>
  only(encodeFrame('TEXT', id, new Uint8Array(bytes), frameFlags));
const closed = (id: number, frameFlags: number = flags.end): Frame =>
  only(encodeFrame('CLOSE', id, new Uint8Array(0), frameFlags));

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof PorchlightError) return thrown.code;
    throw thrown;
  }
  return 'none';
}

describe('a stream that is a WebSocket', () => {
  test('pays for the header of each message too, so that empty ones have an end', () => {
    const session = edge();
    session.open(1, false, 'a');
    session.receive(response(1));
    for (let n = 0; n < 10; n++) session.receive(text(1, 0));
    expect(codeOf(() => session.receive(text(1, 0)))).toBe('link-overrun');
  });

  test('is over when both sides have closed it', () => {
    const session = edge();
    const stream = session.open(1, false, 'a');
    session.receive(response(1));
    session.receive(closed(1));
    expect(session.isOver(stream)).toBe(false);
    session.sent(stream, 0, true);
    expect(session.isOver(stream)).toBe(true);
  });
});

describe('a stream', () => {
  test('is over when both halves have ended', () => {
    const session = edge();
    const stream = session.open(1, true, 'a');
    expect(session.isOver(stream)).toBe(false);
    session.receive(response(1));
    session.receive(data(1, 10));
    session.receive(data(1, 0, true));
    expect(session.isOver(stream)).toBe(true);
    session.close(stream);
    expect([session.size, session.borrowed]).toEqual([0, 0]);
  });

  test.each([
    ['DATA before RESPONSE', [data(1, 1)]],
    ['a second RESPONSE', [response(1), response(1)]],
    ['DATA after the end', [response(1), data(1, 1, true), data(1, 1)]],
    ['TEXT before RESPONSE', [text(1, 1)]],
    ['TEXT after CLOSE', [response(1), closed(1), text(1, 1)]],
    ['CLOSE before RESPONSE', [closed(1)]],
    ['CLOSE twice', [response(1), closed(1), closed(1)]],
    ['CLOSE without its end', [response(1), closed(1, 0)]],
    ['DATA after a RESPONSE that ended it', [response(1, true), data(1, 1)]],
    ['a frame that no open stream has', [only(encodeTextFrame('REQUEST', '{}', 1))]],
  ])('is a fault of the peer with %s', (_, frames) => {
    const session = edge();
    session.open(1, true, 'a');
    expect(codeOf(() => frames.map((frame) => session.receive(frame)))).toBe('link-untimely');
  });

  test('that is not open any more makes late frames harmless', () => {
    const session = edge();
    session.close(session.open(1, true, 'a'));
    expect(session.receive(response(1))).toBeUndefined();
    expect(session.receive(data(1, 200_000))).toBeUndefined();
    expect(session.borrowed).toBe(0);
  });

  test('is not opened twice, nor beyond the number allowed', () => {
    const session = edge(purse, 2);
    session.open(1, true, 'a');
    expect(codeOf(() => session.open(1, true, 'b'))).toBe('link-untimely');
    session.open(2, true, 'b');
    expect(codeOf(() => session.open(3, true, 'c'))).toBe('link-busy');
  });

  test('whose peer wants no more of it is over once the other half is', () => {
    const session = edge();
    const stream = session.open(1, false, 'a');
    session.receive(response(1, true));
    expect(session.isOver(stream)).toBe(false);
    session.stopSending(stream);
    expect(session.isOver(stream)).toBe(true);
    expect(codeOf(() => session.sent(stream, 1, false))).toBe('link-untimely');
  });

  test('sends no more than its credit, and nothing after its end', () => {
    const session = edge();
    const stream = session.open(1, false, 'a');
    expect(codeOf(() => session.sent(stream, 101, false))).toBe('link-overrun');
    session.sent(stream, 100, false);
    expect(codeOf(() => session.sent(stream, 1, false))).toBe('link-overrun');
    session.receive(only(encodeCredit(1, 7)));
    session.sent(stream, 7, true);
    expect(codeOf(() => session.sent(stream, 0, false))).toBe('link-untimely');
  });
});

describe('credit', () => {
  test('more DATA than was granted is an overrun', () => {
    const session = edge();
    session.open(1, true, 'a');
    session.receive(response(1));
    session.receive(data(1, 100));
    expect(codeOf(() => session.receive(data(1, 1)))).toBe('link-overrun');
  });

  test('more than can be counted is refused', () => {
    const session = edge();
    session.open(1, false, 'a');
    session.receive(only(encodeCredit(1, 0xffff_0000)));
    expect(codeOf(() => session.receive(only(encodeCredit(1, 0xffff_0000))))).toBe('link-overrun');
  });

  test('a stream alone gets its full window once it is read from', () => {
    const session = edge(real);
    const stream = session.open(1, true, 'a');
    session.receive(response(1));
    session.receive(data(1, real.initialBytes));
    expect(session.consumed(stream, real.initialBytes)).toBe(limits.streamWindowBytes);
  });

  test('readers that stop, however many, leave every other stream what it owns and most of them more', () => {
    const session = edge(real, 512);
    const stall = (id: number): void => {
      const stream = session.open(id, true, 'stalled');
      session.receive(response(id));
      session.receive(data(id, real.initialBytes));
      // It reads once, gets a window, and then neither reads nor lets go of what it was granted.
      session.consumed(stream, real.initialBytes);
    };
    for (let id = 1; id <= 50; id++) stall(id);
    expect(session.borrowed).toBeLessThanOrEqual(limits.linkWindowBytes);
    const live = session.open(99, true, 'live');
    session.receive(response(99));
    for (let round = 0; round < 100; round++) {
      session.receive(data(99, real.initialBytes / 2));
      session.receive(data(99, real.initialBytes / 2));
      expect(session.consumed(live, real.initialBytes)).toBeGreaterThanOrEqual(real.initialBytes);
    }
  });

  test('nobody stops reading for ever: what was cancelled or ended is back in the purse', () => {
    const session = edge();
    const streams = [1, 2, 3].map((id) => {
      const stream = session.open(id, true, 'a');
      session.receive(response(id));
      session.receive(data(id, 100));
      session.consumed(stream, 100);
      return stream;
    });
    expect(session.borrowed).toBeGreaterThan(0);
    for (const stream of streams) session.close(stream);
    expect(session.borrowed).toBe(0);
  });
});

/** One end that sends bodies to the other, as random events drive them. The wire is in order and loses nothing. */
class TwoEnds {
  readonly receiver = new LinkSession<string>({ role: 'edge', purse, maxStreams: 8 });
  readonly sender = new LinkSession<string>({ role: 'home', purse, maxStreams: 8 });
  readonly held = new Map<number, number>();
  readonly received = new Map<number, number>();
  readonly sentBytes = new Map<number, number>();
  readonly toReceiver: Frame[] = [];
  readonly toSender: Frame[] = [];

  open(id: number): void {
    // The edge counts streams: what of an ended one is still on its way can never meet another of that number.
    if (this.receiver.size >= 8 || this.held.has(id)) return;
    this.receiver.open(id, true, '');
    const stream = this.sender.open(id, true, '');
    this.sender.sentHead(stream, false);
    this.toReceiver.push(response(id));
    for (const map of [this.held, this.received, this.sentBytes]) map.set(id, 0);
  }

  send(id: number, wanted: number, end: boolean): void {
    const stream = this.sender.stream(id);
    if (stream === undefined || stream.sending !== 'open') return;
    const bytes = Math.min(wanted, stream.credit);
    this.sender.sent(stream, bytes, end);
    this.sentBytes.set(id, (this.sentBytes.get(id) ?? 0) + bytes);
    this.toReceiver.push(data(id, bytes, end));
    if (end) this.sender.close(stream);
  }

  deliver(): void {
    const frame = this.toReceiver.shift();
    if (frame !== undefined && this.receiver.receive(frame) !== undefined && frame.name === 'DATA') {
      const bytes = frame.payload.length;
      this.held.set(frame.stream, (this.held.get(frame.stream) ?? 0) + bytes);
      this.received.set(frame.stream, (this.received.get(frame.stream) ?? 0) + bytes);
    }
    const back = this.toSender.shift();
    if (back !== undefined) this.sender.receive(back);
  }

  consume(id: number, wanted: number): void {
    const stream = this.receiver.stream(id);
    if (stream === undefined) return;
    const bytes = Math.min(wanted, this.held.get(id) ?? 0);
    this.held.set(id, (this.held.get(id) ?? 0) - bytes);
    const credit = this.receiver.consumed(stream, bytes);
    if (credit > 0) this.toSender.push(only(encodeCredit(id, credit)));
    if (this.receiver.isOver(stream) && this.held.get(id) === 0) this.receiver.close(stream);
  }

  cancel(id: number): void {
    const here = this.receiver.stream(id);
    const there = this.sender.stream(id);
    if (here !== undefined) this.receiver.close(here);
    if (there !== undefined) this.sender.close(there);
  }

  check(): void {
    const streams = [...this.receiver.streams()] as (Stream<string> & { granted: number; held: number })[];
    let above = 0;
    for (const stream of streams) {
      expect(stream.granted).toBeGreaterThanOrEqual(0);
      expect(stream.held).toBe(this.held.get(stream.id));
      expect(stream.granted + stream.held).toBeLessThanOrEqual(purse.streamBytes);
      above += Math.max(0, stream.granted + stream.held - purse.initialBytes);
    }
    expect(this.receiver.borrowed).toBe(above);
    expect(above).toBeLessThanOrEqual(purse.purseBytes);
    for (const stream of this.sender.streams()) expect(stream.credit).toBeGreaterThanOrEqual(0);
  }
}

const id = fc.integer({ min: 1, max: 24 });
const events = fc.oneof(
  fc.record({ do: fc.constant('open' as const), id }),
  fc.record({ do: fc.constant('send' as const), id, bytes: fc.nat(1200), end: fc.nat(12).map((n) => n === 0) }),
  fc.record({ do: fc.constant('deliver' as const), id }),
  fc.record({ do: fc.constant('consume' as const), id, bytes: fc.nat(600) }),
  fc.record({ do: fc.constant('cancel' as const), id }),
);

describe('a stream that is written down', () => {
  test('goes on in another session with the credit it had, both ways, and what it borrowed', () => {
    const before = edge();
    const stream = before.open(3, false, 'a');
    before.receive(response(3));
    before.sent(stream, 40, false);
    before.receive(data(3, 80));
    expect(before.consumed(stream, 80)).toBeGreaterThan(0);
    const after = edge();
    const restored = after.restore(3, before.standingOf(stream), 'a');
    expect(after.borrowed).toBe(before.borrowed);
    expect(after.standingOf(restored)).toEqual(before.standingOf(stream));
    expect(() => after.sent(restored, 61, false)).toThrow(expect.objectContaining({ code: 'link-overrun' }));
    after.sent(restored, 60, false);
    const { granted } = after.standingOf(restored);
    after.receive(data(3, granted));
    expect(() => after.receive(data(3, 1))).toThrow(expect.objectContaining({ code: 'link-overrun' }));
    after.close(restored);
    expect(after.borrowed).toBe(0);
  });

  test('is restored once, and not beyond the number allowed', () => {
    const from = edge();
    const standing = from.standingOf(from.open(1, false, 'a'));
    const session = edge(purse, 1);
    session.restore(1, standing, 'a');
    expect(() => session.restore(1, standing, 'b')).toThrow(expect.objectContaining({ code: 'link-untimely' }));
    expect(() => session.restore(2, standing, 'b')).toThrow(expect.objectContaining({ code: 'link-busy' }));
  });
});

describe('two ends', () => {
  test('never owe, hold or lend more than their windows, and lose nothing, in any order of events', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 300 }), (list) => {
        const ends = new TwoEnds();
        for (const event of list) {
          if (event.do === 'open') ends.open(event.id);
          else if (event.do === 'send') ends.send(event.id, event.bytes, event.end);
          else if (event.do === 'deliver') ends.deliver();
          else if (event.do === 'consume') ends.consume(event.id, event.bytes);
          else ends.cancel(event.id);
          ends.check();
        }
      }),
    );
  });

  test('never come to a stop while both want to go on: a body of any length arrives whole', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 50_000 }),
        fc.integer({ min: 20, max: 700 }),
        id,
        (length, bite, stalled) => {
          const ends = new TwoEnds();
          // Others hold what they were lent and do not move.
          for (let other = 11; other < 11 + Math.min(stalled, 6); other++) {
            ends.open(other);
            ends.deliver();
            ends.send(other, 100, false);
            ends.deliver();
            ends.consume(other, 100);
            ends.deliver();
            ends.send(other, 2000, false);
            ends.deliver();
          }
          ends.open(1);
          ends.deliver();
          let left = length;
          for (let round = 0; round < 5000 && left > 0; round++) {
            const before = ends.sentBytes.get(1) ?? 0;
            ends.send(1, Math.min(left, bite), false);
            left -= (ends.sentBytes.get(1) ?? 0) - before;
            ends.deliver();
            ends.consume(1, bite);
          }
          ends.send(1, 0, true);
          while (ends.toReceiver.length > 0) ends.deliver();
          expect([left, ends.received.get(1)]).toEqual([0, length]);
        },
      ),
      { numRuns: 50 },
    );
  });
});
