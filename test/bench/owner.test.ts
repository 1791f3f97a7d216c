// The measures of the owner's benchmark: units, and what is counted on the wire.

import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { CountingWire, FrameCounter } from '../../bench/owner/counting-wire.ts';
import { readMemory, together } from '../../bench/processes.ts';
import { freePort } from '../support/ports.ts';

describe('memory', () => {
  test('is told in MB of 10^6 bytes, of which the kernel’s kB are 1,024 bytes each', () => {
    const memory = readMemory('VmHWM:\t   97656 kB\nVmRSS:\t   78125 kB\nRssAnon:\t   25000 kB\n');
    expect(memory).toEqual({ residentMb: 80, anonymousMb: 25.6, peakMb: 99.999744 });
  });

  test('of two processes on one Node has what they share once', () => {
    const home = { residentMb: 75, anonymousMb: 25, peakMb: 0 };
    const child = { residentMb: 120, anonymousMb: 60, peakMb: 0 };
    expect(together([home, child])).toBe(25 + 60 + 60);
  });
});

/** A frame as a client sends it. */
function frame(opcode: number, isLast: boolean, bytes: number): Buffer {
  const length =
    bytes < 126
      ? Buffer.from([0x80 | bytes])
      : bytes < 65_536
        ? Buffer.from([0x80 | 126, bytes >> 8, bytes & 0xff])
        : Buffer.concat([Buffer.from([0x80 | 127, 0, 0, 0, 0]), be32(bytes)]);
  return Buffer.concat([Buffer.from([(isLast ? 0x80 : 0) | opcode]), length, Buffer.alloc(4 + bytes)]);
}

function be32(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
}

describe('messages on the link', () => {
  test('are counted by their last frame, however they are cut; pings of the protocol are none', () => {
    const frames = fc.array(
      fc.record({
        opcode: fc.constantFrom(0, 1, 2, 8, 9, 10),
        isLast: fc.boolean(),
        bytes: fc.constantFrom(0, 1, 125, 126, 300, 65_535, 70_000),
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1 }), (sent, cuts) => {
        const bytes = Buffer.concat(sent.map(({ opcode, isLast, bytes }) => frame(opcode, isLast, bytes)));
        const counter = new FrameCounter();
        let counted = 0;
        for (let at = 0, nth = 0; at < bytes.length; nth += 1) {
          const cut = cuts[nth % cuts.length] ?? 1;
          counted += counter.take(bytes.subarray(at, at + cut));
          at += cut;
        }
        expect(counted).toBe(sent.filter(({ opcode, isLast }) => isLast && opcode < 8).length);
      }),
    );
  });

  test('are told beside the requests of HTTP', async () => {
    const server = new WebSocketServer({ port: await freePort(), host: '127.0.0.1' });
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const near = await freePort();
    const wire = await CountingWire.open(near, port);
    try {
      const echoed = new EventEmitter();
      server.on('connection', (socket) => socket.on('message', (text) => echoed.emit(String(text))));
      const socket = new WebSocket(`ws://127.0.0.1:${near}/`);
      await new Promise((resolve) => socket.once('open', resolve));
      const last = new Promise((resolve) => echoed.once('last', resolve));
      for (const text of ['ping', 'ping', 'last']) socket.send(text);
      await last;
      expect(wire.counted).toMatchObject({ requests: 1, messages: 3, connections: 1 });
      socket.terminate();
    } finally {
      wire.close();
      server.close();
    }
  });
});
