// The sockets of a Link object and what is written on each: the attachment outlives the object's memory, so that a
// socket which was proven before hibernation still is afterwards.

import type { Random } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import { encodeTextFrame } from '../../shared/link/codec.ts';
import { closeCodes } from '../../shared/link/frames.ts';
import type { Hello, Refusal } from '../../shared/link/handshake.ts';
import type { Standing } from '../../shared/link/session.ts';
import type { ServicesSaid } from '../../shared/presence.ts';
import { type Admitted, type Applicant, encode } from './admission.ts';
import type { LinkChange } from './history.ts';

/** Waits for its proof. */
export interface Unproven extends Applicant {
  readonly state: 'unproven';
  /** Order of arrival. */
  readonly arrivedAt: number;
}

export interface Proven {
  readonly state: 'proven';
  readonly session: Admitted;
  readonly since: number;
  /** How many times the object has been made anew around it. */
  readonly wakes: number;
  /**
   * What home last said of its services. Here and in no row: a service that flaps costs nothing so, it outlives
   * hibernation as the link does, and when the socket goes home says it anew on the next. limits.services and
   * limits.servicesBytes keep it within the platform's 16 KiB.
   */
  readonly services: ServicesSaid | null;
  /** Changes of the link that no row holds yet, the oldest first. */
  readonly unwritten: readonly LinkChange[];
  /** When a home that the runtime does not answer (oldPing) last said its ping. */
  readonly pingedAt?: number;
  /** A newer link has taken its place: no request is put on it any more. */
  readonly isDraining?: boolean;
}

/** Its proof is being looked at, or it is being closed. */
export interface Spent {
  readonly state: 'checking' | 'closing';
  /** Of a visitor's: as in Visiting. */
  readonly network?: string;
}

/** A visitor's WebSocket, as far as another memory must know it (web-sockets.ts). */
export interface Visiting {
  readonly state: 'visiting';
  /** Name of the link's session that its stream belongs to. */
  readonly session: string;
  readonly stream: number;
  readonly standing: Standing;
  /** The visitor's, and when anything last moved; not on sockets that an earlier edge wrote. */
  readonly network?: string;
  readonly movedAt?: number;
}

export type Attachment = Unproven | Proven | Spent | Visiting;

export function attachmentOf(socket: WebSocket): Attachment {
  return (socket.deserializeAttachment() as Attachment | null) ?? { state: 'closing' };
}

export function attach(socket: WebSocket, attachment: Attachment): void {
  socket.serializeAttachment(attachment);
}

/** Accepts a new socket and asks whose it is. Where too many wait for their proof, the oldest gives way. */
export function greet(
  ctx: DurableObjectState,
  applicant: Omit<Applicant, 'hello'>,
  edge: string,
  versions: readonly number[],
  random: Random,
): Response {
  const waiting = ctx
    .getWebSockets()
    .map((socket) => ({ socket, attachment: attachmentOf(socket) }))
    .flatMap(({ socket, attachment }) => (attachment.state === 'unproven' ? [{ socket, ...attachment }] : []))
    .sort((a, b) => a.arrivedAt - b.arrivedAt);
  for (const { socket } of waiting.slice(0, Math.max(0, waiting.length - limits.unprovenSockets + 1))) {
    dismiss(socket, closeCodes.crowded, 'too many sockets wait for their proof');
  }
  const { 0: client, 1: server } = new WebSocketPair();
  const hello: Hello = { versions, nonce: encode(random.bytes(32)), edge };
  ctx.acceptWebSocket(server);
  const arrivedAt = (waiting.at(-1)?.arrivedAt ?? 0) + 1;
  attach(server, { state: 'unproven', hello, ...applicant, arrivedAt });
  server.send(encodeTextFrame('HELLO', JSON.stringify(hello)));
  return new Response(null, { status: 101, webSocket: client });
}

/** Closes it for good; whatever it still sends is not heard. */
export function dismiss(socket: WebSocket, code: number, reason: string): void {
  attach(socket, { state: 'closing' });
  socket.close(code, reason);
}

/** Tells home why, and closes. */
export function refuse(socket: WebSocket, refusal: Refusal): void {
  socket.send(encodeTextFrame('REFUSED', JSON.stringify(refusal)));
  dismiss(socket, closeCodes.refused, refusal.code);
}
