// Reads link-v1.json and link-v2.json: what an edge and a home node said to each other that knew no later version. They stand
// for the peers of earlier releases in tests of both sides.

import versionOne from './link-v1.json' with { type: 'json' };
import versionTwo from './link-v2.json' with { type: 'json' };

export interface RecordedMessage {
  readonly from: 'edge' | 'home';
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface RecordedLink {
  /** Origin of the edge as home had dialled it: the proofs are for it. */
  readonly edge: string;
  readonly homeId: string;
  readonly publicKey: { readonly crv: string; readonly x: string; readonly kty: string };
  /** The host at which visitors asked. */
  readonly visitorsHost: string;
  /** The messages of each connection, in order: a night, a morning on which another takes over, that other one. */
  readonly connections: readonly (readonly RecordedMessage[])[];
}

export const linkV1 = recorded(versionOne);
export const linkV2 = recorded(versionTwo);

/** Hex, or a byte as hex and how often it comes. */
type Part = string | [string, number];

interface Json extends Omit<RecordedLink, 'connections'> {
  readonly connections: readonly {
    readonly messages: readonly { readonly from: string; readonly bytes: readonly unknown[] }[];
  }[];
}

function recorded({ edge, homeId, publicKey, visitorsHost, connections }: Json): RecordedLink {
  return {
    edge,
    homeId,
    publicKey,
    visitorsHost,
    connections: connections.map(({ messages }) =>
      messages.map(({ from, bytes }) => ({ from: from === 'edge' ? 'edge' : 'home', bytes: bytesOf(bytes as Part[]) })),
    ),
  };
}

function bytesOf(parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  const hex = parts.map((part) => (typeof part === 'string' ? part : part[0].repeat(part[1]))).join('');
  return Uint8Array.from({ length: hex.length / 2 }, (_, at) => Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16));
}
