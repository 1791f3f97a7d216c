// Times as people type them: 7:30 (by this machine's zone), 8h or 90min, or a full ISO 8601 time. Of a time to come,
// 7:30 is the next one and 8h is from now; of a time that is over, the last one and 8h ago.

import { PorchlightError } from '../../shared/errors.ts';

const units: Readonly<Record<string, number>> = {
  min: 60_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

export const whenWanted = '7:30 (the next one), 8h or 90min (from now), or 2026-11-24T07:30:00+01:00';

export const sinceWanted = '18:00 (the last one), 8h or 90min (ago), or 2026-11-20T18:00:00+01:00';

/** A time to come, ms since the epoch. `option` is named in the error. Throws `options`. */
export function parseFuture(option: string, text: string, now: number): number {
  const time = clockTime(text, now, 1) ?? span(text, now, 1) ?? isoTime(text);
  if (time === null) throw cannotRead(option, text, whenWanted);
  if (time > now) return time;
  throw new PorchlightError('options', `Cannot use ${option}: ${text} is over already; wanted a time to come.`);
}

/** A time that is over. Throws `options`. */
export function parsePast(option: string, text: string, now: number): number {
  const time = clockTime(text, now, -1) ?? span(text, now, -1) ?? isoTime(text);
  if (time === null) throw cannotRead(option, text, sinceWanted);
  if (time <= now) return time;
  throw new PorchlightError('options', `Cannot use ${option}: ${text} is still to come; wanted a time that is over.`);
}

function cannotRead(option: string, text: string, wanted: string): PorchlightError {
  return new PorchlightError('options', `Cannot read ${option}: found ${JSON.stringify(text)}, wanted ${wanted}.`);
}

type Direction = 1 | -1;

function clockTime(text: string, now: number, direction: Direction): number | null {
  const match = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (match === null) return null;
  const date = new Date(now);
  date.setHours(Number(match[1]), Number(match[2]), 0, 0);
  // Tomorrow or yesterday by the calendar, not in 24 hours: clocks are put forward and back.
  const isThere = direction === 1 ? date.getTime() > now : date.getTime() <= now;
  if (!isThere) date.setDate(date.getDate() + direction);
  return date.getTime();
}

function span(text: string, now: number, direction: Direction): number | null {
  const match = /^\+?(\d{1,5}(?:\.\d+)?)\s*(min|m|h|d)$/.exec(text);
  const unit = units[match?.[2] ?? ''];
  return match === null || unit === undefined ? null : Math.round(now + direction * Number(match[1]) * unit);
}

/** With a zone, or by this machine's. A date alone would be midnight in UTC, which nobody means. */
function isoTime(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text)) return null;
  const time = Date.parse(text.replace(' ', 'T'));
  return Number.isNaN(time) ? null : time;
}
