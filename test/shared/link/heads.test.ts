// Heads of requests and responses: order and repetition are kept, and nothing gets through by which a head could be
// read as two, or a target as another host.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PorchlightError } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { decodeMessage, encodeTextFrame, type Frame } from '../../../shared/link/codec.ts';
import { flags } from '../../../shared/link/frames.ts';
import { headerOf, headText, requestHeadOf, responseHeadOf } from '../../../shared/link/heads.ts';
import { isHopByHop, namedByConnection } from '../../../shared/link/hop-by-hop.ts';

function frameOf(name: 'REQUEST' | 'RESPONSE', value: unknown): Frame {
  const [frame] = decodeMessage(encodeTextFrame(name, JSON.stringify(value), 1));
  if (frame === undefined) throw new Error('no frame');
  return frame;
}

const good = { method: 'GET', path: '/a?b=c', host: 'a.example', headers: ['Accept', '*/*'] };

function refused(change: object): boolean {
  try {
    requestHeadOf(frameOf('REQUEST', { ...good, ...change }));
    return false;
  } catch (thrown) {
    return thrown instanceof PorchlightError && thrown.code === 'link-malformed';
  }
}

describe('a request head', () => {
  test('keeps order, repetition and any text of its headers, in ASCII on the wire', () => {
    const name = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,12}$/);
    const value = fc.string({ unit: 'grapheme' }).filter((text) => !/[\0\r\n]/.test(text));
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 12 }), (pairs) => {
        const head = { ...good, headers: pairs.flat() };
        const text = headText(head, limits.frameHeadBytes);
        expect(/^[\x20-\x7e]*$/.test(text)).toBe(true);
        expect(requestHeadOf(frameOf('REQUEST', JSON.parse(text)))).toEqual(head);
      }),
    );
  });

  test('longer than the limit is not made', () => {
    const head = { ...good, headers: ['X-Long', 'x'.repeat(limits.frameHeadBytes)] };
    expect(() => headText(head, limits.frameHeadBytes)).toThrow(expect.objectContaining({ code: 'head-too-large' }));
  });

  test('has a target in origin form only', () => {
    for (const path of ['', 'a', '*', 'http://evil.example/', 'evil.example:443', '/a b', '/a\r\nX: y', '/\0', '/ü…']) {
      expect([path, refused({ path })]).toEqual([path, true]);
    }
    for (const path of ['/', '//evil.example/', '/../etc', '/%2e%2e/', '/a?b#c', '/?http://x/']) {
      expect([path, refused({ path })]).toEqual([path, false]);
    }
  });

  test('has a method, a host, and headers that cannot be read as two', () => {
    for (const change of [
      { method: '' },
      { method: 'GET /x' },
      { method: 7 },
      { host: '' },
      { host: null },
      { headers: null },
      { headers: ['A'] },
      { headers: ['A', 1] },
      { headers: ['A b', 'c'] },
      { headers: ['', 'c'] },
      { headers: ['A:', 'c'] },
      { headers: ['A', 'b\r\nC: d'] },
      { headers: ['A', 'b\nC'] },
      { headers: ['A', '\0'] },
    ]) {
      expect([change, refused(change)]).toEqual([change, true]);
    }
  });
});

describe('a response head', () => {
  test('is 101 only where a WebSocket was asked for, and only if the stream goes on', () => {
    const head = { status: 101, headers: [] };
    expect(responseHeadOf(frameOf('RESPONSE', head), true)).toEqual(head);
    expect(() => responseHeadOf(frameOf('RESPONSE', head))).toThrow();
    expect(() => responseHeadOf({ ...frameOf('RESPONSE', head), flags: flags.end }, true)).toThrow();
    expect(() => responseHeadOf(frameOf('RESPONSE', { status: 100, headers: [] }), true)).toThrow();
  });

  test('of a request may ask for a WebSocket and for nothing else, and does not end then', () => {
    const head = { method: 'GET', path: '/', host: 'a.example', headers: [], upgrade: 'websocket' };
    expect(requestHeadOf(frameOf('REQUEST', head))).toEqual(head);
    expect(() => requestHeadOf(frameOf('REQUEST', { ...head, upgrade: 'h2c' }))).toThrow();
    expect(() => requestHeadOf({ ...frameOf('REQUEST', head), flags: flags.end })).toThrow();
  });

  test('has a final status', () => {
    for (const status of [100, 101, 199, 600, 0, -1, 200.5, '200', null]) {
      expect(() => responseHeadOf(frameOf('RESPONSE', { status, headers: [] }))).toThrow();
    }
    for (const status of [200, 204, 304, 404, 599]) {
      expect(responseHeadOf(frameOf('RESPONSE', { status, headers: ['A', 'b'] }))).toEqual({
        status,
        headers: ['A', 'b'],
      });
    }
  });

  test('is searched for a value without regard to case', () => {
    expect(headerOf(['A', '1', 'Content-Length', '2', 'content-length', '3'], 'content-length')).toBe('2');
    expect(headerOf(['A', '1'], 'b')).toBeNull();
  });
});

describe('headers of one connection', () => {
  test('are those of the fixed list', () => {
    for (const name of [
      'connection',
      'keep-alive',
      'transfer-encoding',
      'te',
      'trailer',
      'upgrade',
      'proxy-authorization',
    ]) {
      expect(isHopByHop(name)).toBe(true);
    }
    for (const name of ['authorization', 'cookie', 'content-length', 'x-forwarded-for'])
      expect(isHopByHop(name)).toBe(false);
  });

  test('may be named by Connection, except those that somebody relies on', () => {
    expect([...namedByConnection('close, X-Mine ,x-other')]).toEqual(['close', 'x-mine', 'x-other']);
    expect([...namedByConnection('X-Forwarded-For, X-Forwarded-Host, Authorization, Cookie, Host, Signature')]).toEqual(
      [],
    );
    expect(namedByConnection(null).size).toBe(0);
  });
});
