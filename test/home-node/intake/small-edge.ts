// A small edge that speaks the documented protocol over real HTTP: turns, bodies, signed calls that are answered again
// when they are asked again. It keeps order per sender and says `WORK` by a callback. What it saw is there to be read.

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type CryptoKey, generateKeyPair } from 'jose';
import type { Answer, Delivery, HeaderList } from '../../../shared/delivery.ts';
import { encodeBatch, type LeasedDelivery } from '../../../shared/lease/batch.ts';
import type { TurnReply, TurnRequest } from '../../../shared/lease/messages.ts';
import { peerOf } from '../../../shared/peer.ts';
import { callScheme, type Session, verifyCall } from '../../../shared/session/call.ts';

export interface PutOptions {
  readonly service?: string;
  readonly sender?: string;
  readonly remoteAddress?: string;
  readonly headers?: HeaderList;
  readonly path?: string;
  readonly host?: string;
  readonly receivedAt?: number;
  /** The edge keeps it apart, to be fetched on its own. */
  readonly large?: boolean;
  /** What the envelope says the body's hash is, when it lies. */
  readonly bodySha256?: string;
}

interface Row {
  readonly delivery: Delivery;
  readonly body: Buffer;
  readonly large: boolean;
  state: 'waiting' | 'kept' | 'dead';
  lease: string | null;
  notBefore: number;
}

export class SmallEdge {
  readonly origin: string;
  session: Session;
  readonly privateKey: CryptoKey;
  readonly turns: TurnRequest[] = [];
  readonly answers: Answer[] = [];
  readonly rows: Row[] = [];
  /** Turns whose reply is lost on the way: the socket is cut after the work is done. */
  cutReplies = 0;
  /** Every call is answered with this status instead, when it is not null. */
  refuseWith: number | null = null;
  /** Does it say its time with each answer (Date)? */
  saysTime = true;
  /** Does it leave out servers of which home has enough? One of the version before does not. */
  knowsEnough = true;
  leaseMs = 60_000;
  deferMs = 0;
  onWork: () => void = () => undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #publicKey: CryptoKey;
  readonly #replies = new Map<string, Uint8Array>();
  readonly #leases = new Map<string, number>();
  /** The next turn is the first of its session: what it does not renew is leased no longer. */
  #isFirst = true;
  #lastN = 0;

  private constructor(server: Server, keys: { publicKey: CryptoKey; privateKey: CryptoKey }) {
    this.#server = server;
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.session = { homeId: 'home-1', session: 'session-1', epoch: 1 };
    this.privateKey = keys.privateKey;
    this.#publicKey = keys.publicKey;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('request', (request, response) => {
      this.#answer(request, response).catch((thrown: unknown) => {
        console.error(thrown);
        response.writeHead(401).end(JSON.stringify({ code: (thrown as { code?: string }).code ?? 'wrong' }));
      });
    });
  }

  static async start(): Promise<SmallEdge> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new SmallEdge(server, await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true }));
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  put(body: string | Uint8Array, options: PutOptions = {}): Delivery {
    const bytes = Buffer.from(body);
    const seq = this.rows.length + 1;
    const delivery: Delivery = {
      id: `delivery-${seq}`,
      lane: 'activitypub',
      service: options.service ?? 'home',
      sender: options.sender ?? 'https://peer.example/a',
      receivedAt: options.receivedAt ?? 1_700_000_000_000 + seq,
      method: 'POST',
      host: options.host ?? 'home.example',
      path: options.path ?? '/inbox',
      headers: options.headers ?? [['Content-Type', 'application/activity+json']],
      remoteAddress: options.remoteAddress ?? '192.0.2.7',
      proof: { by: 'cavage', keyId: 'https://peer.example/a#key' },
      undecided: null,
      bodyBytes: bytes.length,
      bodySha256: options.bodySha256 ?? createHash('sha256').update(bytes).digest('base64url'),
      seq,
      attempts: 0,
    };
    this.rows.push({
      delivery,
      body: bytes,
      large: options.large ?? false,
      state: 'waiting',
      lease: null,
      notBefore: 0,
    });
    this.onWork();
    return delivery;
  }

  /** Home opened its link anew; with another epoch it is another process, and the leases of the one before end. */
  openSession(session: string, epoch = this.session.epoch): void {
    if (epoch !== this.session.epoch) for (const row of this.rows) row.lease = null;
    this.session = { ...this.session, session, epoch };
    this.#lastN = 0;
    this.#isFirst = true;
  }

  states(): string[] {
    return this.rows.map((row) => row.state);
  }

  /** Everything that was delivered goes back to waiting. */
  replay(): void {
    for (const row of this.rows) if (row.state === 'kept') row.state = 'waiting';
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const { method = '', url: path = '' } = request;
    const [scheme, jws = ''] = (request.headers.authorization ?? '').split(' ');
    if (scheme !== callScheme) throw new Error('not signed');
    const claims = await verifyCall(jws, this.#publicKey, {
      edge: this.origin,
      homeId: this.session.homeId,
      method,
      path,
      body: createHash('sha256').update(body).digest('base64url'),
    });
    if (claims.session !== this.session.session) throw new Error('an older session');
    if (this.refuseWith !== null) {
      response.writeHead(this.refuseWith).end(JSON.stringify({ code: 'told-to' }));
      return;
    }
    const again = this.#replies.get(jws);
    if (again === undefined && claims.n <= this.#lastN) throw new Error(`n is ${claims.n} after ${this.#lastN}`);
    this.#lastN = Math.max(this.#lastN, claims.n);
    const reply = again ?? (path.includes('/bodies/') ? this.#body(path) : this.#turn(JSON.parse(body.toString())));
    this.#replies.set(jws, reply);
    if (this.cutReplies > 0) {
      this.cutReplies -= 1;
      response.destroy();
      return;
    }
    response.sendDate = this.saysTime;
    response.writeHead(200).end(reply);
  }

  #body(path: string): Uint8Array {
    const row = this.rows.find(({ delivery }) => path.endsWith(`/${delivery.id}`));
    if (row === undefined) throw new Error(`no body at ${path}`);
    return row.body;
  }

  #turn(request: TurnRequest): Uint8Array {
    this.turns.push(request);
    const now = Date.now();
    const refused: { seq: number; reason: string }[] = [];
    for (const answer of request.answers) {
      const row = this.rows[answer.seq - 1];
      this.answers.push(answer);
      if (row === undefined || row.state !== 'waiting') refused.push({ seq: answer.seq, reason: 'not-leased' });
      else this.#settle(row, answer, now);
    }
    if (this.#isFirst) for (const row of this.rows) if (!request.renew.includes(row.lease ?? '')) row.lease = null;
    this.#isFirst = false;
    for (const lease of request.renew) this.#leases.set(lease, now + this.leaseMs);
    for (const row of this.rows) if (row.lease !== null && (this.#leases.get(row.lease) ?? 0) < now) row.lease = null;
    const lease = `lease-${this.turns.length}`;
    const { chosen, more } = this.#choose(request, now);
    for (const row of chosen) row.lease = lease;
    this.#leases.set(lease, now + this.leaseMs);
    const due = this.rows.filter((row) => row.state === 'waiting' && row.notBefore > now).map((row) => row.notBefore);
    const reply: TurnReply = {
      lease: chosen.length === 0 ? null : lease,
      leaseMs: this.leaseMs,
      refused,
      more,
      nextDueAt: due.length === 0 ? null : Math.min(...due),
    };
    const deliveries: LeasedDelivery[] = chosen.map(({ delivery, body, large }) => ({
      delivery,
      body: large ? null : body,
    }));
    return encodeBatch({ reply, deliveries });
  }

  #settle(row: Row, answer: Answer, now: number): void {
    row.lease = null;
    if (answer.outcome === 'delivered') row.state = 'kept';
    if (answer.outcome === 'dead') row.state = 'dead';
    if (answer.outcome === 'later') row.notBefore = now + this.deferMs;
  }

  #choose(request: TurnRequest, now: number): { chosen: Row[]; more: boolean } {
    const chosen: Row[] = [];
    const blocked = new Set(this.rows.filter((row) => row.lease !== null).map((row) => row.delivery.sender));
    for (const row of this.rows) {
      if (row.state !== 'waiting' || !request.services.includes(row.delivery.service)) continue;
      if (row.notBefore > now) blocked.add(row.delivery.sender);
      if (blocked.has(row.delivery.sender)) continue;
      if (this.knowsEnough && isAmong(request.enough, row.delivery)) continue;
      if (chosen.length >= request.max) return { chosen, more: true };
      chosen.push(row);
    }
    return { chosen, more: false };
  }
}

function isAmong(enough: TurnRequest['enough'], { service, sender }: Delivery): boolean {
  return enough?.some((one) => one.service === service && one.peer === peerOf(sender)) === true;
}
