// How home's last seven days went, as segments of time: from the changes of its link that were written down. Days are
// those of UTC, because a page without scripts cannot know its reader's. Pure.

import type { LinkChange } from '../link/history.ts';

export type WeekState = 'awake' | 'asleep' | 'lost' | 'unknown';

/** `to` is where the next one begins. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  readonly state: WeekState;
}

export const dayMs = 86_400_000;
const days = 7;

/** What one mark of the picture stands for. Finer would tell strangers more of a household than how its site is doing. */
export const slotMs = 15 * 60_000;

const states = { connected: 'awake', asleep: 'asleep', lost: 'lost' } as const;

/** Midnight before the sixth day before today: with today that is seven. */
export function weekStart(now: number): number {
  return Math.floor(now / dayMs) * dayMs - (days - 1) * dayMs;
}

/**
 * Covers `from` to `to` without gap or overlap, whatever `changes` says; neighbours differ. `changes` are in the order
 * in which they happened. When their times contradict that order, because a clock was set, the later one is believed;
 * none is in the future. Before the first nothing is known.
 */
export function segmentsOf(changes: readonly LinkChange[], from: number, to: number): Segment[] {
  const ordered: LinkChange[] = [];
  let latest = to;
  for (const change of changes.toReversed()) {
    if (Number.isNaN(change.at)) continue;
    latest = Math.min(latest, change.at);
    ordered.push({ at: latest, link: change.link });
  }
  const segments: Segment[] = [];
  let state: WeekState = 'unknown';
  let since = from;
  for (const { at, link } of ordered.reverse()) {
    if (at > since) append(segments, { from: since, to: at, state });
    since = Math.max(since, at);
    state = states[link];
  }
  append(segments, { from: since, to, state });
  return segments;
}

/** The same in steps of `stepMs` counted from its beginning: each step is what it was for the longest part of it. */
export function inSteps(segments: readonly Segment[], stepMs: number): Segment[] {
  const coarse: Segment[] = [];
  const end = segments.at(-1)?.to ?? 0;
  let at = 0;
  for (let from = segments[0]?.from ?? end; from < end; from += stepMs) {
    const to = Math.min(from + stepMs, end);
    const shares = new Map<WeekState, number>();
    for (; at < segments.length; at++) {
      const segment = segments[at];
      if (segment === undefined) break;
      const share = Math.min(segment.to, to) - Math.max(segment.from, from);
      shares.set(segment.state, (shares.get(segment.state) ?? 0) + share);
      if (segment.to > to) break;
    }
    const [state] = [...shares].reduce((best, next) => (next[1] > best[1] ? next : best), ['unknown', 0] as const);
    append(coarse, { from, to, state });
  }
  return coarse;
}

export interface Day {
  /** Midnight UTC. */
  readonly start: number;
  readonly segments: readonly Segment[];
}

/** Cut at each midnight UTC. */
export function byDay(segments: readonly Segment[]): Day[] {
  const first = segments[0]?.from ?? 0;
  const end = segments.at(-1)?.to ?? first;
  const cut: Day[] = [];
  for (let start = Math.floor(first / dayMs) * dayMs; start < end; start += dayMs) {
    const within = segments.flatMap(({ from, to, state }) => {
      const part = { from: Math.max(from, start), to: Math.min(to, start + dayMs), state };
      return part.from < part.to ? [part] : [];
    });
    cut.push({ start, segments: within });
  }
  return cut;
}

/** How long each state lasted in all, ms; those that did not occur are left out. */
export function durations(segments: readonly Segment[]): Map<WeekState, number> {
  const sums = new Map<WeekState, number>();
  for (const { from, to, state } of segments) sums.set(state, (sums.get(state) ?? 0) + to - from);
  return sums;
}

function append(segments: Segment[], next: Segment): void {
  if (next.from >= next.to) return;
  const last = segments.at(-1);
  if (last?.state === next.state) segments[segments.length - 1] = { ...last, to: next.to };
  else segments.push(next);
}
