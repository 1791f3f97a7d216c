// MARK: home asks how far the edge has come. One answer a message, whatever it holds, so that no home makes the edge say
// more than it says itself.

import { describe, expect, test } from 'vitest';
import { encodeMark, markOf } from '../../../shared/link/codec.ts';
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
