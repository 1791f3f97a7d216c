// Connections to home's services. Node makes a buffer of 64 KiB for each read, and letting go of those was half of
// home's CPU time on a download, more than encrypting it. So short reads share one buffer and are copied out of it; a
// connection on which much comes at once reads into two long ones in turn, while its reader keeps up.

import { connect as connectTcp, type Socket, type TcpNetConnectOpts } from 'node:net';
import { limits } from '../../shared/limits.ts';
import type { Connector } from '../http-connections.ts';

const shortBytes = 64 * 1024;
const longBytes = limits.framePayloadBytes;
/** Long buffers that wait for the next connection that needs them. */
const keptBuffers = 8;
const connectMs = 10_000;
const idleMs = 60_000;
/** What a service said before it closed is there to be read at once; for longer nothing is waited for. */
const lastWordsMs = 1_000;

/** Nothing is left in it: whatever was read is copied in the same turn. */
const short = Buffer.allocUnsafeSlow(shortBytes);
const free: Buffer[] = [];

/** For undici, to a service that speaks plain HTTP. */
export const connect: Connector = ({ hostname, port }, done) => {
  const reads = new Reads();
  const options: TcpNetConnectOpts & { readonly readableHighWaterMark: number } = {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || 80),
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: idleMs,
    // One read waits for a reader that is paused, not many that would be joined for it.
    readableHighWaterMark: 1,
    onread: { buffer: () => reads.next, callback: (length) => reads.give(socket, length) },
  };
  const socket: Socket = connectTcp(options);
  hearLastWords(socket);
  const timer = setTimeout(() => {
    socket.destroy(Object.assign(new Error('no connection in time'), { code: 'UND_ERR_CONNECT_TIMEOUT' }));
  }, connectMs);
  let finish = (error: Error | null): void => {
    finish = () => undefined;
    clearTimeout(timer);
    if (error === null) done(null, socket);
    else done(error, null);
  };
  socket.once('connect', () => finish(null));
  socket.on('error', (error) => finish(error));
  socket.once('close', () => reads.close(socket));
};

/**
 * A service that wants no more of a long body answers (413, 401) and closes. Then our next write fails, and Node would let go
 * of the connection with the answer in it unread. So a write that fails because the other side has closed says nothing:
 * reading goes on, and ends with the answer or with the same error (RFC 9112 section 9.6 has the service's half of it).
 */
function hearLastWords(socket: Socket): void {
  const unlessClosed = (done: (error?: Error | null) => void) => (error?: Error | null) => {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EPIPE' && code !== 'ECONNRESET') done(error);
    else setTimeout(() => done(error), lastWordsMs).unref();
  };
  const write = socket._write.bind(socket);
  const writev = socket._writev?.bind(socket);
  socket._write = (chunk, encoding, done) => write(chunk, encoding, unlessClosed(done));
  if (writev !== undefined) socket._writev = (chunks, done) => writev(chunks, unlessClosed(done));
}

/** Where the bytes of one connection are read to. */
class Reads {
  /** Where the next read goes; Node asks for it after each. */
  next: Buffer = short;
  /** The long buffer that was read into before. */
  #before: Buffer | null = null;

  /** Bytes were read. False: the stream has enough for now. */
  give(socket: Socket, length: number): boolean {
    const buffer = this.next;
    // The reader has all that came before: nothing refers to the other long buffer any more.
    const isRead = socket.readableLength === 0;
    const bytes = buffer.subarray(0, length);
    if (buffer === short) {
      if (length === shortBytes) this.next = take();
      return socket.push(Buffer.from(bytes));
    }
    // undici keeps the names and values of a head as views until the head is whole. A head is no longer than
    // limits.frameHeadBytes, so that in a longer read it has ended, and a shorter one is copied.
    const isView = length > limits.frameHeadBytes;
    if (!isView) {
      if (isRead && length < shortBytes / 2) this.#shrink(buffer);
      return socket.push(Buffer.from(bytes));
    }
    this.next = isRead && this.#before !== null ? this.#before : take();
    this.#before = buffer;
    return socket.push(bytes);
  }

  close(socket: Socket): void {
    if (socket.readableLength === 0 && this.next !== short) this.#shrink(this.next);
  }

  #shrink(unused: Buffer): void {
    keep(unused);
    if (this.#before !== null && this.#before !== unused) keep(this.#before);
    this.#before = null;
    this.next = short;
  }
}

function take(): Buffer {
  return free.pop() ?? Buffer.allocUnsafeSlow(longBytes);
}

function keep(buffer: Buffer): void {
  if (free.length < keptBuffers) free.push(buffer);
}
