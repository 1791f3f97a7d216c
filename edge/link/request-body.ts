// The body of a carried request, read from the visitor only as home gives credit: what is not read stays with the
// visitor, because a WebSocket takes whatever it is given.

import { limits } from '../../shared/limits.ts';
import { frameHeaderBytes, writeFrameHeader } from '../../shared/link/codec.ts';
import { flags } from '../../shared/link/frames.ts';
import type { LinkSession, Stream } from '../../shared/link/session.ts';
import type { Carried } from './carried.ts';

const firstReadBytes = 16 * 1024;

/**
 * Sends the body as DATA frames until its end, or until `stream.owner.onStop` is called. Rejects when the visitor's
 * side breaks before the end.
 */
export async function passOn(
  body: ReadableStream<Uint8Array>,
  stream: Stream<Carried>,
  session: LinkSession<Carried>,
  send: (frame: Uint8Array<ArrayBuffer>) => void,
): Promise<void> {
  const reader = body.getReader({ mode: 'byob' });
  const carried = stream.owner;
  let isStopped = false;
  carried.onStop = () => {
    isStopped = true;
    carried.owesBody = false;
    carried.onCredit?.();
    // Whoever still sends is told by the platform; how it takes that changes nothing here.
    reader.cancel().catch(() => undefined);
  };
  let readBytes = firstReadBytes;
  while (!isStopped) {
    if (stream.credit === 0) {
      await new Promise<void>((resolve) => {
        carried.onCredit = resolve;
      });
      continue;
    }
    // The frame's header goes before the bytes in the same buffer, so that they are not copied once more.
    const room = Math.min(readBytes, stream.credit);
    const view = new Uint8Array(new ArrayBuffer(frameHeaderBytes + room), frameHeaderBytes, room);
    carried.owesBody = true;
    const read = reader.read(view);
    // Stopped, it may be rejected: then home has answered, and how the upload ended must not break its answer off.
    const { value, done } = await read.catch((thrown: unknown) => {
      if (isStopped) return { value: undefined, done: true } as const;
      throw thrown;
    });
    carried.owesBody = false;
    if (isStopped || session.stream(stream.id) !== stream) return;
    const length = value?.length ?? 0;
    carried.movedBytes += length;
    const frame = new Uint8Array(value?.buffer ?? new ArrayBuffer(frameHeaderBytes), 0, frameHeaderBytes + length);
    session.sent(stream, length, done);
    writeFrameHeader(frame, 0, 'DATA', done ? flags.end : 0, stream.id, length);
    send(frame);
    if (done) return;
    if (length === room) readBytes = Math.min(readBytes * 2, limits.framePayloadBytes);
  }
}
