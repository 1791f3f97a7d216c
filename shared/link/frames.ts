// The frames of the link between edge and home. This table is the documentation of the wire: what a frame is called,
// its type byte, who sends it, and what its payload holds. codec.ts turns bytes into frames by it, session.ts judges
// whether a frame may come now; docs/protocol.md says the same in prose.
//
//   message  = one or more frames, one binary WebSocket message, at most limits.linkMessageBytes
//   frame    = u8 type, u8 flags, u32 stream, u32 length, payload of that length      (integers big-endian)
//
// A stream is one carried request and its response. The edge numbers streams; 0 is the link itself. Each side ends its
// half of a stream with the flag `end` on its last frame; CANCEL ends both halves. A stream whose RESPONSE is 101 is a
// WebSocket from then on: TEXT, BINARY and CLOSE take the place of DATA, in both directions. A frame stands for itself: nothing
// about it must be remembered from another message, because the edge's memory may have been emptied between the two.
//
// Old peers and new: HELLO offers versions, PROOF chooses one, and neither side sends what the chosen version does not
// know, except frames flagged `optional`. A receiver skips an optional frame of unknown type, closes the link on any
// other, and ignores flags that it does not know.

import { limits } from '../limits.ts';

/** Versions that this code speaks, best first. */
export const linkVersions: readonly number[] = [3, 2, 1];
/** The first version that carries WebSockets. */
export const webSocketsSince = 3;
/** The first version in which an older home node is told to finish what it carries, when a newer one comes. */
export const drainSince = 3;
/** The first version in which home asks how much has arrived. */
export const marksSince = 3;

export const flags = {
  /** The sender's half of the stream ends with this frame. */
  end: 0x01,
  /** Of TEXT and BINARY: the message goes on in this stream's next frame of the same kind. */
  more: 0x02,
  /** A receiver that does not know the type skips the frame. */
  optional: 0x80,
} as const;

type Sender = 'edge' | 'home' | 'both';

interface FrameRow {
  readonly type: number;
  readonly from: Sender;
  readonly on: 'link' | 'stream';
  /** Longest payload, bytes. */
  readonly maxBytes: number;
  readonly payload: string;
  readonly says: string;
}

export const frameTable = {
  HELLO: {
    type: 0x01,
    from: 'edge',
    on: 'link',
    maxBytes: limits.frameHeadBytes,
    payload: 'JSON: versions, nonce, edge (handshake.ts, Hello)',
    says: 'First frame of a new socket: prove whose you are by signing this nonce.',
  },
  PROOF: {
    type: 0x02,
    from: 'home',
    on: 'link',
    maxBytes: limits.frameHeadBytes,
    payload: 'compact JWS (handshake.ts, ProofClaims)',
    says: 'The nonce signed with the key that home registered. Nothing else is heard before it.',
  },
  WELCOME: {
    type: 0x03,
    from: 'edge',
    on: 'link',
    maxBytes: limits.frameHeadBytes,
    payload: 'JSON: version, homeId, session, epoch, windows (handshake.ts, Welcome)',
    says: 'The link is open. From here on streams may be opened.',
  },
  REFUSED: {
    type: 0x04,
    from: 'both',
    on: 'link',
    maxBytes: limits.frameHeadBytes,
    payload: 'JSON: code, reason (handshake.ts, Refusal)',
    says: 'The link will be closed, and why. After `superseded` this home-node process never dials again.',
  },
  /** Since version 3. */
  DRAIN: {
    type: 0x05,
    from: 'edge',
    on: 'link',
    maxBytes: limits.frameHeadBytes,
    payload: 'JSON: code, reason (handshake.ts, Refusal)',
    says: 'No stream is opened on this link any more: finish those that are open, and close. With `superseded` a newer home node serves from now on: take no more work; this process never dials again. With any other code: dial anew.',
  },
  REQUEST: {
    type: 0x10,
    from: 'edge',
    on: 'stream',
    maxBytes: limits.frameHeadBytes,
    payload: 'JSON: method, path, host, headers, upgrade (heads.ts, RequestHead)',
    says: 'Opens the stream. With `end`: the request has no body. With `upgrade` it never has `end`: it asks for a WebSocket.',
  },
  RESPONSE: {
    type: 0x11,
    from: 'home',
    on: 'stream',
    maxBytes: limits.frameHeadBytes,
    payload: 'JSON: status, headers (heads.ts, ResponseHead)',
    says: 'Once per stream. With `end`: the response has no body. 101, only to a request with `upgrade`: the stream is a WebSocket now.',
  },
  DATA: {
    type: 0x12,
    from: 'both',
    on: 'stream',
    maxBytes: limits.framePayloadBytes,
    payload: 'bytes of the body, possibly none',
    says: 'Uses up credit by its length. A small answer is RESPONSE and DATA with `end` in one message.',
  },
  CANCEL: {
    type: 0x13,
    from: 'both',
    on: 'stream',
    maxBytes: 1024,
    payload: 'u16 code (cancelCodes), then the reason as UTF-8 for the log',
    says: 'The stream is over; later frames of it are ignored. From home with code `enough` after the end of its response: no more of the request body is wanted.',
  },
  CREDIT: {
    type: 0x14,
    from: 'both',
    on: 'stream',
    maxBytes: 4,
    payload: 'u32 bytes',
    says: 'The receiver of this frame may send so many further bytes of DATA, TEXT and BINARY on this stream.',
  },
  /** Since version 3, as BINARY and CLOSE. */
  TEXT: {
    type: 0x15,
    from: 'both',
    on: 'stream',
    maxBytes: limits.framePayloadBytes,
    payload: 'UTF-8 of a message of a WebSocket, or a piece of it (cut between any two bytes)',
    says: 'Uses up credit by its length and its header, so that empty messages are not free. With `more` the message goes on.',
  },
  BINARY: {
    type: 0x16,
    from: 'both',
    on: 'stream',
    maxBytes: limits.framePayloadBytes,
    payload: 'bytes of a message of a WebSocket, or a piece of it',
    says: 'As TEXT.',
  },
  CLOSE: {
    type: 0x17,
    from: 'both',
    on: 'stream',
    maxBytes: 125,
    payload: 'u16 code and the reason as UTF-8 (RFC 6455 section 5.5.1), or nothing: closed without a code',
    says: 'Always with `end`: the sender of this frame has closed its side of the WebSocket. The stream is over when both have. A connection that broke is told by CANCEL.',
  },
  WORK: {
    type: 0x20,
    from: 'edge',
    on: 'link',
    maxBytes: 0,
    payload: 'none',
    says: 'Something waits in the spool: lease it.',
  },
  SLEEP: {
    type: 0x21,
    from: 'home',
    on: 'link',
    maxBytes: 256,
    payload: 'JSON: until, ms since the epoch or null',
    says: 'Home goes to sleep and expects to be back then. No stream is opened any more.',
  },
  SLEPT: {
    type: 0x22,
    from: 'edge',
    on: 'link',
    maxBytes: 0,
    payload: 'none',
    says: 'The edge has written down that home sleeps: the power may go.',
  },
  /** Since version 2. */
  SERVICES: {
    type: 0x23,
    from: 'home',
    on: 'link',
    maxBytes: limits.servicesBytes,
    payload: 'JSON: n, services (services.ts, presence.ts ServiceState)',
    says: 'How each service of home is: after WELCOME and at each change, all of them each time. A request for one that is down is not carried.',
  },
  /** Since version 3, as MARKED. */
  MARK: {
    type: 0x24,
    from: 'home',
    on: 'link',
    maxBytes: 4,
    payload: 'u32 number',
    says: 'Say when you have come to this. Between bodies, so that home knows how much of them is on the way.',
  },
  MARKED: {
    type: 0x25,
    from: 'edge',
    on: 'link',
    maxBytes: 4,
    payload: 'u32 number of a MARK',
    says: 'All that was sent before that MARK has arrived.',
  },
} as const satisfies Record<string, FrameRow>;

export type FrameName = keyof typeof frameTable;

export const frameTypes = Object.fromEntries(Object.entries(frameTable).map(([name, row]) => [name, row.type])) as {
  readonly [Name in FrameName]: (typeof frameTable)[Name]['type'];
};

/** Row of a type byte; undefined when this version does not know it. */
export const rowOfType: ReadonlyMap<number, FrameRow & { readonly name: FrameName }> = new Map(
  Object.entries(frameTable).map(([name, row]) => [row.type, { ...row, name: name as FrameName }]),
);

/** Why a stream was cancelled. Unknown codes are read as `failed`. */
export const cancelCodes = {
  /** The visitor, or the service, is not interested any more. */
  enough: 0,
  /** Something broke at the sender of this frame. */
  failed: 1,
  /** Home: nothing listens where the service should be; on a WebSocket: the service broke off. */
  'service-down': 2,
  /** Home: no service of this home has that host. */
  'not-served': 3,
  /** Edge: the head of the response did not come in time. */
  'too-late': 4,
  /** Home: as many streams as it bears are open. */
  busy: 5,
  /** The stream is not known here (any more). */
  unknown: 6,
  /** Home: the request cannot be put to a service as it stands. */
  'bad-request': 7,
} as const;

export type CancelCode = keyof typeof cancelCodes;

/** Close codes of the WebSocket (RFC 6455 section 7.4.2: 4000 to 4999 are private). */
export const closeCodes = {
  /** Home sleeps, or was stopped in good order. */
  done: 1000,
  /** The peer broke this protocol: malformed, oversized or untimely frame, more DATA than its credit. */
  protocol: 4400,
  /** The proof did not hold, or this process was superseded; REFUSED said which. */
  refused: 4401,
  /** No answer for so long that this end does not believe in the connection any more. */
  stale: 4408,
  /** A newer socket of the same home took over. */
  replaced: 4409,
  /** Too many sockets that have not proved whose they are; the oldest gave way. */
  crowded: 4429,
} as const;

/**
 * Text messages, outside the frames: the runtime answers them without waking the edge. It does so for every socket of the
 * object, so that a visitor's WebSocket which says the same would be answered too: no application says this.
 */
export const ping = 'porchlight\0ping';
export const pong = 'porchlight\0pong';
/** What a home says on a link before version 3. The edge's object wakes to answer. */
export const oldPing = 'ping';
export const oldPong = 'pong';
/** The first version in which home says `ping`. */
export const pingSince = 3;
