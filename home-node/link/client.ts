// Keeps home's link to its edge open: dials, proves, serves what is carried, pings, and dials again when it is lost,
// until it is told to sleep or a newer home node has taken over.

import type { WebSocket } from 'ws';
import type { Random } from '../../shared/clock.ts';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { decodeMessage } from '../../shared/link/codec.ts';
import { closeCodes } from '../../shared/link/frames.ts';
import type { Refusal } from '../../shared/link/handshake.ts';
import type { Session } from '../../shared/session/call.ts';
import { type Dialled, type DialOptions, dial } from './dial.ts';
import { OpenLink } from './open-link.ts';
import { Pings } from './pings.ts';
import { reconnectDelayMs } from './reconnect.ts';
import type { Serve } from './serve.ts';
import type { Timers } from './timers.ts';

export type LinkState =
  | { readonly link: 'dialling' }
  | { readonly link: 'open'; readonly session: Session }
  /** Not open; dialled again after `retryMs`. `code` and `reason` say why, for the owner. */
  | { readonly link: 'lost'; readonly code: string; readonly reason: string; readonly retryMs: number }
  /** A newer home node took over: this process must stop; the link never dials again. */
  | { readonly link: 'superseded'; readonly reason: string }
  /** Told to sleep or to close. */
  | { readonly link: 'closed' };

export interface LinkClientOptions extends Omit<DialOptions, 'process' | 'epoch'> {
  readonly serve: Serve;
  /** Something waits in the spool. */
  readonly onWork: () => void;
  readonly onState: (state: LinkState) => void;
  readonly random: Random;
  readonly timers: Timers;
}

/** A link that was open for so long had no fault of its own: the next wait starts short again, ms. */
const steadyMs = 10_000;
/** Requests that are still being answered when home goes to sleep may take so long, ms. */
const drainMs = 5_000;
const drainLookMs = 50;

interface Live {
  readonly socket: WebSocket;
  readonly link: OpenLink;
  readonly session: Session;
  readonly onSlept: { resolve: () => void };
  /** Ends pings and timers. */
  stop: () => void;
}

export class LinkClient {
  readonly #options: LinkClientOptions;
  readonly #process: string;
  #epoch = 0;
  #failures = 0;
  #live: Live | null = null;
  #isWanted = false;
  #isDialling = false;
  #cancelRetry: () => void = () => undefined;

  constructor(options: LinkClientOptions) {
    this.#options = options;
    this.#process = Buffer.from(options.random.bytes(16)).toString('base64url');
  }

  /** What the handshake opened; null while the link is not open. */
  get session(): Session | null {
    return this.#live?.session ?? null;
  }

  /** Opens the link and keeps it open. */
  start(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#failures = 0;
    void this.#open();
  }

  /**
   * Tells the edge that home sleeps until then (ms since the epoch, null: not known), lets running requests end, and
   * closes. Throws `link-not-open` when the edge cannot be told.
   */
  async sleep(until: number | null): Promise<void> {
    const live = this.#live;
    if (live === null) {
      throw new PorchlightError('link-not-open', 'Cannot say good night: the link is not open; wait for it and repeat.');
    }
    await new Promise<void>((resolve, reject) => {
      live.onSlept.resolve = resolve;
      live.socket.once('close', () => {
        reject(new PorchlightError('link-not-open', 'Cannot say good night: the link was lost meanwhile; repeat.'));
      });
      live.link.sleep(until);
    });
    for (let waited = 0; live.link.size > 0 && waited < drainMs; waited += drainLookMs) {
      await new Promise<void>((resolve) => this.#options.timers.after(drainLookMs, resolve));
    }
    this.close();
  }

  /** Closes the link and does not open it again by itself. */
  close(): void {
    this.#isWanted = false;
    this.#cancelRetry();
    const live = this.#live;
    if (live === null) return;
    this.#end(live);
    live.socket.close(closeCodes.done, 'home closes');
    this.#options.onState({ link: 'closed' });
  }

  async #open(): Promise<void> {
    if (this.#isDialling) return;
    this.#isDialling = true;
    this.#options.onState({ link: 'dialling' });
    try {
      const { edge, homeId, key, ca } = this.#options;
      const trust = ca === undefined ? {} : { ca };
      const dialled = await dial({ edge, homeId, key, process: this.#process, epoch: this.#epoch, ...trust });
      this.#isDialling = false;
      if (this.#isWanted) this.#adopt(dialled);
      else dialled.socket.close(closeCodes.done, 'home closes');
    } catch (thrown) {
      this.#isDialling = false;
      const code = thrown instanceof PorchlightError ? thrown.code : 'internal';
      this.#retry(code, causeOf(thrown));
    }
  }

  #adopt({ socket, welcome, early }: Dialled): void {
    const { homeId, session, epoch } = welcome;
    this.#epoch = epoch;
    const onSlept = { resolve: () => undefined as void };
    let refusal: Refusal | null = null;
    const link = new OpenLink({
      sink: socket,
      initialBytes: welcome.windows.initialBytes,
      serve: this.#options.serve,
      onWork: this.#options.onWork,
      onSlept: () => onSlept.resolve(),
      onRefused: (told) => {
        refusal = told;
      },
    });
    const live: Live = { socket, link, session: { homeId, session, epoch }, onSlept, stop: () => undefined };
    this.#live = live;
    const lost = (code: string, reason: string): void => {
      if (this.#live !== live) return;
      this.#end(live);
      this.#retry(refusal?.code ?? code, refusal?.reason ?? reason);
    };
    const receive = (read: () => Parameters<OpenLink['receive']>[0]): void => {
      try {
        link.receive(read());
      } catch (thrown) {
        const code = thrown instanceof PorchlightError ? thrown.code : 'internal';
        socket.close(closeCodes.protocol, code);
        lost(code, causeOf(thrown));
      }
    };
    const { timers } = this.#options;
    const pings = new Pings(socket, timers, () => lost('link-silent', 'the edge does not answer any more'));
    const stopSteady = timers.after(steadyMs, () => {
      this.#failures = 0;
    });
    live.stop = () => {
      pings.stop();
      stopSteady();
    };
    socket.on('message', (message: Buffer<ArrayBuffer>, isBinary) => {
      pings.heard();
      if (isBinary && this.#live === live) receive(() => decodeMessage(message));
    });
    socket.on('error', (error) => lost('link-lost', error.message));
    socket.on('close', (code, reason) => lost('link-lost', `the edge closed with ${code} ${reason.toString()}`));
    this.#options.onState({ link: 'open', session: live.session });
    receive(() => early);
  }

  #end(live: Live): void {
    this.#live = null;
    live.stop();
    live.link.end();
  }

  #retry(code: string, reason: string): void {
    if (code === 'superseded') {
      this.#isWanted = false;
      this.#options.onState({ link: 'superseded', reason });
    }
    if (!this.#isWanted) return;
    const retryMs = reconnectDelayMs(this.#failures, this.#options.random);
    this.#failures += 1;
    this.#options.onState({ link: 'lost', code, reason, retryMs });
    this.#cancelRetry = this.#options.timers.after(retryMs, () => void this.#open());
  }
}
