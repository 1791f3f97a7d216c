// Opens a socket to the edge and proves whose it is: HELLO, PROOF, WELCOME. What comes out is a socket with a session,
// or the reason why there is none.

import type { IncomingMessage } from 'node:http';
import type { CryptoKey } from 'jose';
import { type ClientOptions, WebSocket } from 'ws';
import type { ErrorCode } from '../../shared/error-codes.ts';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { decodeMessage, encodeTextFrame, type Frame } from '../../shared/link/codec.ts';
import { closeCodes } from '../../shared/link/frames.ts';
import {
  chooseVersion,
  helloOf,
  type Refusal,
  refusalOf,
  signProof,
  type Welcome,
  welcomeOf,
} from '../../shared/link/handshake.ts';
import { connectionCause } from '../edge-api/certificate-dates.ts';

export interface DialOptions {
  /** Origin of the edge: https://host, http only in development. */
  readonly edge: string;
  readonly homeId: string;
  readonly key: CryptoKey;
  /** Random, one for each home-node process. */
  readonly process: string;
  /** Epoch that this process was given before, 0 when none. */
  readonly epoch: number;
  /** Versions of the link that home speaks, best first. */
  readonly versions: readonly number[];
  /** Asked before the proof is sent, by which the edge lets this one in and another one go. */
  readonly isWanted?: () => boolean;
  /** Certificates to trust beside the system's, PEM; development. */
  readonly ca?: string;
}

/** Longest the whole handshake may take, ms. */
const handshakeMs = 20_000;
/** As much of an answer as is read when the edge opens no socket. */
const refusalBytes = 4 * 1024;

export interface Dialled {
  readonly socket: WebSocket;
  readonly welcome: Welcome;
  /** What the edge sent right behind its WELCOME. */
  readonly early: readonly Frame[];
}

/**
 * Throws PorchlightError: `superseded` and the other codes of Refusal as the edge said them, `no-common-version`,
 * `wrong-edge`, or `link-unreachable` when there was no answer.
 */
export async function dial(options: DialOptions): Promise<Dialled> {
  const socket = new WebSocket(linkUrl(options), socketOptions(options));
  socket.binaryType = 'nodebuffer';
  const frames = new FrameReader(socket);
  try {
    const hello = helloOf(await frames.next('HELLO'));
    if (hello.edge !== options.edge) {
      throw new PorchlightError(
        'wrong-edge',
        `Cannot open the link: dialled ${options.edge}, the edge calls itself ${hello.edge}; set \`edge\` to that.`,
      );
    }
    const { edge, homeId, process, epoch } = options;
    const version = chooseVersion(hello.versions, options.versions);
    const proof = await signProof({ nonce: hello.nonce, edge, homeId, version, process, epoch }, options.key);
    if (options.isWanted?.() === false) throw unreachable('it is not wanted any more');
    socket.send(encodeTextFrame('PROOF', proof));
    const welcome = welcomeOf(await frames.next('WELCOME'));
    return { socket, welcome, early: frames.rest() };
  } catch (thrown) {
    if (thrown instanceof PorchlightError && thrown.code === 'no-common-version') {
      const refusal: Refusal = { code: thrown.code, reason: thrown.message };
      socket.send(encodeTextFrame('REFUSED', JSON.stringify(refusal)));
    }
    frames.release();
    // Whatever the socket still has to say changes nothing any more.
    socket.on('error', () => undefined);
    socket.close(closeCodeFor(thrown));
    throw thrown;
  }
}

function closeCodeFor(thrown: unknown): number {
  const isFault = thrown instanceof PorchlightError && /^link-(?!unreachable)/.test(thrown.code);
  return isFault ? closeCodes.protocol : closeCodes.done;
}

function linkUrl({ edge, homeId }: DialOptions): string {
  const url = new URL('/.porchlight/v1/link', edge);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.searchParams.set('home', homeId);
  return url.href;
}

function socketOptions({ edge, ca }: DialOptions): ClientOptions {
  return {
    perMessageDeflate: false,
    maxPayload: limits.linkMessageBytes,
    handshakeTimeout: handshakeMs,
    skipUTF8Validation: true,
    ...(ca === undefined ? {} : { ca }),
    ...(edge.startsWith('https:') ? { generateMask: zeroMask } : {}),
  };
}

/**
 * RFC 6455 section 5.3 masks what a client sends so that a script in a browser cannot make a proxy on plain HTTP take
 * the bytes for a request of its own. Inside TLS there is no such proxy, and masking was most of home's work on a
 * download. With zeros the frames are valid and the XOR changes nothing, so `ws` skips it. Plain ws keeps random masks.
 */
function zeroMask(mask: Buffer): void {
  mask.fill(0);
}

/** Frames of the handshake one by one. */
class FrameReader {
  readonly #socket: WebSocket;
  readonly #frames: Frame[] = [];
  #failure: PorchlightError | null = null;
  #wake: () => void = () => undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#fail(unreachable('no answer to the handshake')), handshakeMs);
    socket.on('message', this.#onMessage);
    socket.on('close', this.#onClose);
    socket.on('error', this.#onError);
    socket.on('unexpected-response', this.#onAnswer);
  }

  async next(wanted: 'HELLO' | 'WELCOME'): Promise<Frame> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame?.name === 'REFUSED') {
        const { code, reason } = refusalOf(frame);
        throw PorchlightError.heard(code, reason);
      }
      if (frame?.name === wanted) return frame;
      if (frame !== undefined) throw unreachable(`the edge sent ${frame.name} instead of ${wanted}`);
      if (this.#failure !== null) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** What is unread. Whoever goes on must listen before the next turn of the event loop. */
  rest(): readonly Frame[] {
    if (this.#failure !== null) throw this.#failure;
    this.release();
    return this.#frames;
  }

  /** Stops listening. */
  release(): void {
    clearTimeout(this.#timer);
    this.#socket.off('message', this.#onMessage).off('close', this.#onClose).off('error', this.#onError);
    this.#socket.off('unexpected-response', this.#onAnswer);
  }

  #fail(failure: PorchlightError): void {
    this.#failure ??= failure;
    this.#wake();
  }

  readonly #onMessage = (message: Buffer<ArrayBuffer>, isBinary: boolean): void => {
    if (!isBinary) return;
    try {
      this.#frames.push(...decodeMessage(message));
    } catch (thrown) {
      this.#fail(thrown instanceof PorchlightError ? thrown : unreachable(causeOf(thrown)));
    }
    this.#wake();
  };

  readonly #onClose = (code: number, reason: Buffer): void => {
    this.#fail(unreachable(`the edge closed with ${code} ${reason.toString()}`));
  };

  /** An answer instead of a socket: the edge's own refusal, or something else's on the way. */
  readonly #onAnswer = (_: unknown, response: IncomingMessage): void => {
    void refusalCodeOf(response).then((code) => {
      const isUnknown = code === 'not-this-home' || code === 'unknown-host';
      this.#fail(isUnknown ? unknownHome(code) : unreachable(`the edge answered ${response.statusCode} (${code})`));
    });
  };

  readonly #onError = (error: Error): void => {
    this.#fail(unreachable(connectionCause(error)));
  };
}

const notFromTheEdge: ErrorCode = 'not-from-the-edge';

/** The edge's own code, in the first bytes of its answer. */
async function refusalCodeOf(response: IncomingMessage): Promise<string> {
  let text = '';
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      text += part.toString();
      if (text.length > refusalBytes) break;
    }
    const { code } = JSON.parse(text) as { code?: unknown };
    return typeof code === 'string' ? code : notFromTheEdge;
  } catch {
    // Not JSON, or broken off: not the edge's.
    return notFromTheEdge;
  }
}

function unknownHome(found: string): PorchlightError {
  return new PorchlightError(
    'unknown-home',
    `Cannot open the link: the edge does not know this home at this host (${found}); get a code from its operator and run: porchlight claim CODE`,
  );
}

function unreachable(found: string): PorchlightError {
  return new PorchlightError('link-unreachable', `Cannot open the link: ${found}; home dials again.`);
}
