// A home for tests, speaking the link's frames over a real WebSocket with a real Link object: what it sends, and when,
// is the test's to decide.

import { env, evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { type CryptoKey, exportJWK, generateKeyPair } from 'jose';
import { vi } from 'vitest';
import { carry } from '../../../edge/link/carry.ts';
import type { LinkObject } from '../../../edge/link/object.ts';
import type { SpoolObject } from '../../../edge/spool/object.ts';
import { decodeMessage, encodeFrame, encodeTextFrame, type Frame, recordOf } from '../../../shared/link/codec.ts';
import { type FrameName, flags } from '../../../shared/link/frames.ts';
import {
  type Hello,
  helloOf,
  type ProofClaims,
  signProof,
  type Welcome,
  welcomeOf,
} from '../../../shared/link/handshake.ts';
import { type RequestHead, requestHeadOf } from '../../../shared/link/heads.ts';
import { addHome, bindings as directory, migrated } from '../home/directory-database.ts';

interface TestEnv {
  readonly LINK: DurableObjectNamespace<LinkObject>;
  readonly SPOOL: DurableObjectNamespace<SpoolObject>;
}

export const bindings = env as unknown as TestEnv;
export const edgeOrigin = 'https://edge.example';
const facts = { clientAddress: '203.0.113.7', host: 'site.example', scheme: 'https' } as const;

/** A socket to the Link object, as home holds it. */
export class HomeSocket {
  readonly #socket: WebSocket;
  readonly #frames: Frame[] = [];
  readonly #texts: string[] = [];
  closed: { readonly code: number; readonly reason: string } | null = null;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') this.#texts.push(data);
      else this.#frames.push(...decodeMessage(new Uint8Array(data as ArrayBuffer)));
    });
    socket.addEventListener('close', ({ code, reason }) => {
      this.closed = { code, reason };
    });
    socket.accept();
  }

  /** Frames that came and were not taken. */
  get waiting(): readonly Frame[] {
    return this.#frames;
  }

  /** The next frame of this name, when it comes; others before it stay. */
  async next(name: FrameName): Promise<Frame> {
    return await vi.waitUntil(
      () => {
        const at = this.#frames.findIndex((frame) => frame.name === name);
        return at === -1 ? null : this.#frames.splice(at, 1)[0];
      },
      { timeout: 5000, interval: 2 },
    );
  }

  async closing(): Promise<{ readonly code: number; readonly reason: string }> {
    return await vi.waitUntil(() => this.closed, { timeout: 5000, interval: 2 });
  }

  send(...frames: readonly Uint8Array[]): void {
    const message = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0));
    let at = 0;
    for (const frame of frames) {
      message.set(frame, at);
      at += frame.length;
    }
    this.#socket.send(message);
  }

  text(text: string): void {
    this.#socket.send(text);
  }

  /** What comes back to this text. */
  async answerTo(text: string): Promise<string | undefined> {
    this.text(text);
    return await vi.waitUntil(() => this.#texts.shift(), { timeout: 5000, interval: 2 });
  }

  close(): void {
    this.#socket.close(1000, 'test');
  }

  /** The next request that is carried to home. */
  async request(): Promise<{ readonly id: number; readonly head: RequestHead; readonly hasBody: boolean }> {
    const frame = await this.next('REQUEST');
    return { id: frame.stream, head: requestHeadOf(frame), hasBody: (frame.flags & flags.end) === 0 };
  }

  /** A response: head and, unless `more` follows, the whole body in one message. */
  respond(
    id: number,
    body: Uint8Array | string | null,
    { status = 200, headers = [] as readonly string[], more = false } = {},
  ): void {
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    const head = encodeTextFrame('RESPONSE', JSON.stringify({ status, headers }), id, bytes === null ? flags.end : 0);
    if (bytes === null) this.send(head);
    else this.send(head, encodeFrame('DATA', id, bytes, more ? 0 : flags.end));
  }

  data(id: number, bytes: number | Uint8Array, ends = false): void {
    const payload = typeof bytes === 'number' ? new Uint8Array(bytes) : bytes;
    this.send(encodeFrame('DATA', id, payload, ends ? flags.end : 0));
  }
}

export class LinkRig {
  readonly homeId: string;
  stub: DurableObjectStub<LinkObject>;
  readonly privateKey: CryptoKey;
  /** Claimed by it: its own, and a further one. */
  readonly host: string;
  readonly otherHost: string;

  #holdMs = 0;

  private constructor(homeId: string, privateKey: CryptoKey) {
    this.homeId = homeId;
    this.privateKey = privateKey;
    this.host = `${homeId}.example`;
    this.otherHost = `other.${homeId}.example`;
    this.stub = bindings.LINK.get(bindings.LINK.idFromName(homeId));
  }

  /** A home in the directory, with a key of its own and no link yet. */
  static async open(): Promise<LinkRig> {
    await migrated();
    const homeId = `home-${crypto.randomUUID()}`;
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
    const rig = new LinkRig(homeId, privateKey);
    await addHome(homeId, [rig.host, rig.otherHost], await exportJWK(publicKey));
    // Who finds no link is told so at once, but where a test is about waiting for one.
    await rig.holdFor(0);
    return rig;
  }

  async dial(stub = this.stub): Promise<{ socket: HomeSocket; hello: Hello }> {
    const url = `${edgeOrigin}/.porchlight/v1/link?home=${this.homeId}`;
    const { webSocket } = await stub.fetch(url, { headers: { Upgrade: 'websocket' } });
    if (webSocket === null) throw new Error('not upgraded');
    const socket = new HomeSocket(webSocket);
    return { socket, hello: helloOf(await socket.next('HELLO')) };
  }

  async proof(hello: Hello, change: Partial<ProofClaims> = {}, key = this.privateKey): Promise<Uint8Array> {
    const { nonce, edge } = hello;
    const claims = { nonce, edge, homeId: this.homeId, version: 1, process: 'process-1', epoch: 0, ...change };
    return encodeTextFrame('PROOF', await signProof(claims, key));
  }

  /** A link that is open. */
  async openLink(change: Partial<ProofClaims> = {}): Promise<{ socket: HomeSocket; welcome: Welcome }> {
    const { socket, hello } = await this.dial();
    socket.send(await this.proof(hello, change));
    return { socket, welcome: welcomeOf(await socket.next('WELCOME')) };
  }

  /** How the edge answers this proof: its refusal's code, or `welcome`. The socket must be closed after a refusal. */
  async verdict(socket: HomeSocket, proof: Uint8Array): Promise<string> {
    socket.send(proof);
    const frame = await Promise.race([socket.next('WELCOME'), socket.next('REFUSED')]);
    if (frame.name === 'WELCOME') return 'welcome';
    const { code } = await socket.closing();
    return code === 4401 ? String(recordOf(frame).code) : `closed with ${code}`;
  }

  /** A visitor's request, as the Worker carries it. */
  async carry(
    request: Request,
    host: string = facts.host,
    clientAddress: string | null = facts.clientAddress,
  ): ReturnType<typeof carry> {
    return await carry(this.stub, request, { ...facts, host, clientAddress });
  }

  /** The same, to any home. */
  static async carryTo(stub: DurableObjectStub<LinkObject>, request: Request): ReturnType<typeof carry> {
    return await carry(stub, request, facts);
  }

  async carried(request: Request, host?: string, clientAddress?: string): Promise<Response> {
    const result = await this.carry(request, host, clientAddress);
    if (!('carried' in result)) throw new Error(`not carried: ${JSON.stringify(result)}`);
    return result.carried;
  }

  /** How long requests wait for a link that was there a moment ago, ms; of this memory of the object and of later ones. */
  async holdFor(ms: number): Promise<void> {
    this.#holdMs = ms;
    await this.inside((object) => {
      object.outside.carryHoldMs = ms;
    });
  }

  /** The memory of the object goes; its sockets stay. */
  async hibernate(): Promise<void> {
    await evictDurableObject(this.stub, { webSockets: 'hibernate' });
    await this.holdFor(this.#holdMs);
  }

  /** Another host becomes this home's. */
  async claim(host: string): Promise<void> {
    await directory.DIRECTORY.prepare('INSERT INTO hosts VALUES (?, ?)').bind(host, this.homeId).run();
  }

  /** The object goes whole: memory and sockets. */
  async evict(): Promise<void> {
    await evictDurableObject(this.stub, { webSockets: 'close' });
    await this.holdFor(this.#holdMs);
  }

  /** A stub of its own: after a reset, earlier ones may be of no use. */
  fresh(): DurableObjectStub<LinkObject> {
    return bindings.LINK.get(bindings.LINK.idFromName(this.homeId));
  }

  /** The object ends in the middle of whatever it does, as when it is deployed anew. */
  async crash(): Promise<void> {
    await this.inside((_, state) => state.abort('deployed anew')).catch(() => undefined);
    this.stub = this.fresh();
  }

  /** Rows that the object wrote since it was made. */
  async rowWrites(): Promise<number> {
    return await this.inside((_, state) => {
      const [row] = state.storage.sql.exec('SELECT total_changes() AS n');
      return Number(row?.n ?? 0);
    });
  }

  async inside<T>(work: (object: LinkObject, state: DurableObjectState) => T | Promise<T>): Promise<T> {
    return await runInDurableObject(this.stub, work);
  }

  static async insideOf<T>(stub: DurableObjectStub<LinkObject>, work: (object: LinkObject) => T): Promise<T> {
    return await runInDurableObject(stub, work);
  }
}
