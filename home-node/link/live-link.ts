// One link from the end of its handshake until it is lost: the socket's events on one side, the frames (open-link.ts)
// and the pings on the other.

import type { WebSocket } from 'ws';
import type { ErrorCode } from '../../shared/error-codes.ts';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { decodeMessage, type Frame } from '../../shared/link/codec.ts';
import { closeCodes, drainSince } from '../../shared/link/frames.ts';
import type { Refusal } from '../../shared/link/handshake.ts';
import type { Session } from '../../shared/session/call.ts';
import type { Dialled } from './dial.ts';
import { OpenLink } from './open-link.ts';
import { Pings } from './pings.ts';
import type { Serve } from './serve.ts';
import type { Timers } from './timers.ts';

export interface LiveLinkOptions {
  readonly serve: Serve;
  readonly onWork: () => void;
  /** Told once, when the link ended without close(): the edge's refusal if it gave one, else what was seen. */
  readonly onLost: (why: Refusal) => void;
  /** The edge puts nothing on it any more: what is open may end, then it is to be closed. */
  readonly onDrain: (why: Refusal) => void;
  readonly timers: Timers;
}

/** Requests that are still being answered when home goes to sleep may take so long, ms. */
const sleepDrainMs = 5_000;
const drainLookMs = 50;

export class LiveLink {
  readonly session: Session;
  readonly version: number;
  readonly #options: LiveLinkOptions;
  readonly #socket: WebSocket;
  readonly #frames: OpenLink;
  readonly #pings: Pings;
  readonly #early: readonly Frame[];
  #refusal: Refusal | null = null;
  #isOver = false;
  #onSlept: () => void = () => undefined;
  #onOver: () => void = () => undefined;

  constructor({ socket, welcome, early }: Dialled, options: LiveLinkOptions) {
    const { version, homeId, session, epoch, windows } = welcome;
    const { serve, onWork, timers } = options;
    this.session = { homeId, session, epoch };
    this.version = version;
    this.#options = options;
    this.#socket = socket;
    this.#frames = new OpenLink({
      sink: socket,
      version,
      initialBytes: windows.initialBytes,
      serve,
      onWork,
      onSlept: () => this.#onSlept(),
      onRefused: (refusal) => {
        this.#refusal = refusal;
      },
      onDrain: (why) => {
        if (version < drainSince) {
          throw new PorchlightError('link-untimely', 'Cannot go on with the link: DRAIN is not of its version.');
        }
        options.onDrain(why);
      },
    });
    this.#pings = new Pings(socket, version, timers, () =>
      this.#lost('link-silent', 'the edge does not answer any more'),
    );
    socket.on('message', (message: Buffer<ArrayBuffer>, isBinary) => {
      this.#pings.heard();
      if (isBinary) this.#receive(() => decodeMessage(message));
    });
    socket.on('error', (error) => this.#lost('link-lost', error.message));
    socket.on('close', (code, reason) => this.#lost('link-lost', `the edge closed with ${code} ${reason.toString()}`));
    this.#early = early;
  }

  /** Begins to serve; to be called in the turn in which it was made. */
  start(): void {
    this.#receive(() => this.#early);
  }

  /** Resolves when the edge has written it down and running requests have ended. Throws `link-not-open`. */
  async sleep(until: number | null): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#onSlept = resolve;
      this.#onOver = () => {
        reject(new PorchlightError('link-not-open', 'Cannot say good night: the link was lost meanwhile; repeat.'));
      };
      this.#frames.sleep(until);
    });
    await this.#empty(sleepDrainMs);
  }

  /** Closes it when what is open has ended, or after limits.linkDrainMs. Resolves when it is closed, by whomever. */
  async drain(): Promise<void> {
    // They would not end by themselves; a client that comes back is served over the newer link.
    this.#frames.closeWebSockets({ code: 1012, reason: 'a newer link takes over' });
    await this.#empty(limits.linkDrainMs);
    this.close();
  }

  /** The payload of SERVICES; only where the version knows it. */
  services(text: string): void {
    if (!this.#isOver) this.#frames.services(text);
  }

  close(): void {
    if (this.#isOver) return;
    this.#end();
    this.#socket.close(closeCodes.done, 'home closes');
  }

  async #empty(mostMs: number): Promise<void> {
    for (let waited = 0; !this.#isOver && this.#frames.size > 0 && waited < mostMs; waited += drainLookMs) {
      await new Promise<void>((resolve) => this.#options.timers.after(drainLookMs, resolve));
    }
    // What was answered a moment ago goes out at the end of this turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  }

  #receive(read: () => readonly Frame[]): void {
    if (this.#isOver) return;
    try {
      this.#frames.receive(read());
    } catch (thrown) {
      const code = thrown instanceof PorchlightError ? thrown.code : 'internal';
      this.#socket.close(closeCodes.protocol, code);
      this.#lost(code, causeOf(thrown));
    }
  }

  #lost(code: ErrorCode, reason: string): void {
    if (this.#isOver) return;
    this.#end();
    this.#options.onLost(this.#refusal ?? { code, reason });
  }

  #end(): void {
    this.#isOver = true;
    this.#pings.stop();
    this.#frames.end();
    this.#onOver();
  }
}
