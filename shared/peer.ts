// The server that a sender belongs to: among servers room is shared, so that one with much to say does not keep the
// others waiting.

/**
 * The host of an actor's id, in lower case. A sender that is no http(s) URL (the origin of a Matrix transaction) is its
 * own.
 */
export function peerOf(sender: string): string {
  return /^https?:\/\/([^/?#]+)/i.exec(sender)?.[1]?.toLowerCase() ?? sender;
}
