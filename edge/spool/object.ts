// The spool of one home: a Durable Object with SQLite, named by its homeId. What remote procedures it has, and which
// parts they call; the parts say the rest. Between arrival and gone a delivery costs three row writes: take.ts inserts
// it, answers.ts moves it, retention.ts deletes it. No timers: the object sleeps whenever nobody calls.
//
// Home-facing calls carry a signed call (shared/session/call.ts) and what the Worker knows of the request; refusals
// come back as values (told.ts).

import { DurableObject } from 'cloudflare:workers';
import { base64url } from 'jose';
import { migrations } from '../../migrations/spool/index.ts';
import type { Arrival } from '../../shared/delivery.ts';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { encodeBatch } from '../../shared/lease/batch.ts';
import type {
  DeadLetter,
  Discarded,
  HeldDelivery,
  ReplayReply,
  SpoolSummary,
  TurnRequest,
  WaitingList,
} from '../../shared/lease/messages.ts';
import type { CallClaims } from '../../shared/session/call.ts';
import type { BloomFilterData } from '../../shared/snapshot.ts';
import type { Env } from '../env.ts';
import { say } from '../log.ts';
import { bodyKey, sweepOrphans } from './bodies.ts';
import { discardDead, retryDead } from './dead-letters.ts';
import { EdgeKey } from './edge-key.ts';
import { Holdings } from './holdings.ts';
import { listWaiting, look, type Standing, standing, summary } from './inspect.ts';
import { discardWaiting, hurry } from './intervene.ts';
import { migrate } from './migrate.ts';
import { type Outside, outsideOf } from './outside.ts';
import { replay, replayOne } from './replay.ts';
import { type CallExpected, type OpenSession, Sessions } from './sessions.ts';
import type { PutResult } from './spool.ts';
import { take, takeAlone } from './take.ts';
import { type Told, tell } from './told.ts';
import { turn } from './turn.ts';
import { readTurnRequest } from './turn-request.ts';
import { WorkBell } from './work-bell.ts';

/** Dead letters in one list. Danger: a reply that nobody can read. */
const listedDeadLetters = 1000;
const sweepEveryMs = 24 * 3600 * 1000;
const sweptPerRun = 1000;

/** Where a large body lies, and what it must be. */
export interface BodyPlace {
  readonly key: string;
  readonly bytes: number;
  readonly sha256: string;
}

export class SpoolObject extends DurableObject<Env> {
  /** Tests change it; nothing else does. Not reachable from outside the object. */
  readonly outside: Outside;
  readonly #spool: Holdings;
  readonly #sessions: Sessions;
  readonly #bell: WorkBell;
  readonly #edgeKey: EdgeKey;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const homeId = ctx.id.name;
    if (homeId === undefined) {
      throw new PorchlightError('spool-unnamed', 'Cannot open a spool: it has no name; get it by idFromName(homeId).');
    }
    migrate(ctx.storage, migrations);
    this.outside = outsideOf(env, homeId);
    this.#spool = new Holdings(ctx.storage, homeId, this.outside);
    this.#sessions = new Sessions(ctx.storage, homeId);
    this.#bell = new WorkBell(this.outside);
    this.#edgeKey = new EdgeKey(ctx.storage);
  }

  /** For the Worker (client.ts). A large body lies in R2 already and is null here. Told only after the commit. */
  async put(arrival: Arrival, body: Uint8Array<ArrayBuffer> | null): Promise<Told<PutResult>> {
    return await tell(() => {
      const result = this.#take(arrival, body);
      if (result.put === 'stored' && !this.#bell.isRung) this.ctx.waitUntil(this.#bell.ring());
      return result;
    });
  }

  /** For the Worker (client.ts): senders of whom something may be held; null: everybody. */
  senderFilter(): BloomFilterData | null {
    return this.#commit(() => this.#spool.knownSenders.data());
  }

  /** For the Worker: the public key of this home's edge actor, in PEM. */
  async edgeKeyPem(): Promise<string> {
    return await this.#edgeKey.publicKeyPem();
  }

  /** For the Worker, which asks a peer for a key as this home's edge actor. */
  async signAsEdge(text: string): Promise<Uint8Array<ArrayBuffer>> {
    return await this.#edgeKey.sign(text);
  }

  /** For the Worker's status page: how many wait, since when. */
  standing(): Standing {
    return this.#commit(() => standing(this.#spool));
  }

  /** For the Worker: home left a snapshot now. One row write. */
  snapshotTaken(at: number): void {
    this.#commit(() => {
      const { marks, tally } = this.#spool;
      marks.save({ snapshotAt: at, snapshotBefore: marks.now.snapshotAt }, tally.now);
    });
  }

  /** For the Link object, after its handshake. */
  async openSession(opened: OpenSession): Promise<Told<null>> {
    return await tell(() => {
      if (this.#sessions.open(opened)) this.#spool.leases.clear();
      return null;
    });
  }

  /** For the Link object: a session that another key than this one opened ends now; null: any. */
  keepOnly(key: string | null): void {
    this.#sessions.keepOnly(key);
  }

  /** For the Worker: proves any call of home, also one that is not about the spool. */
  async authorise(jws: string, expected: CallExpected): Promise<Told<CallClaims>> {
    return await this.#called(jws, expected, (claims) => claims);
  }

  /** A turn: `requestBytes` is its body, the value a batch (shared/lease). A turn asked again is answered again. */
  async turn(
    jws: string,
    expected: Omit<CallExpected, 'body'>,
    requestBytes: Uint8Array<ArrayBuffer>,
  ): Promise<Told<Uint8Array<ArrayBuffer>>> {
    return await tell(async () => {
      const body = base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', requestBytes)));
      const { edge, method, path } = expected;
      const { claims, session } = await this.#sessions.prove(jws, { edge, method, path, body });
      const repeated = this.#sessions.repeated(session, claims);
      if (repeated !== null) return repeated;
      const reply = this.#sessions.once(session, claims.n, () =>
        this.#turn(readTurnRequest(requestBytes), session.lastTurn === null),
      );
      session.lastTurn = { n: claims.n, body, reply };
      return reply;
    });
  }

  /** Where the large body of a waiting delivery lies. Refused as `no-body` if there is none. */
  async bodyOf(jws: string, expected: CallExpected, deliveryId: string): Promise<Told<BodyPlace>> {
    return await this.#called(jws, expected, () => {
      const found = this.#spool.waiting.largeBody(deliveryId);
      if (found === undefined) {
        throw new PorchlightError('no-body', `Cannot find a body: no waiting delivery ${deliveryId} has one in R2.`);
      }
      const key = bodyKey(this.#spool.homeId, found.lane, deliveryId);
      return { key, bytes: found.bodyBytes, sha256: found.bodySha256 };
    });
  }

  async replay(jws: string, expected: CallExpected, since: number): Promise<Told<ReplayReply>> {
    return this.#ringing(await this.#called(jws, expected, () => replay(this.#spool, since)));
  }

  async deadLetters(jws: string, expected: CallExpected): Promise<Told<DeadLetter[]>> {
    return await this.#called(jws, expected, () => this.#spool.left.deadLetters(listedDeadLetters));
  }

  async retryDead(jws: string, expected: CallExpected, seq: number): Promise<Told<{ seq: number }>> {
    return this.#ringing(await this.#called(jws, expected, () => retryDead(this.#spool, seq)));
  }

  async discardDead(jws: string, expected: CallExpected, seq: number): Promise<Told<null>> {
    return await this.#called(jws, expected, () => {
      discardDead(this.#spool, seq);
      return null;
    });
  }

  async summary(jws: string, expected: CallExpected): Promise<Told<SpoolSummary>> {
    return await this.#called(jws, expected, () => summary(this.#spool));
  }

  async listWaiting(jws: string, expected: CallExpected, after: number, count: number): Promise<Told<WaitingList>> {
    return await this.#called(jws, expected, () => listWaiting(this.#spool, after, count));
  }

  async look(jws: string, expected: CallExpected, name: string): Promise<Told<HeldDelivery>> {
    return await this.#called(jws, expected, () => look(this.#spool, name));
  }

  async hurry(jws: string, expected: CallExpected, seq: number): Promise<Told<null>> {
    return this.#ringing(
      await this.#called(jws, expected, () => {
        hurry(this.#spool, seq);
        return null;
      }),
    );
  }

  async discardWaiting(jws: string, expected: CallExpected, seq: number): Promise<Told<Discarded>> {
    return this.#ringing(await this.#called(jws, expected, () => discardWaiting(this.#spool, seq)));
  }

  async replayOne(jws: string, expected: CallExpected, seq: number): Promise<Told<ReplayReply>> {
    return this.#ringing(await this.#called(jws, expected, () => replayOne(this.#spool, seq)));
  }

  async #called<T>(jws: string, expected: CallExpected, work: (claims: CallClaims) => T): Promise<Told<T>> {
    return await tell(async () => {
      const { claims, session } = await this.#sessions.prove(jws, expected);
      return this.#sessions.once(session, claims.n, () => this.#commit(() => work(claims)));
    });
  }

  /** What is one statement needs no transaction around it, which would cost half as much again. */
  #take(arrival: Arrival, body: Uint8Array<ArrayBuffer> | null): PutResult {
    if (this.#spool.mayOweRows) return this.#commit(() => take(this.#spool, arrival, body));
    return this.#atOnce(() => takeAlone(this.#spool, arrival, body));
  }

  #turn(request: TurnRequest, isFirst: boolean): Uint8Array<ArrayBuffer> {
    const { tally, now } = this.#spool;
    // Only beside answers, because they carry the mark that the sweep was done: it needs no row write of its own.
    const isSweepDue = request.answers.length > 0 && now >= tally.now.sweptAt + sweepEveryMs;
    this.#bell.quiet();
    const batch = this.#commit(() => {
      if (isSweepDue) tally.swept(now, tally.now.sweepAfter);
      return turn(this.#spool, request, isFirst);
    });
    if (isSweepDue) this.ctx.waitUntil(this.#sweep());
    for (const { id, outcome } of request.answers) say('info', 'delivery-answered', { delivery: id, outcome });
    return encodeBatch(batch);
  }

  /** Something went back to waiting: home is told, as of an arrival. */
  #ringing<T>(told: Told<T>): Told<T> {
    if (told.ok) this.ctx.waitUntil(this.#bell.ring());
    return told;
  }

  /** All of it or nothing, in the rows and in memory; then the bodies of deleted rows go. */
  #commit<T>(work: () => T): T {
    const { orphaned, size, tally } = this.#spool;
    const value = this.#atOnce(() => {
      size.forget();
      tally.load();
      return this.ctx.storage.transactionSync(() => {
        this.#spool.layDown();
        return work();
      });
    });
    if (orphaned.length > 0) this.ctx.waitUntil(this.#deleteBodies(orphaned.splice(0)));
    return value;
  }

  /** What failed half way may have left memory other than the rows. */
  #atOnce<T>(work: () => T): T {
    try {
      return work();
    } catch (thrown) {
      this.#spool.forget();
      throw thrown;
    }
  }

  async #deleteBodies(keys: string[]): Promise<void> {
    try {
      await this.outside.store.delete(keys);
    } catch (thrown) {
      say('warn', 'bodies-not-deleted', { bodies: keys.length, cause: causeOf(thrown) });
    }
  }

  async #sweep(): Promise<void> {
    const { homeId, left, now, tally } = this.#spool;
    try {
      const { after } = await sweepOrphans({
        store: this.outside.store,
        homeId,
        now,
        after: tally.now.sweepAfter,
        atMost: sweptPerRun,
        namedAmong: (ids) => left.largeIdsAmong(ids),
      });
      tally.swept(now, after);
    } catch (thrown) {
      say('warn', 'sweep-failed', { cause: causeOf(thrown) });
    }
  }
}
