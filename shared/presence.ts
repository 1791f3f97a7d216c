// Presence of a home as the edge knows it: what can be carried now, and when the rest is expected. Pure states.

export type Presence =
  | { readonly link: 'connected'; readonly since: number }
  /** Home said that it sleeps; `until` is when it expects to wake (ms since the epoch), null if it did not say. */
  | { readonly link: 'asleep'; readonly since: number; readonly until: number | null }
  /** Gone unannounced. */
  | { readonly link: 'lost'; readonly since: number }
  /** No home node has ever opened this link. */
  | { readonly link: 'never' };

/** Seconds for a Retry-After: until the announced wake, within [60, one day]; `fallbackSeconds` if none was announced. */
export function retryAfterSeconds(presence: Presence, now: number, fallbackSeconds: number): number {
  if (presence.link !== 'asleep' || presence.until === null) return fallbackSeconds;
  const seconds = Math.ceil((presence.until - now) / 1000);
  return Math.min(Math.max(seconds, 60), 86_400);
}
