// Load on an HTTP/1.1 address with as little work as possible on this side: raw sockets, requests written as bytes,
// answers counted and not parsed further than their length.

import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface Target {
  readonly origin: string;
  readonly path: string;
  /** Certificate to trust, PEM. */
  readonly ca?: string;
  /** What the Host header says; that of `origin` if left out. */
  readonly host?: string;
}

export function open({ origin, ca }: Target): Socket {
  const { protocol, hostname, port } = new URL(origin);
  const options = { host: hostname === 'localhost' ? '127.0.0.1' : hostname, port: Number(port) };
  const socket =
    protocol === 'https:'
      ? connectTls({ ...options, servername: 'localhost', ...(ca && { ca }) })
      : connectTcp(options);
  socket.setNoDelay(true);
  return socket;
}

export function requestBytes(target: Target, method = 'GET', length: number | null = null): Buffer {
  const { origin, path, host = new URL(origin).host } = target;
  const body = length === null ? '' : `content-length: ${length}\r\n`;
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n${body}\r\n`);
}

/** Reads one answer after another. `onAnswer` is told each one's status, `onBody` of each piece of a body. */
export function readAnswers(
  socket: Socket,
  onAnswer: (status: number) => void,
  onBody: (bytes: number) => void = () => undefined,
): void {
  let head = Buffer.alloc(0);
  let left = 0;
  let status = 0;
  socket.on('data', (chunk: Buffer) => {
    let data = chunk;
    while (data.length > 0) {
      if (left > 0) {
        const taken = Math.min(left, data.length);
        left -= taken;
        onBody(taken);
        data = data.subarray(taken);
        if (left === 0) onAnswer(status);
        continue;
      }
      head = Buffer.concat([head, data]);
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return;
      const text = head.toString('latin1', 0, end);
      status = Number(text.slice(9, 12));
      const length = /content-length: (\d+)/i.exec(text)?.[1];
      if (length === undefined) throw new Error(`Cannot measure: the answer has no length:\n${text}`);
      data = head.subarray(end + 4);
      head = Buffer.alloc(0);
      left = Number(length);
      if (left === 0) onAnswer(status);
    }
  });
}

export interface SmallFigures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export function percentiles(times: readonly number[]): { readonly p50Ms: number; readonly p99Ms: number } {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}
