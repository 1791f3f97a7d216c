// Visitors' WebSockets among the sockets of a Link object: to which link each belongs, in this memory or after another.

import { causeOf } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { Connection } from './connection.ts';
import type { Live } from './links.ts';
import { attachmentOf, dismiss } from './sockets.ts';
import type { WebSockets } from './web-sockets.ts';

/** Tells them from the sockets that homes dialled. */
const tag = 'visitor';
/** What a visitor is told whose link went (the registry of RFC 6455 section 11.7): come back. */
const serviceRestart = 1012;

export class Visitors {
  readonly #ctx: DurableObjectState;
  readonly #links: () => readonly Live[];

  /** `links`: those that are open, the one that takes requests and an older one. */
  constructor(ctx: DurableObjectState, links: () => readonly Live[]) {
    this.#ctx = ctx;
    this.#links = links;
  }

  /** All that they need to go on is written on them. */
  get isAtRest(): boolean {
    return this.#all().every(({ isAtRest }) => isAtRest);
  }

  accept(socket: WebSocket): void {
    this.#ctx.acceptWebSocket(socket, [tag]);
  }

  /** May a message of so much wait for home? What waits on an older link, while it is emptied, is in the same memory. */
  mayWait(more: number): boolean {
    let all = more;
    let longest = more;
    for (const sockets of this.#all()) {
      for (const { bytes, firstBytes } of sockets.waiting()) {
        all += bytes;
        longest = Math.max(longest, firstBytes);
      }
    }
    return all <= Math.max(limits.webSocketWaitingBytes, longest + limits.webSocketBesideBytes);
  }

  /** Those of a memory that is gone go on where they were, if their link is still here. */
  resume(): void {
    for (const socket of this.#ctx.getWebSockets(tag)) this.#resume(socket);
  }

  /** A link opened, or goes on after hibernation: it knows what is left of visitors who were closed before. */
  tell({ webSockets }: Connection): void {
    for (const socket of this.#ctx.getWebSockets(tag)) {
      const attachment = attachmentOf(socket);
      if (attachment.state === 'closing') webSockets.leave(socket, attachment.network);
    }
  }

  /** A message. False: the socket is no visitor's, or nobody waits for what it says. */
  said(socket: WebSocket, message: string | ArrayBuffer): boolean {
    return this.#all().some((sockets) => sockets.said(socket, message));
  }

  /** The socket was closed. False: as above. */
  closed(socket: WebSocket, code: number, reason: string, wasClean: boolean): boolean {
    this.#resume(socket);
    return this.#all().some((sockets) => sockets.closed(socket, code, reason, wasClean));
  }

  failed(socket: WebSocket, error: unknown): void {
    this.#resume(socket);
    this.#all().some((sockets) => sockets.failed(socket, causeOf(error)));
  }

  #all(): readonly WebSockets[] {
    return this.#links().map(({ connection }) => connection.webSockets);
  }

  #resume(socket: WebSocket): void {
    const attachment = attachmentOf(socket);
    if (attachment.state !== 'visiting') return;
    const link = this.#links().find(({ session }) => session.session === attachment.session);
    if (link === undefined) dismiss(socket, serviceRestart, 'home is out of reach');
    else link.connection.resume(socket, attachment);
  }
}
