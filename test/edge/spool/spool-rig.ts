// One real spool object and a home that calls it with real signatures. Only time, dice, limits and the way to the Link
// are in the test's hand.

import { env, evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { base64url, type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose';
import type { Env } from '../../../edge/env.ts';
import { SpoolClient } from '../../../edge/spool/client.ts';
import type { SpoolObject } from '../../../edge/spool/object.ts';
import type { Outside } from '../../../edge/spool/outside.ts';
import type { PutResult } from '../../../edge/spool/spool.ts';
import { heard, type Told } from '../../../edge/spool/told.ts';
import { type Clock, systemRandom } from '../../../shared/clock.ts';
import type { Answer, Arrival, Outcome } from '../../../shared/delivery.ts';
import { type Batch, decodeBatch } from '../../../shared/lease/batch.ts';
import type { TurnRequest } from '../../../shared/lease/messages.ts';
import { limits } from '../../../shared/limits.ts';
import { type CallClaims, signCall } from '../../../shared/session/call.ts';

export const bindings = env as unknown as Env;
const edge = 'https://home.example';

export interface Keys {
  readonly privateKey: CryptoKey;
  readonly publicKey: JWK;
}

export async function newKeys(): Promise<Keys> {
  const pair = await generateKeyPair('EdDSA', { extractable: true });
  return { privateKey: pair.privateKey, publicKey: await exportJWK(pair.publicKey) };
}

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
}

let homes = 0;
let deliveries = 0;

/** What a lane would hand over, with its bytes. */
export async function arrival(
  body: string | Uint8Array<ArrayBuffer>,
  change: Partial<Arrival> = {},
): Promise<[Arrival, Uint8Array<ArrayBuffer>]> {
  const bytes = typeof body === 'string' ? bytesOf(body) : body;
  deliveries += 1;
  const made: Arrival = {
    id: `d${deliveries}`,
    lane: 'activitypub',
    service: 'social',
    sender: 'https://peer.example/users/alice',
    receivedAt: Date.now(),
    method: 'POST',
    host: 'home.example',
    path: '/inbox',
    headers: [
      ['Date', 'Sat, 21 Nov 2026 01:02:03 GMT'],
      ['Signature', 'keyId="https://peer.example/users/alice#main-key",signature="aGVsbG8="'],
    ],
    remoteAddress: '203.0.113.7',
    proof: { by: 'cavage', keyId: 'https://peer.example/users/alice#main-key' },
    undecided: null,
    bodyBytes: bytes.length,
    bodySha256: await sha256(bytes),
    ...change,
  };
  return [made, bytes];
}

/** A signed call to the spool: what `SpoolObject`'s home-facing procedures begin with. */
export type Call = readonly [jws: string, expected: Pick<CallClaims, 'edge' | 'method' | 'path' | 'body'>];

export class Home {
  readonly rig: SpoolRig;
  readonly keys: Keys;
  epoch: number;
  session: string;
  n = 0;
  /** Services that its turns ask for, unless one says otherwise. */
  services: readonly string[] = ['social'];

  constructor(rig: SpoolRig, keys: Keys, epoch: number, session: string) {
    this.rig = rig;
    this.keys = keys;
    this.epoch = epoch;
    this.session = session;
  }

  async sign(change: Partial<CallClaims>, key: CryptoKey = this.keys.privateKey): Promise<Call> {
    this.n += 1;
    const claims: CallClaims = {
      homeId: this.rig.homeId,
      session: this.session,
      epoch: this.epoch,
      edge,
      n: this.n,
      method: 'POST',
      path: '/.porchlight/v1/lease',
      body: await sha256(bytesOf('')),
      ...change,
    };
    const { method, path, body } = claims;
    return [await signCall(claims, key), { edge, method, path, body }];
  }

  /** A turn as it would travel, for tests that repeat or falsify it. */
  async signTurn(request: Partial<TurnRequest> = {}, change: Partial<CallClaims> = {}, key?: CryptoKey) {
    const whole: TurnRequest = { answers: [], renew: [], max: 100, services: this.services, ...request };
    const bytes = bytesOf(JSON.stringify(whole));
    const [jws, expected] = await this.sign({ body: await sha256(bytes), ...change }, key);
    return async (): Promise<Told<Uint8Array>> => await this.rig.stub.turn(jws, expected, bytes);
  }

  async turn(request: Partial<TurnRequest> = {}): Promise<Batch> {
    const send = await this.signTurn(request);
    return decodeBatch(heard(await send()));
  }

  /** Turns until nothing more can be leased; each delivery is answered as `answer` says. */
  async drain(answer: (leased: Batch['deliveries'][number]) => Outcome = () => ({ outcome: 'delivered' })) {
    const taken: Batch['deliveries'][number][] = [];
    let answers: Answer[] = [];
    for (;;) {
      const { reply, deliveries: leased } = await this.turn({ answers });
      taken.push(...leased);
      answers = leased.map((one) => ({ seq: one.delivery.seq, id: one.delivery.id, ...answer(one) }));
      if (answers.length === 0 && !reply.more) return taken;
    }
  }
}

type Cursor = SqlStorageCursor<Record<string, SqlStorageValue>>;

export interface Cost {
  written: number;
  read: number;
  statements: number;
}

export class SpoolRig implements Clock {
  readonly homeId: string;
  readonly stub: DurableObjectStub<SpoolObject>;
  readonly client: SpoolClient;
  /** What a client waited for until a newcomer was known everywhere, ms. */
  readonly pauses: number[] = [];
  announced = 0;
  #now = Date.now();
  #change: Partial<Outside> = {};
  #cost: Cost | null = null;
  #cursors: Cursor[] = [];

  private constructor(homeId: string) {
    this.homeId = homeId;
    this.stub = bindings.SPOOL.get(bindings.SPOOL.idFromName(homeId));
    const pause = async (ms: number): Promise<void> => void this.pauses.push(ms);
    this.client = new SpoolClient({ homeId, spools: bindings.SPOOL, store: bindings.STORE, clock: this, pause });
  }

  static async open(change: Partial<Outside> = {}): Promise<SpoolRig> {
    homes += 1;
    const rig = new SpoolRig(`home-${homes}-${Math.random().toString(36).slice(2)}`);
    await rig.set(change);
    return rig;
  }

  now(): number {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }

  /** Changes what the object takes from outside; it lasts over evictions. */
  async set(change: Partial<Outside>): Promise<void> {
    this.#change = { ...this.#change, ...change };
    await this.object((object) => {
      Object.assign(object.outside, {
        clock: this,
        random: systemRandom,
        announceWork: async () => {
          this.announced += 1;
        },
        ...this.#change,
      });
    });
  }

  async limit(change: Partial<Outside['limits']>): Promise<void> {
    await this.set({ limits: { ...limits, ...change } });
  }

  async object<T>(work: (object: SpoolObject, state: DurableObjectState) => T | Promise<T>): Promise<T> {
    return await runInDurableObject(this.stub, work);
  }

  async evict(): Promise<void> {
    await this.#settle();
    await evictDurableObject(this.stub);
    await this.set({});
    await this.#watch();
  }

  async openHome(epoch = 1, keys?: Keys, session = `s${epoch}`): Promise<Home> {
    const home = new Home(this, keys ?? (await newKeys()), epoch, session);
    heard(await this.stub.openSession(this.opening(home)));
    return home;
  }

  opening(home: Pick<Home, 'session' | 'epoch' | 'keys'>) {
    return { homeId: this.homeId, session: home.session, epoch: home.epoch, publicKey: home.keys.publicKey };
  }

  async put(body: string | Uint8Array<ArrayBuffer>, change: Partial<Arrival> = {}): Promise<PutResult> {
    return await this.client.put(...(await arrival(body, { receivedAt: this.#now, ...change })));
  }

  /** Many at once, in order, without the way through the client. */
  async putMany(given: readonly { readonly text: string; readonly change: Partial<Arrival> }[]): Promise<void> {
    const made = await Promise.all(
      given.map(async ({ text, change }) => await arrival(text, { receivedAt: this.#now, ...change })),
    );
    await this.object(async (object) => {
      for (const [one, bytes] of made) heard(await object.put(one, bytes));
    });
  }

  /** What the object's statements cost while `work` is done, over evictions too (a start itself writes nothing). */
  async counting(work: () => Promise<unknown>): Promise<Cost> {
    this.#cost = { written: 0, read: 0, statements: 0 };
    await this.#watch();
    await work();
    await this.#settle();
    const cost = this.#cost;
    this.#cost = null;
    return cost;
  }

  async #watch(): Promise<void> {
    if (this.#cost === null) return;
    await this.object((_, { storage: { sql } }) => {
      const exec = sql.exec.bind(sql);
      const cursors: Cursor[] = [];
      this.#cursors = cursors;
      Object.defineProperty(sql, 'exec', {
        configurable: true,
        value: (...given: Parameters<typeof exec>) => {
          const cursor = exec(...given);
          cursors.push(cursor);
          return cursor;
        },
      });
    });
  }

  async #settle(): Promise<void> {
    const cost = this.#cost;
    if (cost === null) return;
    await this.object((_, { storage: { sql } }) => {
      Reflect.deleteProperty(sql, 'exec');
      for (const cursor of this.#cursors.splice(0)) {
        cost.written += cursor.rowsWritten;
        cost.read += cursor.rowsRead;
        cost.statements += 1;
      }
    });
  }

  /** Row count by zone, read past the object's memory. */
  async rows(): Promise<{ waiting: number; kept: number; dead: number }> {
    return await this.object((_, state) => {
      const count = (where: string): number =>
        state.storage.sql.exec<{ rows: number }>(`SELECT count(*) AS rows FROM delivery WHERE ${where}`).one().rows;
      return {
        waiting: count('place > 0'),
        kept: count('place < 0 AND place > -4503599627370496'),
        dead: count('place <= -4503599627370496'),
      };
    });
  }
}
