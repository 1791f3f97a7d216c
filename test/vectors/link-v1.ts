// Reads link-v1.json: what an edge and a home node said to each other that know no other version than 1. It stands for
// the peer of the release before in tests of both sides.

import recorded from './link-v1.json' with { type: 'json' };

export interface RecordedMessage {
  readonly from: 'edge' | 'home';
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Origin of the edge as home had dialled it: the proofs are for it. */
export const recordedEdge = recorded.edge;
export const recordedHomeId = recorded.homeId;
export const recordedKey = recorded.publicKey;

/** The messages of each connection, in order. */
export const recordedConnections: readonly (readonly RecordedMessage[])[] = recorded.connections.map(({ messages }) =>
  messages.map(({ from, bytes }) => ({ from: from === 'edge' ? 'edge' : 'home', bytes: bytesOf(bytes as Part[]) })),
);

/** Hex, or a byte as hex and how often it comes. */
type Part = string | [string, number];

function bytesOf(parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  const hex = parts.map((part) => (typeof part === 'string' ? part : part[0].repeat(part[1]))).join('');
  return Uint8Array.from({ length: hex.length / 2 }, (_, at) => Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16));
}
