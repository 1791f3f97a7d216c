// Frames as bytes: what one side writes the other reads, and whatever else comes is refused with a code.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PorchlightError } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import {
  cancelOf,
  closingOf,
  creditOf,
  decodeMessage,
  encodeCancel,
  encodeClose,
  encodeCredit,
  encodeFrame,
  encodeTextFrame,
  type Frame,
  isCloseCode,
  isEnd,
  recordOf,
  textOf,
} from '../../../shared/link/codec.ts';
import { type FrameName, flags, frameTable, frameTypes } from '../../../shared/link/frames.ts';

const names = Object.keys(frameTable) as FrameName[];

const frames = fc.constantFrom(...names).chain((name) =>
  fc.record({
    name: fc.constant(name),
    flags: fc.constantFrom(0, flags.end, flags.optional, 0x7e),
    stream: frameTable[name].on === 'link' ? fc.constant(0) : fc.integer({ min: 1, max: 0xffff_ffff }),
    payload: fc.uint8Array({ maxLength: Math.min(300, frameTable[name].maxBytes) }),
  }),
);

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof PorchlightError) return thrown.code;
    throw thrown;
  }
  return 'none';
}

function only(message: Uint8Array<ArrayBuffer>): Frame {
  const [frame, ...more] = decodeMessage(message);
  if (frame === undefined || more.length > 0) throw new Error('not one frame');
  return frame;
}

describe('frames', () => {
  test('come out of a message as they went in, several in one message too', () => {
    fc.assert(
      fc.property(fc.array(frames, { maxLength: 8 }), (list) => {
        const message = joined(list.map((f) => encodeFrame(f.name, f.stream, f.payload, f.flags)));
        const decoded = decodeMessage(message);
        expect(decoded.map((f) => ({ ...f, payload: [...f.payload] }))).toEqual(
          list.map((f) => ({ ...f, payload: [...f.payload] })),
        );
      }),
    );
  });

  test('of junk, cut off and altered messages throw nothing but errors with a code', () => {
    const readAll = (message: Uint8Array<ArrayBuffer>): void => {
      for (const frame of decodeMessage(message)) {
        if (frame.name === 'CREDIT') creditOf(frame);
        else if (frame.name === 'CANCEL') cancelOf(frame);
        else if (frame.name !== 'DATA') recordOf(frame);
      }
    };
    const junk = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => new Uint8Array(bytes)),
      fc.tuple(fc.array(frames, { minLength: 1, maxLength: 4 }), fc.nat(), fc.nat(255)).map(([list, at, value]) => {
        const message = joined(list.map((f) => encodeFrame(f.name, f.stream, f.payload, f.flags)));
        message[at % message.length] = value;
        return message.subarray(0, message.length - (at % 3));
      }),
    );
    fc.assert(fc.property(junk, (message) => codeOf(() => readAll(message)) !== ''));
  });

  test('have type bytes of their own, and every row of the table can be read as documentation', () => {
    expect(new Set(Object.values(frameTypes)).size).toBe(names.length);
    for (const row of Object.values(frameTable)) expect(`${row.payload}${row.says}`).not.toBe('');
  });

  test('of unknown type are skipped when they are optional, so that an older side outlives a newer one', () => {
    const unknown = encodeFrame('DATA', 7, new Uint8Array(3), flags.optional);
    unknown[0] = 0x7f;
    const message = joined([encodeFrame('WORK'), unknown, encodeCredit(7, 5)]);
    expect(decodeMessage(message).map((frame) => frame.name)).toEqual(['WORK', 'CREDIT']);
  });

  test('of unknown type are refused when they are not optional', () => {
    const unknown = encodeFrame('DATA', 7, new Uint8Array(3));
    unknown[0] = 0x7f;
    expect(codeOf(() => decodeMessage(unknown))).toBe('link-unknown-frame');
  });

  test('with flags that are not known yet are read without them', () => {
    expect(isEnd(only(encodeFrame('DATA', 1, new Uint8Array(1), 0x40)))).toBe(false);
    expect(isEnd(only(encodeFrame('DATA', 1, new Uint8Array(1), 0x40 | flags.end)))).toBe(true);
  });

  test('above their limit are refused, at it they are read', () => {
    const data = (bytes: number) => encodeFrame('DATA', 1, new Uint8Array(bytes));
    const head = (bytes: number) => encodeFrame('REQUEST', 1, new Uint8Array(bytes));
    expect(only(data(limits.framePayloadBytes)).payload.length).toBe(limits.framePayloadBytes);
    expect(codeOf(() => decodeMessage(data(limits.framePayloadBytes + 1)))).toBe('link-oversize');
    expect(only(head(limits.frameHeadBytes)).payload.length).toBe(limits.frameHeadBytes);
    expect(codeOf(() => decodeMessage(head(limits.frameHeadBytes + 1)))).toBe('link-oversize');
  });

  test('in a message above the limit of messages are refused unread', () => {
    const frame = encodeFrame('DATA', 1, new Uint8Array(limits.framePayloadBytes));
    const many = Array.from({ length: Math.ceil(limits.linkMessageBytes / frame.length) }, () => frame);
    expect(codeOf(() => decodeMessage(joined(many)))).toBe('link-oversize');
    expect(decodeMessage(joined(many.slice(1))).length).toBe(many.length - 1);
  });

  test('on the link name no stream, and those of a stream name one', () => {
    expect(codeOf(() => decodeMessage(encodeFrame('WORK', 1)))).toBe('link-malformed');
    expect(codeOf(() => decodeMessage(encodeFrame('DATA', 0, new Uint8Array(1))))).toBe('link-malformed');
  });
});

describe('payloads', () => {
  test('CREDIT holds its number', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 0xffff_ffff }),
        fc.integer({ min: 0, max: 0xffff_ffff }),
        (stream, bytes) => {
          const frame = only(encodeCredit(stream, bytes));
          expect([frame.stream, creditOf(frame)]).toEqual([stream, bytes]);
        },
      ),
    );
    expect(codeOf(() => creditOf(only(encodeFrame('CREDIT', 1, new Uint8Array(3)))))).toBe('link-malformed');
  });

  test('CANCEL holds its code and as much of the reason as fits', () => {
    const frame = only(encodeCancel(3, 'service-down', 'x'.repeat(5000)));
    expect(cancelOf(frame).code).toBe('service-down');
    expect(cancelOf(frame).reason.length).toBe(frameTable.CANCEL.maxBytes - 2);
  });

  test('a CANCEL code that is not known yet is read as a failure', () => {
    expect(cancelOf(only(encodeFrame('CANCEL', 3, new Uint8Array([9, 9])))).code).toBe('failed');
  });

  test('text survives, and what is no UTF-8 or no JSON object is refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (text) => {
        expect(textOf(only(encodeTextFrame('PROOF', text)))).toBe(text);
      }),
    );
    expect(codeOf(() => textOf(only(encodeFrame('PROOF', 0, new Uint8Array([0xff])))))).toBe('link-malformed');
    for (const text of ['', '{', 'null', '[]', '3', '"a"']) {
      expect(codeOf(() => recordOf(only(encodeTextFrame('HELLO', text))))).toBe('link-malformed');
    }
  });
});

describe('a close', () => {
  const sendable = fc.integer({ min: 1000, max: 4999 }).filter(isCloseCode);

  test('says its code and reason, or none, whatever the reason', () => {
    fc.assert(
      fc.property(fc.option(sendable), fc.string({ unit: 'grapheme', maxLength: 300 }), (code, reason) => {
        const [frame] = decodeMessage(encodeClose(7, { code, reason }));
        if (frame === undefined) throw new Error('no frame');
        const read = closingOf(frame);
        expect([frame.name, frame.stream, isEnd(frame), read.code]).toEqual(['CLOSE', 7, true, code]);
        expect(frame.payload.length).toBeLessThanOrEqual(125);
        // Cut between characters, as RFC 6455 section 5.5.1 wants it.
        const whole = code === null ? '' : reason;
        expect(whole.toWellFormed().startsWith(read.reason)).toBe(true);
        if (new TextEncoder().encode(whole).length <= 123) expect(read.reason).toBe(whole.toWellFormed());
      }),
    );
  });

  test('with a code that must not be sent is refused', () => {
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535]) {
      const [frame] = decodeMessage(encodeFrame('CLOSE', 1, Uint8Array.of(code >> 8, code & 255), flags.end));
      expect(() => frame && closingOf(frame)).toThrow(expect.objectContaining({ code: 'link-malformed' }));
    }
    const [half] = decodeMessage(encodeFrame('CLOSE', 1, Uint8Array.of(3), flags.end));
    expect(() => half && closingOf(half)).toThrow(expect.objectContaining({ code: 'link-malformed' }));
  });
});
