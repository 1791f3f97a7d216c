// The picture of home's week: a row for each day, a mark for each state. States differ by shape and not only by colour:
// awake is a full block, asleep a low one, out of reach is hatched, and what is not known a dotted line. Each row says
// in words what it shows, for those who do not see it.

import { escapeHtml } from './frame.ts';
import { byDay, type Day, dayMs, durations, type Segment, slotMs, type WeekState } from './status-week.ts';
import type { StatusWords } from './status-words.ts';

const shown: readonly WeekState[] = ['awake', 'asleep', 'lost', 'unknown'];

export function weekPicture(week: readonly Segment[], now: number, lang: string, words: StatusWords): string {
  const format = new Intl.DateTimeFormat(lang, { timeZone: 'UTC', weekday: 'short', day: 'numeric' });
  const hours = new Intl.NumberFormat(lang, {
    style: 'unit',
    unit: 'hour',
    unitDisplay: 'long',
    maximumFractionDigits: 2,
  });
  const said = (segments: readonly Segment[]): string => {
    const sums = durations(segments);
    return shown
      .filter((state) => sums.has(state))
      .map((state) => `${labelOf(state, words)} ${hours.format(quarters(sums.get(state)))}`)
      .join(', ');
  };
  const rows = byDay(week).map((day) => {
    const current = now < day.start + dayMs ? ' aria-current="date"' : '';
    const name = format.format(new Date(day.start));
    return `<li${current}><time datetime="${new Date(day.start).toISOString().slice(0, 10)}">${escapeHtml(name)}</time>${bar(day, said(day.segments))}</li>`;
  });
  const sums = durations(week);
  const narrow = new Intl.NumberFormat(lang, {
    style: 'unit',
    unit: 'hour',
    unitDisplay: 'short',
    maximumFractionDigits: 0,
  });
  const legend = shown
    .filter((state) => sums.has(state))
    .map((state) => {
      const share = narrow.format((sums.get(state) ?? 0) / 3_600_000);
      return `<li><svg width="28" height="26" aria-hidden="true">${mark(state, '0', '100%')}</svg>${escapeHtml(labelOf(state, words))} <span>${escapeHtml(share)}</span></li>`;
    });
  return `<svg width="0" height="0" class="defs" aria-hidden="true"><defs><pattern id="hatch" width="7" height="7" \
patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0v7" class="stripe"/></pattern></defs></svg>
<ul class="days">
${rows.join('\n')}
</ul>
<p class="axis" aria-hidden="true"><span>0</span><span>6</span><span>12</span><span>18</span><span>24</span></p>
<p class="note">${escapeHtml(words.hours)}</p>
<ul class="legend">
${legend.join('\n')}
</ul>`;
}

/** Hours, to the quarter. */
function quarters(ms = 0): number {
  return Math.round(ms / slotMs) / 4;
}

function bar({ start, segments }: Day, label: string): string {
  const percent = (ms: number): string => `${Math.round((ms / dayMs) * 1e5) / 1e3}%`;
  const marks = segments.map(({ from, to, state }) => mark(state, percent(from - start), percent(to - from)));
  const lines = [0, 25, 50, 75].map((x) => `<rect class="hour" x="${x}%" width="1" height="26"/>`);
  return `<svg class="day" width="100%" height="26" role="img" aria-label="${escapeHtml(label)}">${lines.join('')}${marks.join('')}</svg>`;
}

/** A mark 26 high, from `x` on. */
function mark(state: WeekState, x: string, width: string): string {
  switch (state) {
    case 'awake':
      return `<rect class="awake" x="${x}" width="${width}" y="2" height="22"/>`;
    case 'asleep':
      return `<rect class="asleep" x="${x}" width="${width}" y="16" height="8"/>`;
    case 'lost':
      return `<rect class="lost" x="${x}" width="${width}" y="2" height="22"/>`;
    case 'unknown':
      return `<svg x="${x}" width="${width}" height="26"><path class="unknown" d="M2 20h2000"/></svg>`;
  }
}

function labelOf(state: WeekState, words: StatusWords): string {
  switch (state) {
    case 'awake':
      return words.weekAwake;
    case 'asleep':
      return words.weekAsleep;
    case 'lost':
      return words.weekLost;
    case 'unknown':
      return words.weekUnknown;
  }
}
