// Times as people type them: 7:30 (the next one, by this machine's zone), 8h or 90min (from now), or a full ISO 8601 time.

import { PorchlightError } from '../../shared/errors.ts';

const units: Readonly<Record<string, number>> = {
  min: 60_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

export const whenWanted = '7:30 (the next one), 8h or 90min (from now), or 2026-11-24T07:30:00+01:00';

/** ms since the epoch. `option` is named in the error. Throws `options`. */
export function parseWhen(option: string, text: string, now: number): number {
  const found = clockTime(text, now) ?? fromNow(text, now) ?? isoTime(text);
  if (found !== null) return found;
  throw new PorchlightError('options', `Cannot read ${option}: found ${JSON.stringify(text)}, wanted ${whenWanted}.`);
}

/** A time to come. Throws `options`. */
export function parseFuture(option: string, text: string, now: number): number {
  const time = parseWhen(option, text, now);
  if (time > now) return time;
  throw new PorchlightError('options', `Cannot use ${option}: ${text} is over already; wanted a time to come.`);
}

function clockTime(text: string, now: number): number | null {
  const match = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (match === null) return null;
  const date = new Date(now);
  date.setHours(Number(match[1]), Number(match[2]), 0, 0);
  // Tomorrow by the calendar, not in 24 hours: clocks are put forward and back.
  if (date.getTime() <= now) date.setDate(date.getDate() + 1);
  return date.getTime();
}

function fromNow(text: string, now: number): number | null {
  const match = /^\+?(\d{1,5}(?:\.\d+)?)\s*(min|m|h|d)$/.exec(text);
  const unit = units[match?.[2] ?? ''];
  return match === null || unit === undefined ? null : Math.round(now + Number(match[1]) * unit);
}

/** With a zone, or by this machine's. A date alone would be midnight in UTC, which nobody means. */
function isoTime(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text)) return null;
  const time = Date.parse(text.replace(' ', 'T'));
  return Number.isNaN(time) ? null : time;
}
