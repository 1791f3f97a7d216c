// Who may lease: the newest session of the newest home node, and nobody else. The Link object opens a session here after
// its handshake; every call of home, also those that are not about the spool, is proved against it. One row, written
// once per opening of the link.

import { drizzle } from 'drizzle-orm/durable-sqlite';
import { type CryptoKey, importJWK, type JWK } from 'jose';
import { PorchlightError } from '../../shared/errors.ts';
import { type CallClaims, type Session, verifyCall } from '../../shared/session/call.ts';
import { CallOrder } from './call-order.ts';
import { schema, session as table } from './schema.ts';

/** What the handshake opened, with the key that proved it (Ed25519, public part). */
export interface OpenSession extends Session {
  readonly publicKey: JWK;
}

/** What the Worker knows of the request that a call came with. `body` is the SHA-256 of its body, base64url. */
export type CallExpected = Pick<CallClaims, 'edge' | 'method' | 'path' | 'body'>;

/** The last turn of a session and its reply, for a home that did not get it. */
export interface LastTurn {
  readonly n: number;
  readonly body: string;
  readonly reply: Uint8Array<ArrayBuffer>;
}

/** In place of a session's id when it was ended and none was opened since; the epoch stays, which must never fall. */
const ended = '';

/** A session while the object lives. */
export interface LiveSession extends OpenSession {
  readonly order: CallOrder;
  /** null: none yet, on this link or since the object was made anew. */
  lastTurn: LastTurn | null;
}

export class Sessions {
  readonly #database;
  readonly #homeId: string;
  #live: LiveSession | null = null;

  constructor(storage: DurableObjectStorage, homeId: string) {
    this.#database = drizzle(storage, { schema });
    this.#homeId = homeId;
  }

  /**
   * Makes this the session. True if a newer home node took over (a higher epoch); a second session of one epoch is the
   * same process on a new link. Throws `wrong-home`, `older-epoch`.
   */
  open(opened: OpenSession): boolean {
    const { homeId, session, epoch, publicKey } = opened;
    if (homeId !== this.#homeId) {
      throw new PorchlightError('wrong-home', `Cannot open a session of ${homeId}: this spool is ${this.#homeId}'s.`);
    }
    const before = this.#current();
    if (before !== null && epoch < before.epoch) throw olderEpoch(epoch, before.epoch);
    if (before !== null && epoch === before.epoch && session === before.session) return false;
    this.#write({ session, epoch, publicKey });
    return before === null || epoch > before.epoch;
  }

  /** Ends the session unless this key (JWK member `x`) opened it; null: any. Leases stay for the process that has them. */
  keepOnly(key: string | null): void {
    const now = this.#current();
    if (now === null || now.session === ended || (key !== null && now.publicKey.x === key)) return;
    this.#write({ session: ended, epoch: now.epoch, publicKey: now.publicKey });
  }

  /**
   * Proves a call: signed by home's key, about this request, of the newest session. Whether its number is new is
   * checked in the same step in which the call is acted on (`once`). Throws `no-session`, `older-epoch`,
   * `call-refused`.
   */
  async prove(jws: string, expected: CallExpected): Promise<{ claims: CallClaims; session: LiveSession }> {
    const session = this.#current();
    if (session === null || session.session === ended) {
      throw new PorchlightError('no-session', 'Cannot accept the call: no link is open; open the link first.');
    }
    const key = (await importJWK(session.publicKey, 'EdDSA')) as CryptoKey;
    const claims = await verifyCall(jws, key, { ...expected, homeId: this.#homeId });
    if (claims.epoch < session.epoch) throw olderEpoch(claims.epoch, session.epoch);
    // While the signature was checked a newer session may have been opened.
    if (claims.epoch !== session.epoch || claims.session !== session.session || session !== this.#live) {
      throw refused('it is of another session than the newest');
    }
    return { claims, session };
  }

  /** Does the work of call `n`, once: throws `call-refused` if it was done before. Work that throws was not done. */
  once<T>(session: LiveSession, n: number, work: () => T): T {
    if (!session.order.isNew(n)) throw refused(`its number ${n} was seen before or is too old`);
    const value = work();
    session.order.see(n);
    return value;
  }

  /**
   * The reply to a turn that was answered before and is asked again, else null. Throws `call-refused` if a later turn
   * was answered: its reply might open a lease that nobody waits for.
   */
  repeated(session: LiveSession, { n, body }: Pick<CallClaims, 'n' | 'body'>): Uint8Array<ArrayBuffer> | null {
    const last = session.lastTurn;
    if (last === null || n > last.n) return null;
    if (n === last.n && body === last.body) return last.reply;
    throw refused(`its number ${n} is not above ${last.n}, that of the last turn`);
  }

  #write(row: Omit<OpenSession, 'homeId'>): void {
    this.#database
      .insert(table)
      .values({ one: 1, ...row })
      .onConflictDoUpdate({ target: table.one, set: row })
      .run();
    this.#live = this.#enliven(row);
  }

  #current(): LiveSession | null {
    if (this.#live !== null) return this.#live;
    const row = this.#database.select().from(table).get();
    this.#live = row === undefined ? null : this.#enliven(row);
    return this.#live;
  }

  #enliven({ session, epoch, publicKey }: Omit<OpenSession, 'homeId'>): LiveSession {
    return { homeId: this.#homeId, session, epoch, publicKey, order: new CallOrder(), lastTurn: null };
  }
}

function olderEpoch(epoch: number, newest: number): PorchlightError {
  return new PorchlightError(
    'older-epoch',
    `Cannot serve a home node of epoch ${epoch}: epoch ${newest} has taken over; end this one.`,
  );
}

function refused(found: string): PorchlightError {
  return new PorchlightError('call-refused', `Cannot accept the call: ${found}; open the link anew and call again.`);
}
