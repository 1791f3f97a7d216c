// How commands write times, spans and sizes for people. Times in the machine's own zone, with the span beside it, because
// the zone of a small computer is often wrong.

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** "4 s", "12 min", "3 h", "5 days": the largest unit that fits, rounded down. */
export function span(ms: number): string {
  const positive = Math.max(0, ms);
  if (positive < minuteMs) return `${Math.floor(positive / 1000)} s`;
  if (positive < hourMs) return `${Math.floor(positive / minuteMs)} min`;
  if (positive < 2 * dayMs) return `${Math.floor(positive / hourMs)} h`;
  return `${Math.floor(positive / dayMs)} days`;
}

/** The same of a time to come, to the nearest unit: what is said of eight hours a moment later is still "8 h". */
export function spanAhead(ms: number): string {
  if (ms < minuteMs) return span(ms);
  if (ms < hourMs) return span(Math.round(ms / minuteMs) * minuteMs);
  return span(ms < 2 * dayMs ? Math.round(ms / hourMs) * hourMs : Math.round(ms / dayMs) * dayMs);
}

/** "2026-11-23 07:30". */
export function time(ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** "512 bytes", "1.5 MiB". */
export function size(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const shown = unit === 0 || value >= 100 ? String(Math.round(value)) : value.toFixed(1);
  return `${shown} ${units[unit] ?? ''}`;
}

export function count(number: number, one: string, more = `${one}s`): string {
  return `${number} ${number === 1 ? one : more}`;
}
