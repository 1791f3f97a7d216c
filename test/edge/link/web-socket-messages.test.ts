// Messages of WebSockets into frames and back: whatever is said, however little credit comes at a time and wherever home
// cuts, the same messages come out in the same order, and no frame costs more than was allowed.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HomewardMessages, homeward } from '../../../edge/link/homeward-messages.ts';
import { tooLong, VisitorMessage } from '../../../edge/link/visitor-message.ts';
import { limits } from '../../../shared/limits.ts';
import { decodeMessage, encodeFrame, type Frame, frameHeaderBytes } from '../../../shared/link/codec.ts';
import { flags } from '../../../shared/link/frames.ts';
import { messageCost } from '../../../shared/link/session.ts';

type Message = string | Uint8Array<ArrayBuffer>;

const messages = fc.array(
  fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.constantFrom('', '\ufeff', '𝄞'.repeat(50), 'aé'.repeat(20)),
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Uint8Array.from(bytes)),
  ),
  { maxLength: 8 },
);

function only(bytes: Uint8Array<ArrayBuffer>): Frame {
  const [frame] = decodeMessage(bytes.slice());
  if (frame === undefined) throw new Error('no frame');
  return frame;
}

/** What the frames say, read as the other end reads them. */
function read(frames: readonly Frame[]): Message[] {
  const reader = new VisitorMessage();
  const said: Message[] = [];
  for (const frame of frames) {
    const message = reader.put(frame);
    if (message === tooLong) throw new Error('too long');
    if (message !== null) said.push(message);
  }
  expect(reader.bytes).toBe(0);
  return said;
}

describe('messages', () => {
  test('towards home are the same however little credit comes at a time, and cost no more than it', () => {
    fc.assert(
      fc.property(messages, fc.infiniteStream(fc.integer({ min: 1, max: 60 })), (said, grants) => {
        const queue = new HomewardMessages();
        for (const message of said) queue.put(homeward(typeof message === 'string' ? message : message.slice().buffer));
        const frames: Frame[] = [];
        let credit = 0;
        while (!queue.isEmpty) {
          credit += grants.next().value ?? 0;
          for (let bytes = queue.next(1, credit); bytes !== null; bytes = queue.next(1, credit)) {
            const cost = messageCost(bytes.length - frameHeaderBytes);
            expect(cost).toBeLessThanOrEqual(credit);
            credit -= cost;
            frames.push(only(bytes));
          }
        }
        expect(queue.waiting).toBe(0);
        expect(read(frames)).toEqual(
          said.map((message) => (typeof message === 'string' ? message.toWellFormed() : message)),
        );
      }),
    );
  });

  test('towards visitors are the same wherever home cut them', () => {
    fc.assert(
      fc.property(messages, fc.infiniteStream(fc.integer({ min: 0, max: 9 })), (said, cuts) => {
        const frames: Frame[] = [];
        for (const message of said) {
          const bytes = typeof message === 'string' ? new TextEncoder().encode(message) : message;
          for (let at = 0; ; ) {
            const piece = bytes.subarray(at, at + (cuts.next().value ?? 1));
            at += piece.length;
            const isLast = at === bytes.length;
            frames.push(
              only(encodeFrame(typeof message === 'string' ? 'TEXT' : 'BINARY', 1, piece, isLast ? 0 : flags.more)),
            );
            if (isLast) break;
          }
        }
        expect(read(frames)).toEqual(
          said.map((message) => (typeof message === 'string' ? message.toWellFormed() : message)),
        );
      }),
    );
  });

  test('longer than limits.webSocketMessageBytes are not put together, however they are cut', () => {
    const reader = new VisitorMessage();
    const piece = only(encodeFrame('BINARY', 1, new Uint8Array(limits.framePayloadBytes), flags.more));
    for (let bytes = 0; bytes < limits.webSocketMessageBytes; bytes += limits.framePayloadBytes)
      expect(reader.put(piece)).toBeNull();
    expect(reader.put(only(encodeFrame('BINARY', 1, new Uint8Array(1))))).toBe(tooLong);
  });

  test('that are empty wait at a price, and however many there are, they leave one by one in no time', () => {
    const queue = new HomewardMessages();
    const count = 200_000;
    for (let n = 0; n < count; n++) queue.put(homeward(''));
    expect(queue.waiting * 4).toBeGreaterThan(limits.webSocketWaitingBytes);
    let left = 0;
    while (queue.next(1, messageCost(0)) !== null) left += 1;
    expect([left, queue.waiting, queue.isEmpty]).toEqual([count, 0, true]);
  });

  test('of text wait as UTF-8, and weigh what is held of them until they have left whole', () => {
    const queue = new HomewardMessages();
    const empty = new HomewardMessages();
    empty.put(homeward(''));
    queue.put(homeward('a€𝄞'));
    expect([queue.waiting, queue.first]).toEqual([8 + empty.waiting, 8 + empty.waiting]);
    expect(queue.next(1, messageCost(5))?.length).toBe(frameHeaderBytes + 5);
    expect(queue.waiting).toBe(8 + empty.waiting);
    queue.next(1, messageCost(5));
    expect([queue.waiting, queue.first]).toEqual([0, 0]);
  });

  test('of two kinds in one are malformed', () => {
    const reader = new VisitorMessage();
    reader.put(only(encodeFrame('TEXT', 1, Uint8Array.of(97), flags.more)));
    expect(() => reader.put(only(encodeFrame('BINARY', 1)))).toThrow(
      expect.objectContaining({ code: 'link-malformed' }),
    );
  });
});
