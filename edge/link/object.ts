// The Link object of one home, a Durable Object named by its homeId: it holds the socket that home dialled, and carries
// visitors' requests over it. It hibernates whenever nothing is carried: the socket stays, with its session written on
// it, and pings are answered by the runtime. Nothing durable but one row (record.ts); the spool is another object.

import { DurableObject } from 'cloudflare:workers';
import { type Clock, type Random, systemClock, systemRandom } from '../../shared/clock.ts';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { decodeMessage, encodeTextFrame, type Frame, recordOf, textOf } from '../../shared/link/codec.ts';
import { closeCodes, linkVersions, oldPing, ping, pong } from '../../shared/link/frames.ts';
import type { Refusal, Welcome } from '../../shared/link/handshake.ts';
import type { RequestHead } from '../../shared/link/heads.ts';
import { servicesOf, servicesSince } from '../../shared/link/services.ts';
import { decideCarry, newestSaid, type Presence } from '../../shared/presence.ts';
import type { Env } from '../env.ts';
import { D1Directory } from '../home/directory.ts';
import { say } from '../log.ts';
import type { SpoolObject } from '../spool/object.ts';
import { type Admission, type Admitted, admit, superseded } from './admission.ts';
import { carryUrl, headHeader, outcomeResponse } from './between.ts';
import { Connection } from './connection.ts';
import { type LinkChange, merged, toldUntil } from './history.ts';
import { type Carrier, Hold } from './hold.ts';
import { answerOldPing, believed, canDrain, carrierOf, isSomeDown, type Live, OlderLink } from './links.ts';
import { isSilent, type LinkFacts, presenceOf } from './presence.ts';
import { LinkRecord } from './record.ts';
import { attach, attachmentOf, dismiss, greet, type Proven, refuse, type Unproven } from './sockets.ts';
import type { StallLimits } from './stall-watch.ts';
import { Tails } from './tails.ts';
import { upgradeUrl } from './upgrade.ts';
import { Visitors } from './visitors.ts';

interface Outside {
  clock: Clock;
  random: Random;
  carryHeadMs: number;
  carryHoldMs: number;
  linkDrainMs: number;
  stalls: StallLimits;
  /** Versions of the link that are offered, best first. */
  versions: readonly number[];
}

export class LinkObject extends DurableObject<Env> {
  /** Tests change it; nothing else does. Not reachable from outside the object. */
  readonly outside: Outside = {
    clock: systemClock,
    random: systemRandom,
    carryHeadMs: limits.carryHeadMs,
    carryHoldMs: limits.carryHoldMs,
    linkDrainMs: limits.linkDrainMs,
    stalls: { stalledMs: limits.streamStalledMs, crowdedMs: limits.streamStalledCrowdedMs },
    versions: linkVersions,
  };
  readonly #homeId: string;
  readonly #record: LinkRecord;
  /** The link that takes requests. */
  #live: Live | null = null;
  readonly visitors: Visitors;
  readonly tails = new Tails(this.outside);
  readonly #older = new OlderLink(() => this.outside.linkDrainMs);
  readonly #hold: Hold;
  /** Until then a link that is not there may be back any moment, ms since the epoch. */
  #missedUntil = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    if (ctx.id.name === undefined) {
      throw new PorchlightError('link-unnamed', 'Cannot open a link: it has no name; get it by idFromName(homeId).');
    }
    this.#homeId = ctx.id.name;
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(ping, pong));
    this.#record = new LinkRecord(ctx.storage);
    this.visitors = new Visitors(ctx, () => [this.#live, this.#older.live].filter((link) => link !== null));
    if (this.#record.isMissed) this.#missedUntil = this.outside.clock.now() + limits.linkMissedMs;
    this.#hold = new Hold({
      clock: () => this.outside.clock,
      holdMs: () => this.outside.carryHoldMs,
      look: (head) => this.#look(head),
      isFresh: () => this.#isFresh(),
      absent: (head) => this.#absent(head),
      onVain: () => {
        if (this.#live === null) this.#record.givenUp(this.outside.clock.now());
      },
    });
    for (const socket of ctx.getWebSockets()) {
      const attachment = attachmentOf(socket);
      // What was open on it is gone with the memory that knew it.
      if (attachment.state === 'proven' && attachment.isDraining === true)
        dismiss(socket, closeCodes.replaced, 'replaced');
      else if (attachment.state === 'proven') this.#adopt(socket, { ...attachment, wakes: attachment.wakes + 1 });
      // Its proof was in the memory that is gone; home dials again.
      if (attachment.state === 'checking') dismiss(socket, closeCodes.stale, 'the edge was restarted');
    }
    this.visitors.resume();
  }

  /** A home's upgrade (door.ts) or a visitor's request (carry.ts). */
  override async fetch(request: Request): Promise<Response> {
    if (request.url !== carryUrl) return await this.#upgraded(request);
    const head = request.headers.get(headHeader);
    const live = this.#usable();
    if (live !== null && head !== null && (!live.someDown || this.#mayCarry(head))) {
      const response = await live.connection.carry(request, head);
      return live.connection.isSuspect ? await this.#hold.carry(request, head, response) : response;
    }
    return await this.#held(request, head);
  }

  /** Something waits in the spool. Home is told if it is there; otherwise it asks by itself when it comes. */
  async announceWork(): Promise<void> {
    this.#usable()?.connection.announceWork();
  }

  /**
   * For the Worker, after a change in the directory: what another key than this one opened ends now; null: everything.
   * `mayFinish`: requests that are under way may end, and home is told to dial anew.
   */
  async keepOnly(key: string | null, why: Refusal, mayFinish = false): Promise<void> {
    for (const socket of this.ctx.getWebSockets()) {
      // Its proof may have been compared with the key that was.
      if (attachmentOf(socket).state === 'checking') dismiss(socket, closeCodes.refused, why.code);
    }
    const isShutOut = (link: Live | null): boolean => link !== null && (key === null || link.session.key !== key);
    if (isShutOut(this.#older.live)) this.#older.end(closeCodes.refused, why.code, why);
    if (isShutOut(this.#live)) this.#lost(closeCodes.refused, why.code, why, mayFinish);
    await this.#spool.keepOnly(key);
  }

  async presence(): Promise<Presence> {
    return this.#presence();
  }

  /** For the status page: what home is now, and the changes of its link over the last days, the newest last. */
  async told(): Promise<{ presence: Presence; history: readonly LinkChange[] }> {
    const presence = this.#presence();
    const written = merged([this.#record.history, this.#unwritten()], this.outside.clock.now());
    return { presence, history: toldUntil(presence, written) };
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const link = this.#of(socket);
    if (link !== null) {
      if (typeof message !== 'string') link.connection.receive(new Uint8Array(message));
      else if (message === oldPing) answerOldPing(link, this.outside.clock.now());
      return;
    }
    if (this.visitors.said(socket, message) || typeof message === 'string') return;
    const attachment = attachmentOf(socket);
    if (attachment.state === 'unproven') await this.#proved(socket, attachment, new Uint8Array(message));
    else if (attachment.state === 'checking') dismiss(socket, closeCodes.protocol, 'link-untimely');
  }

  override async webSocketClose(socket: WebSocket, code: number, reason: string, wasClean: boolean): Promise<void> {
    const link = this.#of(socket);
    if (link !== null) this.#broken(link, closeCodes.done, 'closed by home');
    else if (!this.visitors.closed(socket, code, reason, wasClean)) attach(socket, { state: 'closing' });
  }

  override async webSocketError(socket: WebSocket, error: unknown): Promise<void> {
    const link = this.#of(socket);
    if (link !== null) this.#broken(link, closeCodes.stale, causeOf(error));
    else this.visitors.failed(socket, error);
  }

  get #spool(): DurableObjectStub<SpoolObject> {
    return this.env.SPOOL.get(this.env.SPOOL.idFromName(this.#homeId));
  }

  /** What came for none of the plain requests: home dials, or a visitor wants a WebSocket. */
  async #upgraded(request: Request): Promise<Response> {
    if (request.url !== upgradeUrl) return this.#dialled(request);
    return await this.#held(request, request.headers.get(headHeader));
  }

  async #held(request: Request, head: string | null): Promise<Response> {
    return head === null ? this.#absent(head) : await this.#hold.carry(request, head, null);
  }

  #dialled(request: Request): Response {
    const { versions, random } = this.outside;
    return greet(this.ctx, { homeId: this.#homeId }, new URL(request.url).origin, versions, random);
  }

  /** First message of a new socket: it must be the proof, and nothing else is heard until the answer. */
  async #proved(socket: WebSocket, applicant: Unproven, message: Uint8Array<ArrayBuffer>): Promise<void> {
    attach(socket, { state: 'checking' });
    try {
      const [frame, ...more] = decodeMessage(message);
      if (frame?.name !== 'PROOF' || more.length > 0) {
        throw new PorchlightError('link-untimely', 'Cannot open the link: the first frame is not PROOF.');
      }
      const { clock, random } = this.outside;
      const directory = new D1Directory(this.env.DIRECTORY, clock, (work) => this.ctx.waitUntil(work));
      const isAwaited = (): boolean => attachmentOf(socket).state === 'checking';
      const unwritten = (): readonly LinkChange[] => this.#unwritten();
      const parts = { directory, spool: this.#spool, record: this.#record, unwritten, clock, random, isAwaited };
      this.#answer(socket, await admit(textOf(frame), applicant, parts));
    } catch (thrown) {
      if (!(thrown instanceof PorchlightError)) say('error', 'link-admission', { cause: causeOf(thrown) });
      dismiss(socket, closeCodes.protocol, thrown instanceof PorchlightError ? thrown.code : 'internal');
    }
  }

  #answer(socket: WebSocket, admission: Admission): void {
    // It was closed while its proof was looked at.
    if (attachmentOf(socket).state !== 'checking') return;
    if ('refused' in admission) {
      refuse(socket, admission.refused);
      return;
    }
    const { admitted } = admission;
    const older = this.#live;
    const now = this.outside.clock.now();
    const unwritten = merged([this.#unwritten(), [{ at: now, link: 'connected' }]], now, limits.linkUnwrittenChanges);
    this.#live = null;
    if (older !== null) this.#replaced(older, admitted);
    this.#adopt(socket, { state: 'proven', session: admitted, since: now, wakes: 0, services: null, unwritten });
    const { homeId, session, epoch, version } = admitted;
    const windows = { initialBytes: limits.streamInitialBytes };
    const welcome: Welcome = { version, homeId, session, epoch, windows };
    socket.send(encodeTextFrame('WELCOME', JSON.stringify(welcome)));
    this.#hold.changed();
  }

  /** A newer process lets the older finish what is open; the same one dials again because its socket is of no use any more. */
  #replaced(older: Live, by: Admitted): void {
    const refusal = older.session.process === by.process ? null : superseded(older.session.epoch).refused;
    if (refusal !== null && canDrain(older)) {
      this.#older.drain(older, refusal);
      return;
    }
    attach(older.connection.socket, { state: 'closing' });
    older.connection.end(closeCodes.replaced, 'replaced', refusal);
  }

  #adopt(socket: WebSocket, proven: Proven): void {
    attach(socket, proven);
    const { session, since, wakes, pingedAt = since } = proven;
    const connection: Connection = new Connection({
      socket,
      wakes,
      heardAt: pingedAt,
      clock: this.outside.clock,
      headMs: this.outside.carryHeadMs,
      version: session.version,
      linkSession: session.session,
      acceptWebSocket: (visitor) => this.visitors.accept(visitor),
      mayWait: (bytes) => this.visitors.mayWait(bytes),
      stalls: this.outside.stalls,
      tails: this.tails,
      onSleep: (frame) => this.#sleeps(live, frame),
      onServices: (frame) => this.#services(live, frame),
      onBroken: (code, reason) => this.#broken(live, code, reason),
    });
    this.visitors.tell(connection);
    // Storage says "asleep" beside an open socket only when home said so on this one: a new session wipes it.
    const { away } = this.#record;
    const asleep = away?.link === 'asleep' ? away : null;
    const live: Live = { connection, session, proven, someDown: isSomeDown(proven.services), asleep };
    this.#live = live;
  }

  #services(live: Live, frame: Frame): void {
    if (live.session.version < servicesSince) {
      throw new PorchlightError('link-untimely', 'Cannot go on with the link: SERVICES is not of its version.');
    }
    const said = believed(servicesOf(frame), this.#record.hosts, this.outside.clock.now());
    const services = newestSaid(live.proven.services, said);
    if (services === live.proven.services) return;
    live.proven = { ...live.proven, services };
    live.someDown = isSomeDown(services);
    attach(live.connection.socket, live.proven);
    this.#hold.changed();
  }

  #sleeps(live: Live, frame: Frame): void {
    // That an older home node sleeps is no news: the newer one is home now.
    if (live !== this.#live) {
      live.connection.acknowledgeSleep();
      return;
    }
    const { until } = recordOf(frame);
    live.asleep = {
      link: 'asleep',
      since: this.outside.clock.now(),
      until: typeof until === 'number' && Number.isFinite(until) ? until : null,
    };
    this.#missedUntil = 0;
    const services = live.proven.services?.services ?? null;
    this.#record.left(live.asleep, services, live.proven.unwritten, live.asleep.since);
    // The platform holds the answer back until the row is written.
    live.connection.acknowledgeSleep();
  }

  #of(socket: WebSocket): Live | null {
    if (this.#live?.connection.socket === socket) return this.#live;
    return this.#older.live?.connection.socket === socket ? this.#older.live : null;
  }

  #broken(link: Live, code: number, reason: string): void {
    if (link === this.#live) this.#lost(code, reason);
    else if (link === this.#older.live) this.#older.end(code, reason);
  }

  /** The live link ends; what it carried is failed, unless it may finish and can. */
  #lost(code: number, reason: string, refusal: Refusal | null = null, mayFinish = false): void {
    const live = this.#live;
    if (live === null) return;
    const now = this.outside.clock.now();
    const heardAt = this.#heardAt(live);
    this.#live = null;
    if (live.asleep === null) {
      // A silence ends here: it was lost since home was last heard.
      const since = isSilent(heardAt, now) ? heardAt : now;
      this.#record.left({ link: 'lost', since }, null, live.proven.unwritten, now);
      this.#missedUntil = refusal?.code === 'revoked' ? 0 : now + limits.linkMissedMs;
    }
    if (mayFinish && refusal !== null && canDrain(live)) {
      this.#older.drain(live, refusal);
      return;
    }
    attach(live.connection.socket, { state: 'closing' });
    live.connection.end(code, reason, refusal);
  }

  /** The live link if requests may be put on it. One that was silent for too long is closed: home then dials again. */
  #usable(): Live | null {
    const live = this.#live;
    if (live === null || live.asleep !== null) return null;
    const now = this.outside.clock.now();
    if (!isSilent(live.connection.heardAt, now) || !isSilent(this.#heardAt(live), now)) return live;
    this.#lost(closeCodes.stale, 'silent for too long');
    return null;
  }

  /** As Hold asks. */
  #look(head: string): Carrier | 'wait' | 'away' {
    const live = this.#usable();
    const now = this.outside.clock.now();
    if (live === null) return this.#live === null && now < this.#missedUntil ? 'wait' : 'away';
    const decided = decideCarry(hostOf(head), this.#presence(), now);
    if (decided.decision === 'carry') return carrierOf(live.connection, head);
    return decided.reason === 'starting' && this.#isFresh() ? 'wait' : 'away';
  }

  #isFresh(): boolean {
    const now = this.outside.clock.now();
    return this.#live === null ? now < this.#missedUntil : now - this.#live.proven.since < limits.linkMissedMs;
  }

  #absent(head: string | null): Response {
    const presence = this.#presence();
    const { decision, ...why } = decideCarry(hostOf(head), presence, this.outside.clock.now());
    const absence = 'reason' in why ? why : ({ reason: 'unreachable', service: null, until: null } as const);
    return outcomeResponse({ absent: presence, why: absence });
  }

  #presence(): Presence {
    const live = this.#live;
    const facts: LinkFacts | null =
      live === null
        ? null
        : {
            since: live.proven.since,
            heardAt: this.#heardAt(live),
            asleep: live.asleep,
            services: live.proven.services?.services ?? null,
          };
    return presenceOf(facts, this.#record, this.outside.clock.now());
  }

  #mayCarry(head: string): boolean {
    return decideCarry(hostOf(head), this.#presence(), this.outside.clock.now()).decision === 'carry';
  }

  /** Changes of the link that no row holds yet, with a silence that is only noticed now. */
  #unwritten(): readonly LinkChange[] {
    const live = this.#live;
    if (live === null) return [];
    const heardAt = this.#heardAt(live);
    const isLost = live.asleep === null && isSilent(heardAt, this.outside.clock.now());
    return isLost ? [...live.proven.unwritten, { at: heardAt, link: 'lost' }] : live.proven.unwritten;
  }

  #heardAt(live: Live): number {
    const answeredPing = this.ctx.getWebSocketAutoResponseTimestamp(live.connection.socket)?.getTime() ?? 0;
    return Math.max(live.connection.heardAt, answeredPing);
  }
}

function hostOf(head: string | null): string {
  return head === null ? '' : (JSON.parse(head) as RequestHead).host;
}
