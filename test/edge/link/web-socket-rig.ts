// A visitor's WebSocket for tests inside the runtime, and a home that answers for it.

import { vi } from 'vitest';
import { closingOf, encodeCredit, encodeFrame, encodeTextFrame, type Frame } from '../../../shared/link/codec.ts';
import { type FrameName, flags } from '../../../shared/link/frames.ts';
import type { RequestHead } from '../../../shared/link/heads.ts';
import { type HomeSocket, LinkRig } from './link-rig.ts';

export const site = 'https://site.example';
const patience = { timeout: 10_000, interval: 2 };

export function asking(headers: Record<string, string> = {}, path = '/'): Request {
  return new Request(`${site}${path}`, { headers: { Upgrade: 'websocket', ...headers } });
}

export class Visitor {
  readonly socket: WebSocket;
  readonly heard: (string | ArrayBuffer)[] = [];
  closed: { readonly code: number; readonly reason: string } | null = null;

  /** `reads`: false leaves all that comes on the way. */
  constructor(socket: WebSocket, reads = true) {
    this.socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }) => this.heard.push(data as string | ArrayBuffer));
    socket.addEventListener('close', ({ code, reason }) => {
      this.closed = { code, reason };
    });
    if (reads) socket.accept();
  }

  async hears(count = 1): Promise<(string | ArrayBuffer)[]> {
    await vi.waitUntil(() => this.heard.length >= count, patience);
    return this.heard.splice(0, count);
  }

  async closing(): Promise<{ readonly code: number; readonly reason: string }> {
    return await vi.waitUntil(() => this.closed, patience);
  }
}

export interface Open {
  readonly id: number;
  readonly head: RequestHead;
  readonly visitor: Visitor;
  readonly response: Response;
}

export class WebSocketRig {
  readonly rig: LinkRig;
  readonly home: HomeSocket;

  private constructor(rig: LinkRig, home: HomeSocket) {
    this.rig = rig;
    this.home = home;
  }

  /** `before` may change what is outside of the object before the link opens. */
  static async open(
    before: (rig: LinkRig) => Promise<void> = async () => undefined,
    version = 3,
  ): Promise<WebSocketRig> {
    const rig = await LinkRig.open();
    await before(rig);
    return new WebSocketRig(rig, (await rig.openLink({ version })).socket);
  }

  async visit({
    headers = {} as Record<string, string>,
    chosen = [] as readonly string[],
    reads = true,
    from = undefined as string | undefined,
  } = {}): Promise<Open> {
    const answer = this.rig.carried(asking(headers), undefined, from);
    const { id, head } = await this.home.request();
    this.accept(id, chosen);
    const response = await answer;
    if (response.webSocket === null) throw new Error(`answered ${response.status}`);
    return { id, head, response, visitor: new Visitor(response.webSocket, reads) };
  }

  accept(id: number, headers: readonly string[] = []): void {
    this.home.send(encodeTextFrame('RESPONSE', JSON.stringify({ status: 101, headers }), id));
  }

  text(id: number, text: string, more = false): void {
    this.home.send(encodeTextFrame('TEXT', text, id, more ? flags.more : 0));
  }

  binary(id: number, bytes: number | Uint8Array, more = false): void {
    const payload = typeof bytes === 'number' ? new Uint8Array(bytes) : bytes;
    this.home.send(encodeFrame('BINARY', id, payload, more ? flags.more : 0));
  }

  credit(id: number, bytes: number): void {
    this.home.send(encodeCredit(id, bytes));
  }

  async next(name: FrameName): Promise<Frame> {
    return await this.home.next(name);
  }

  async close(): Promise<ReturnType<typeof closingOf>> {
    return closingOf(await this.home.next('CLOSE'));
  }

  /** Goes on when everything that the sockets need to go on is written on them. */
  async settled(): Promise<void> {
    await vi.waitUntil(async () => await this.rig.inside((object) => object.visitors.isAtRest), patience);
  }

  /** The memory goes as soon as the platform could let it go. */
  async hibernate(): Promise<void> {
    await this.settled();
    await this.rig.hibernate();
  }
}
