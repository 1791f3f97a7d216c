// A home in a few lines, for tests of the edge: it claims, dials the link and answers what is carried to it, over the
// real door and with the real frames. Bodies are small: it knows no credit.

import { runInDurableObject, SELF } from 'cloudflare:test';
import { base64url, type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose';
import { makeClaim } from '../../../shared/claim/claim.ts';
import { makeClaimCode } from '../../../shared/claim/code.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { configPath, type EdgePart, type PartAddress, signEdgePart } from '../../../shared/config/edge-part.ts';
import { limits } from '../../../shared/limits.ts';
import {
  decodeMessage,
  encodeCancel,
  encodeFrame,
  encodeTextFrame,
  type Frame,
  isEnd,
  textOf,
} from '../../../shared/link/codec.ts';
import { type CancelCode, type FrameName, flags } from '../../../shared/link/frames.ts';
import {
  helloOf,
  type Refusal,
  refusalOf,
  signProof,
  type Welcome,
  welcomeOf,
} from '../../../shared/link/handshake.ts';
import { type RequestHead, requestHeadOf } from '../../../shared/link/heads.ts';
import { servicesText } from '../../../shared/link/services.ts';
import type { ServiceState } from '../../../shared/presence.ts';
import { callScheme, signCall } from '../../../shared/session/call.ts';
import { addCode } from '../home/directory-database.ts';
import { bindings } from '../link/link-rig.ts';

export interface HomeAnswer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
  /** Instead of all that: the stream is cancelled with this code. */
  readonly cancel?: CancelCode;
}

const encoder = new TextEncoder();

export class SmallHome {
  readonly origin: string;
  readonly homeId: string;
  publicKey: JWK;
  key: CryptoKey;
  /** Names this home-node process. */
  process: string;
  /** What the edge refused it with, the latest last. */
  readonly refusals: Refusal[] = [];
  /** What was carried to it. */
  readonly seen: RequestHead[] = [];
  /** What it answers; by default a page of the path. */
  answer: (request: RequestHead) => HomeAnswer = ({ path }) => ({ body: `page ${path}` });
  #socket: WebSocket | null = null;
  #welcome: Welcome | null = null;
  #n = 0;
  readonly #waiting = new Map<FrameName, (frame: Frame) => void>();

  constructor(origin: string, homeId: string, publicKey: JWK, key: CryptoKey) {
    this.origin = origin;
    this.homeId = homeId;
    this.publicKey = publicKey;
    this.key = key;
    this.process = homeId;
  }

  /** A home that has claimed the host of `origin`, and further ones. */
  static async claimed(origin: string, ...more: string[]): Promise<SmallHome> {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
    const jwk = await exportJWK(publicKey);
    const code = makeClaimCode(systemRandom);
    await addCode(code, [new URL(origin).host, ...more], systemClock.now() + limits.claimCodeMs);
    const home = new SmallHome(origin, '', jwk, privateKey);
    const { homeId } = (await (await home.claim(code)).json()) as { homeId: string };
    return new SmallHome(origin, homeId, jwk, privateKey);
  }

  /** A home on a new machine, with a key of its own, that claims with this code. */
  static async claimedWith(origin: string, code: string): Promise<SmallHome> {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
    const home = new SmallHome(origin, '', await exportJWK(publicKey), privateKey);
    const { homeId } = (await (await home.claim(code)).json()) as { homeId: string };
    return new SmallHome(origin, homeId, home.publicKey, privateKey);
  }

  /** The edge's answer to a claim by its key. */
  async claim(code: string): Promise<Response> {
    return await SELF.fetch(`${this.origin}/.porchlight/v1/claim`, {
      method: 'POST',
      body: JSON.stringify(await makeClaim(code, this.origin, this.publicKey, this.key)),
    });
  }

  async connect(version = 1): Promise<Welcome> {
    const address = `${this.origin}/.porchlight/v1/link?home=${this.homeId}`;
    const { webSocket } = await SELF.fetch(address, { headers: { Upgrade: 'websocket' } });
    if (webSocket === null) throw new Error('The edge did not open a socket.');
    this.#socket = webSocket;
    const welcomed = this.#next('WELCOME');
    const greeted = this.#next('HELLO');
    webSocket.addEventListener('message', ({ data }) => {
      if (typeof data !== 'string') for (const frame of decodeMessage(new Uint8Array(data))) this.#receive(frame);
    });
    webSocket.binaryType = 'arraybuffer';
    webSocket.accept();
    const { nonce, edge } = helloOf(await greeted);
    const claims = { nonce, edge, homeId: this.homeId, version, process: this.process, epoch: 0 };
    webSocket.send(encodeTextFrame('PROOF', await signProof(claims, this.key)));
    const answer = await Promise.race([welcomed, this.#next('REFUSED')]);
    if (answer.name === 'REFUSED') throw new Error(textOf(answer));
    this.#welcome = welcomeOf(answer);
    // Who is not answered is told so at once: waiting for a link that may be back has tests of its own.
    await runInDurableObject(bindings.LINK.get(bindings.LINK.idFromName(this.homeId)), (object) => {
      object.outside.carryHoldMs = 0;
    });
    this.#n = 0;
    return this.#welcome;
  }

  /** Says how its services are; on a link of version 2. */
  tell(n: number, services: readonly ServiceState[]): void {
    this.#socket?.send(encodeTextFrame('SERVICES', servicesText(n, services)));
  }

  /** Says good night, and is gone when the edge has written it down. */
  async sleep(until: number | null = null): Promise<void> {
    const slept = this.#next('SLEPT');
    this.#socket?.send(encodeTextFrame('SLEEP', JSON.stringify({ until })));
    await slept;
    this.#socket?.close(1000, 'good night');
  }

  /** The Authorization of a signed call. */
  async signed(method: string, path: string, body: Uint8Array<ArrayBuffer>, edge = this.origin): Promise<string> {
    if (this.#welcome === null) throw new Error('The link is not open.');
    const { session, epoch } = this.#welcome;
    this.#n += 1;
    const digest = base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', body)));
    const claims = { homeId: this.homeId, session, epoch, edge, n: this.#n, method, path, body: digest };
    return `${callScheme} ${await signCall(claims, this.key)}`;
  }

  /** A signed call; `asked` is sent as JSON. */
  async call(method: string, name: string, asked?: unknown): Promise<Response> {
    const path = `/.porchlight/v1/${name}`;
    const body = new Uint8Array(asked === undefined ? [] : encoder.encode(JSON.stringify(asked)));
    return await SELF.fetch(`${this.origin}${path}`, {
      method,
      headers: { Authorization: await this.signed(method, path, body) },
      ...(asked === undefined ? {} : { body }),
    });
  }

  /** Leaves settings under its key; `bytes` is sent instead of them. */
  async leaveConfig(part: EdgePart, where: Partial<PartAddress> = {}, bytes?: string): Promise<Response> {
    const address = { edge: this.origin, homeId: this.homeId, ...where };
    const body = new Uint8Array(encoder.encode(bytes ?? (await signEdgePart(part, address, this.key))));
    const headers = { Authorization: await this.signed('PUT', configPath, body) };
    return await SELF.fetch(`${this.origin}${configPath}`, { method: 'PUT', headers, body });
  }

  #next(name: FrameName): Promise<Frame> {
    return new Promise((resolve) => this.#waiting.set(name, resolve));
  }

  #receive(frame: Frame): void {
    this.#waiting.get(frame.name)?.(frame);
    this.#waiting.delete(frame.name);
    if (frame.name === 'REFUSED') this.refusals.push(refusalOf(frame));
    if (frame.name !== 'REQUEST') return;
    const request = requestHeadOf(frame);
    this.seen.push(request);
    const { cancel, status = 200, headers = { 'Content-Type': 'text/html' }, body = '' } = this.answer(request);
    if (cancel !== undefined) {
      this.#socket?.send(encodeCancel(frame.stream, cancel, 'as the test says'));
      return;
    }
    const bytes = typeof body === 'string' ? encoder.encode(body) : body;
    const head = JSON.stringify({
      status,
      headers: Object.entries({ ...headers, 'Content-Length': String(bytes.length) }).flat(),
    });
    const isHead = request.method === 'HEAD';
    this.#socket?.send(encodeTextFrame('RESPONSE', head, frame.stream, isHead ? flags.end : 0));
    if (!isHead) this.#socket?.send(encodeFrame('DATA', frame.stream, bytes, flags.end));
    if (!isEnd(frame)) this.#socket?.send(encodeFrame('CANCEL', frame.stream, new Uint8Array([0, 0])));
  }
}
