// The server that a sender belongs to: among servers room is shared, so that one with much to say does not keep the
// others waiting.

/** edge/activitypub/judge.ts, `unprovenSender`. */
const unproven = 'unproven ';

/**
 * The host of an actor's id, as URLs are parsed: who writes its own ids is not as many servers as there are ways to write
 * one. Of a sender that did not prove to be it, the same apart: it must not use up the room of whom it names. A sender that
 * is no http(s) URL (the origin of a Matrix transaction) is its own.
 */
export function peerOf(sender: string): string {
  const prefix = sender.startsWith(unproven) ? unproven : '';
  const address = sender.slice(prefix.length);
  const host = /^https?:/i.test(address) ? URL.parse(address)?.host : undefined;
  return host === undefined ? sender : prefix + host;
}
