// A carried WebSocket before its service: the same handshake as the visitor made, as far as it was carried, to the
// configured origin and nowhere else. What the service answers instead of 101 is the answer to the request.

import type { ClientRequest, IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { type Closing, isCloseCode } from '../../shared/link/codec.ts';
import { headerOf } from '../../shared/link/heads.ts';
import { isHandshake, isHopByHop, subprotocol, withoutHandshake } from '../../shared/link/hop-by-hop.ts';
import type { LinkRequest, LinkResponse, ServiceSocket, ServiceSocketEvents } from '../link/serve.ts';
import { AnswerBody } from './answer-body.ts';
import type { AnswerMemory } from './answer-memory.ts';
import { toWire } from './header-text.ts';
import { carriedHeaders, faultOf, refusalOf, unaskable } from './service-answer.ts';

/** Rejects as Serve says. `origin`: of the service, http or https. */
export async function askForSocket(
  origin: string,
  request: LinkRequest,
  signal: AbortSignal,
  memory: AnswerMemory,
): Promise<LinkResponse> {
  const offered = headerOf(request.headers, subprotocol);
  const socket = new WebSocket(origin.replace(/^http/, 'ws'), {
    perMessageDeflate: false,
    maxPayload: limits.webSocketMessageBytes,
    followRedirects: false,
    finishRequest: (sent: ClientRequest) => {
      try {
        finish(sent, request);
      } catch (thrown) {
        // It is connecting already. Thrown on, it would stay open without anybody who hears of its end.
        sent.destroy(unaskable(thrown));
      }
    },
  });
  // Whatever it still has to say after the first word changes nothing any more, and must not end the process.
  socket.on('error', () => undefined);
  // Node's own buffers are used again; what waits here must stay as it is.
  socket.binaryType = 'nodebuffer';
  const cut = (): void => socket.terminate();
  signal.addEventListener('abort', cut);
  socket.on('close', () => signal.removeEventListener('abort', cut));
  try {
    return await new Promise<LinkResponse>((resolve, reject) => {
      if (signal.aborted) cut();
      socket.on('error', (error) => reject(refusalOf(error)));
      socket.on('unexpected-response', (_, answer) => {
        signal.removeEventListener('abort', cut);
        // What is thrown in a listener is nobody's: it would end the process.
        try {
          resolve(plainAnswer(answer, signal, memory));
        } catch (thrown) {
          answer.destroy();
          reject(thrown);
        }
      });
      socket.on('upgrade', (answer) => {
        const chosen = answer.headers[subprotocol];
        if (chosen !== undefined && !isOffered(chosen, offered)) {
          reject(
            new PorchlightError(
              'failed',
              'Cannot open the WebSocket: the service chose a subprotocol that nobody offered.',
            ),
          );
          cut();
          return;
        }
        // ws was told of no subprotocols: what is asked and chosen is between visitor and service.
        delete answer.headers[subprotocol];
        const headers = carriedHeaders(answer.rawHeaders.map((text) => Buffer.from(text, 'latin1')));
        const service = new WsServiceSocket(socket);
        socket.on('open', () =>
          resolve({ status: 101, headers: withoutHandshake(headers), body: null, socket: service }),
        );
      });
    });
  } catch (thrown) {
    signal.removeEventListener('abort', cut);
    throw thrown;
  }
}

/** The rest of the handshake: the exact target, and the headers as they came. */
function finish(sent: ClientRequest, { path, host, headers }: LinkRequest): void {
  // ws would make an URL of it, and take what looks like steps upwards for such.
  sent.path = path;
  sent.setHeader('Host', toWire(host));
  const values = new Map<string, string[]>();
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? '';
    const lowerName = name.toLowerCase();
    if (isHopByHop(lowerName) || isFraming(lowerName) || isHandshake(lowerName)) continue;
    const list = values.get(lowerName) ?? [];
    values.set(lowerName, list);
    list.push(toWire(headers[at + 1] ?? ''));
  }
  for (const [name, list] of values) sent.setHeader(name, list.length === 1 ? (list[0] ?? '') : list);
  sent.end();
}

function isFraming(lowerName: string): boolean {
  return lowerName === 'content-length' || lowerName === 'host' || lowerName === 'expect';
}

/** RFC 6455 section 4.2.2: what was not offered must not be chosen. */
function isOffered(chosen: string, offered: string | null): boolean {
  return (offered ?? '').split(',').some((one) => one.trim() === chosen.trim());
}

/** Throws `failed` for what must not be passed on. */
function plainAnswer(answer: IncomingMessage, signal: AbortSignal, memory: AnswerMemory): LinkResponse {
  const status = answer.statusCode ?? 0;
  // 101 to something else than what was asked for, or nothing that is a response.
  const fault = status < 200 ? `the service said ${status} to a WebSocket` : faultOf(status, answer.rawHeaders);
  if (fault !== null) throw new PorchlightError('failed', `Cannot pass on an answer: ${fault}.`);
  const headers = carriedHeaders(answer.rawHeaders.map((text) => Buffer.from(text, 'latin1')));
  if (status === 204 || status === 205 || status === 304) {
    answer.destroy();
    return { status, headers, body: null };
  }
  const body = new AnswerBody(signal, memory, {
    pause: () => answer.pause(),
    resume: () => answer.resume(),
    cut: () => answer.destroy(),
  });
  answer.on('data', (chunk: Buffer) => body.put(chunk));
  answer.on('end', () => body.end());
  answer.on('error', (error) => body.fail(error));
  return { status, headers, body: body.queue };
}

/** A socket that ws opened. */
class WsServiceSocket implements ServiceSocket {
  readonly #socket: WebSocket;
  #events: ServiceSocketEvents | null = null;
  #early: [Buffer, boolean][] = [];
  /** What ws found wrong with what the service sent. */
  #fault: Closing | null = null;
  #end: { readonly code: number; readonly reason: string } | null = null;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer, isBinary) => {
      if (this.#events === null) this.#early.push([data, isBinary]);
      else this.#events.message(data, isBinary);
    });
    socket.on('error', (error: Error & { readonly code?: unknown }) => {
      if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
        this.#fault = { code: 1009, reason: 'a message of the service is too long' };
      }
    });
    socket.on('close', (code, reason) => {
      this.#end = { code, reason: reason.toString() };
      this.#tell();
    });
  }

  listen(events: ServiceSocketEvents): void {
    this.#events = events;
    for (const [data, isBinary] of this.#early) events.message(data, isBinary);
    this.#early = [];
    this.#tell();
  }

  send(piece: Uint8Array, isBinary: boolean, isMore: boolean, taken: () => void): void {
    this.#socket.send(piece, { binary: isBinary, fin: !isMore, compress: false }, () => taken());
  }

  close({ code, reason }: Closing): void {
    if (code === null) this.#socket.close();
    else this.#socket.close(code, reason);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  #tell(): void {
    if (this.#end === null || this.#events === null) return;
    const { code, reason } = this.#end;
    if (this.#fault !== null) this.#events.closed(this.#fault);
    else if (code === 1005) this.#events.closed({ code: null, reason: '' });
    else if (isCloseCode(code)) this.#events.closed({ code, reason });
    else this.#events.broken('service-down', 'the service broke off');
  }
}
