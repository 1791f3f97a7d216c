// MARK: home asks how far the edge has come. One answer a message, whatever it holds, so that no home makes the edge say
// more than it says itself.

import { describe, expect, test } from 'vitest';
import { encodeFrame, encodeMark, encodeTextFrame, markOf } from '../../../shared/link/codec.ts';
import { flags } from '../../../shared/link/frames.ts';
import { LinkRig } from './link-rig.ts';

function together(frames: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(frames.flatMap((frame) => [...frame]));
}

describe('a mark', () => {
  test('is answered with its number', async () => {
    const rig = await LinkRig.open();
    const { socket } = await rig.openLink({ version: 3 });
    for (const number of [1, 0, 2 ** 32 - 1]) {
      socket.send(encodeMark('MARK', number));
      expect(markOf(await socket.next('MARKED'))).toBe(number);
    }
  });

  test('is answered once for a message full of them', async () => {
    const rig = await LinkRig.open();
    const { socket } = await rig.openLink({ version: 3 });
    socket.send(together(Array.from({ length: 10_000 }, (_, n) => encodeMark('MARK', n))));
    socket.send(encodeMark('MARK', 77));
    expect(markOf(await socket.next('MARKED'))).toBe(9_999);
    expect(markOf(await socket.next('MARKED'))).toBe(77);
    expect(socket.waiting).toEqual([]);
  });

  test('is answered behind bytes of several visitors, which are copied out of the message at once', async () => {
    const rig = await LinkRig.open();
    const { socket } = await rig.openLink({ version: 3 });
    const bytes = new Uint8Array(16 * 1024).fill(7);
    const visitors = await Promise.all(
      ['a', 'b', 'c'].map(async (path) => {
        const answer = rig.carried(new Request(`https://site.example/${path}`));
        const { id } = await socket.request();
        socket.send(encodeTextFrame('RESPONSE', JSON.stringify({ status: 200, headers: [] }), id));
        return { id, response: await answer };
      }),
    );
    socket.send(
      together([...visitors.map(({ id }) => encodeFrame('DATA', id, bytes, flags.end)), encodeMark('MARK', 5)]),
    );
    expect(markOf(await socket.next('MARKED'))).toBe(5);
    for (const { response } of visitors) expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
    expect(socket.closed).toBe(null);
  });

  test('on a link of a version that has none ends it, unanswered', async () => {
    for (const version of [1, 2]) {
      const rig = await LinkRig.open();
      const { socket } = await rig.openLink({ version });
      socket.send(encodeMark('MARK', 1));
      expect(await socket.closing()).toMatchObject({ code: 4400, reason: 'link-untimely' });
      expect(socket.waiting).toEqual([]);
    }
  });

  test('without a number ends the link', async () => {
    const rig = await LinkRig.open();
    const { socket } = await rig.openLink({ version: 3 });
    socket.send(encodeMark('MARK', 1).subarray(0, 10).fill(0, 6));
    expect(await socket.closing()).toMatchObject({ code: 4400, reason: 'link-malformed' });
  });
});
