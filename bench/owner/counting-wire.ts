// A wire between home and edge that counts: bytes each way, HTTP requests by their first line, WebSocket messages by
// their frames, connections. Plain HTTP on loopback, so that requests can be seen; TLS adds about 5 % to frames of this size
// (22 bytes for each record, RFC 8446).

import { connect, createServer, type Server } from 'node:net';

export interface Counted {
  readonly up: number;
  readonly down: number;
  readonly requests: number;
  /** From home to the edge, pings too: those are messages that the runtime answers. */
  readonly messages: number;
  readonly connections: number;
}

const requestLine = /^(?:GET|HEAD|POST|PUT|DELETE) \/\S* HTTP\/1\.1\r\n/gm;

export class CountingWire {
  readonly #server: Server;
  #counted = { up: 0, down: 0, requests: 0, messages: 0, connections: 0 };

  private constructor(target: number) {
    this.#server = createServer((near) => {
      const far = connect(target, '127.0.0.1');
      const frames = new FrameCounter();
      this.#counted.connections += 1;
      near.on('data', (part: Buffer) => {
        this.#counted.up += part.byteLength;
        if (frames.isOpen) this.#counted.messages += frames.take(part);
        else {
          const text = part.toString('latin1');
          this.#counted.requests += text.match(requestLine)?.length ?? 0;
          if (/^upgrade: websocket\r$/im.test(text)) frames.isOpen = true;
        }
      });
      far.on('data', (part: Buffer) => {
        this.#counted.down += part.byteLength;
      });
      near.pipe(far).pipe(near);
      near.on('error', () => far.destroy());
      far.on('error', () => near.destroy());
    });
  }

  static async open(port: number, target: number): Promise<CountingWire> {
    const wire = new CountingWire(target);
    await new Promise<void>((resolve, reject) => {
      wire.#server.once('error', reject);
      wire.#server.listen(port, '127.0.0.1', resolve);
    });
    return wire;
  }

  get counted(): Counted {
    return { ...this.#counted };
  }

  close(): void {
    this.#server.close();
  }
}

/** Messages that end in what a client sends (RFC 6455 section 5.2), however TCP cuts it. */
export class FrameCounter {
  isOpen = false;
  #begun = Buffer.alloc(0);
  /** Bytes of a payload that are still to come. */
  #owed = 0;

  take(part: Buffer): number {
    let bytes = Buffer.concat([this.#begun, part]);
    let messages = 0;
    for (;;) {
      const passed = Math.min(this.#owed, bytes.length);
      this.#owed -= passed;
      bytes = bytes.subarray(passed);
      const head = this.#owed > 0 ? null : headOf(bytes);
      if (head === null) break;
      messages += head.endsMessage ? 1 : 0;
      this.#owed = head.payloadBytes;
      bytes = bytes.subarray(head.bytes);
    }
    this.#begun = bytes;
    return messages;
  }
}

interface Head {
  /** With the mask, which every client's frame has. */
  readonly bytes: number;
  readonly payloadBytes: number;
  readonly endsMessage: boolean;
}

/** null: it is not whole yet. */
function headOf(bytes: Buffer): Head | null {
  if (bytes.length < 2) return null;
  const short = (bytes[1] ?? 0) & 0x7f;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (bytes.length < 6 + extra) return null;
  const payloadBytes = extra === 2 ? bytes.readUInt16BE(2) : extra === 8 ? Number(bytes.readBigUInt64BE(2)) : short;
  const [first = 0] = bytes;
  // Close, ping and pong of the protocol itself are no messages.
  return { bytes: 6 + extra, payloadBytes, endsMessage: (first & 0x80) !== 0 && (first & 0x0f) < 8 };
}
