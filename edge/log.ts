// What the edge says: one line of JSON each, so that Workers Logs finds it by its members and `wrangler tail` shows it as
// it is. `event` is a stable short name; `delivery` is the id that home's lines have too, so that one delivery's way can be
// followed from arrival to ack. No bodies, headers or keys.

export type LogFields = Readonly<Record<string, string | number | null>>;

type Level = 'info' | 'warn' | 'error';

/** JSON leaves nothing of others' text that could begin a line or move a cursor: control characters are escaped. */
export function say(level: Level, event: string, fields: LogFields = {}): void {
  console[level](JSON.stringify({ event, ...fields }).replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, escaped));
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
