// Times as people read them. A page without scripts cannot know its reader's time zone, so a time is told by how far away
// it is, with the hour in UTC beside it. HTML: a `<time>` with the instant in its `datetime`. `lang` is one of words.ts.

const minuteMs = 60_000;

/** "in 9 hours (6:30 AM UTC)": `until` is after `now`. */
export function expectedBack(until: number, now: number, lang: string): string {
  return marked(until, `${distance(until, now, lang)} (${clock(until, now, lang)})`);
}

/** "9 hours ago (6:30 AM UTC)": `at` is not after `now`. */
export function longAgo(at: number, now: number, lang: string): string {
  return marked(at, `${distance(at, now, lang)} (${clock(at, now, lang)})`);
}

/** "6:30 AM UTC", to follow a "since". */
export function atClock(at: number, now: number, lang: string): string {
  return marked(at, clock(at, now, lang));
}

function marked(at: number, text: string): string {
  return `<time datetime="${new Date(at).toISOString()}">${text}</time>`;
}

function distance(at: number, now: number, lang: string): string {
  const sign = at > now ? 1 : -1;
  const minutes = Math.max(1, Math.round(Math.abs(at - now) / minuteMs));
  const hours = Math.round(minutes / 60);
  const relative = new Intl.RelativeTimeFormat(lang);
  if (minutes < 90) return relative.format(sign * minutes, 'minute');
  return hours < 72 ? relative.format(sign * hours, 'hour') : relative.format(sign * Math.round(hours / 24), 'day');
}

/** With the day when it is not near. */
function clock(at: number, now: number, lang: string): string {
  const isNear = Math.round(Math.abs(at - now) / minuteMs / 60) < 20;
  const date = isNear ? {} : { dateStyle: 'long' as const };
  const format = new Intl.DateTimeFormat(lang, { timeZone: 'UTC', timeStyle: 'short', ...date });
  return `${format.format(new Date(at))} UTC`;
}
