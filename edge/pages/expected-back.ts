// When home expects to be back, as people read it. A page without scripts cannot know its reader's time zone, so the
// time is told by how long it still is, with the hour in UTC beside it.

/** HTML: a `<time>` with the instant in its `datetime`. `lang` is one of words.ts; `until` is after `now`. */
export function expectedBack(until: number, now: number, lang: string): string {
  const minutes = Math.max(1, Math.round((until - now) / 60_000));
  const hours = Math.round(minutes / 60);
  const relative = new Intl.RelativeTimeFormat(lang);
  const soon = minutes < 90 ? relative.format(minutes, 'minute') : relative.format(hours, 'hour');
  const dateStyle = hours < 20 ? undefined : ('long' as const);
  const clock = new Intl.DateTimeFormat(lang, {
    timeZone: 'UTC',
    timeStyle: 'short',
    ...(dateStyle === undefined ? {} : { dateStyle }),
  });
  const instant = new Date(until);
  return `<time datetime="${instant.toISOString()}">${soon} (${clock.format(instant)} UTC)</time>`;
}
