// Downloads and uploads of much, one or several at once. Ends when all of it is there or its time is over, whichever
// comes first: what counts is what arrived.

import type { Socket } from 'node:net';
import { open, readAnswers, requestBytes, type Target } from './load.ts';

export interface BulkLoad {
  readonly streams: number;
  /** Of each stream. */
  readonly bytes: number;
  readonly maxMs: number;
}

export interface BulkFigures {
  readonly bytes: number;
  readonly seconds: number;
  /** What `meter` counted meanwhile. */
  readonly used: number;
}

export async function downloads(
  target: Omit<Target, 'path'>,
  load: BulkLoad,
  meter: () => number = () => 0,
): Promise<BulkFigures> {
  const get = { ...target, path: `/bytes/${load.bytes}` };
  let arrived = 0;
  const count = async (): Promise<number> => arrived;
  const onBody = (bytes: number): void => {
    arrived += bytes;
  };
  return await timed(get, load, meter, count, (socket, onAnswer) => {
    readAnswers(socket, onAnswer, onBody);
    socket.write(requestBytes(get));
  });
}

/** `arrived`: bytes of uploads that the origin was sent so far, in all. */
export async function uploads(
  target: Omit<Target, 'path'>,
  load: BulkLoad,
  meter: () => number,
  arrived: () => Promise<number>,
): Promise<BulkFigures> {
  const post = { ...target, path: '/upload' };
  return await timed(post, load, meter, arrived, (socket, onAnswer) => {
    readAnswers(socket, onAnswer);
    socket.write(requestBytes(post, 'POST', load.bytes));
    writeBody(socket, load.bytes);
  });
}

/** Writes so many bytes as fast as they are taken. */
export function writeBody(socket: Socket, bytes: number): void {
  let left = bytes;
  const write = (): void => {
    while (left > 0 && !socket.destroyed) {
      const part = block.subarray(0, Math.min(left, block.length));
      left -= part.length;
      if (!socket.write(part)) {
        socket.once('drain', write);
        return;
      }
    }
  };
  write();
}

const block = Buffer.alloc(256 * 1024, 'c');

async function timed(
  target: Target,
  { streams, maxMs }: BulkLoad,
  meter: () => number,
  arrived: () => Promise<number>,
  begin: (socket: Socket, onAnswer: (status: number) => void) => void,
): Promise<BulkFigures> {
  const sockets = Array.from({ length: streams }, () => open(target));
  try {
    const opened = target.origin.startsWith('https') ? 'secureConnect' : 'connect';
    await Promise.all(sockets.map(async (socket) => await happened(socket, opened)));
    const before = { bytes: await arrived(), used: meter(), at: performance.now() };
    const all = sockets.map(
      async (socket) =>
        await new Promise<void>((resolve, reject) => {
          socket.on('error', reject);
          socket.on('close', () => reject(new Error(`a connection was closed during ${target.path}`)));
          begin(socket, (status) => {
            if (status === 200) resolve();
            else reject(new Error(`${target.path} answered ${status}`));
          });
        }),
    );
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, maxMs);
    });
    await Promise.race([Promise.all(all), late]).finally(() => clearTimeout(timer));
    const seconds = (performance.now() - before.at) / 1000;
    const used = meter() - before.used;
    return { bytes: (await arrived()) - before.bytes, seconds, used };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

async function happened(socket: Socket, event: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once(event, () => {
      socket.off('error', reject);
      resolve();
    });
    socket.once('error', reject);
  });
}
