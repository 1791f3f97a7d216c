// A tiny model of the spool: what must be true of it after any sequence of events. It knows nothing of places, totals,
// pages or memory; it only knows what was promised.

import { expect } from 'vitest';
import type { Outcome } from '../../../shared/delivery.ts';
import type { LeasedDelivery } from '../../../shared/lease/batch.ts';
import { limits } from '../../../shared/limits.ts';

export interface Item {
  readonly id: string;
  readonly sender: string;
  readonly service: string;
  /** What tells it from another one; also what the body must be, unless it is large. */
  readonly text: string;
  readonly isLarge: boolean;
  readonly isUndecided: boolean;
  readonly receivedAt: number;
  seq: number;
  state: 'waiting' | 'kept' | 'dead';
  leftAt: number;
  attempts: number;
  /** Certainly deferred before `from`, certainly due at `by`. */
  deferred: { readonly from: number; readonly by: number } | null;
}

/** What a large body is said to have. */
export const largeBytes = 70_000;

export class SpoolModel {
  items: Item[] = [];
  /** By seq, as far as the object must remember it. */
  readonly inFlight = new Map<number, { readonly lease: string; readonly until: number }>();
  readonly attempts: number;

  constructor(attempts: number) {
    this.attempts = attempts;
  }

  in(state: Item['state']): Item[] {
    return this.items.filter((item) => item.state === state).sort((a, b) => a.seq - b.seq);
  }

  ids(state: Item['state']): string[] {
    return this.in(state).map((item) => item.id);
  }

  /** What the object must know of itself after a start. */
  totals() {
    return {
      undecided: this.in('waiting').filter((item) => item.isUndecided).length,
      largeBytes: this.items.filter((item) => item.isLarge).length * largeBytes,
    };
  }

  /** How many wait for each service and since when, and how many are kept. */
  standing() {
    const heads = new Map<string, { waiting: number; oldestWaitingAt: number }>();
    for (const { service, receivedAt } of this.in('waiting')) {
      const head = heads.get(service) ?? { waiting: 0, oldestWaitingAt: receivedAt };
      heads.set(service, { ...head, waiting: head.waiting + 1 });
    }
    const services = [...heads].map(([name, head]) => ({ name, ...head })).sort((a, b) => (a.name < b.name ? -1 : 1));
    return { services, kept: this.in('kept').length };
  }

  discarded(seq: number): void {
    this.items = this.items.filter((item) => item.seq !== seq);
    this.inFlight.delete(seq);
  }

  hurried(seq: number): void {
    const item = this.in('waiting').find((waiting) => waiting.seq === seq);
    if (item !== undefined) item.deferred = null;
  }

  replayedOne(seq: number): void {
    const item = this.in('kept').find((kept) => kept.seq === seq);
    if (item !== undefined) Object.assign(item, { state: 'waiting', attempts: 0, deferred: null });
  }

  waitingOf(sender: string): Item[] {
    return this.in('waiting').filter((item) => item.sender === sender);
  }

  stored(item: Omit<Item, 'state' | 'leftAt' | 'attempts' | 'deferred'>): void {
    for (const other of this.items) expect(item.seq, 'seq rises').toBeGreaterThan(other.seq);
    this.items.push({ ...item, state: 'waiting', leftAt: 0, attempts: 0, deferred: null });
  }

  duplicate(sender: string, text: string): void {
    expect(this.waitingOf(sender).at(-1)?.text, 'only the latest still waiting one is a repetition').toBe(text);
  }

  /** Rows that are no longer there must have been held long enough. */
  missing(ids: ReadonlySet<string>, now: number, heldMs: { kept: number; dead: number }): void {
    this.items = this.items.filter((item) => {
      if (ids.has(item.id)) return true;
      expect(item.state, 'nothing is lost').not.toBe('waiting');
      expect(now - item.leftAt).toBeGreaterThanOrEqual(item.state === 'dead' ? heldMs.dead : heldMs.kept);
      return false;
    });
  }

  /** A turn begins: `renewed` goes on; what was not renewed in time has ended, and on a new link whatever was not named. */
  turned(renewed: string | null, now: number, isFirst: boolean): void {
    for (const [seq, { lease, until }] of this.inFlight) {
      if (until <= now || (isFirst && lease !== renewed)) this.inFlight.delete(seq);
      else if (lease === renewed) this.inFlight.set(seq, { lease, until: now + limits.leaseMs });
    }
  }

  /** What a turn gave, when nothing but the rules limited it. */
  leased(lease: string, deliveries: readonly LeasedDelivery[], now: number): void {
    const busy = new Set(this.in('waiting').flatMap((item) => (this.inFlight.has(item.seq) ? [item.sender] : [])));
    for (const sender of new Set(this.items.map((item) => item.sender))) {
      const waiting = this.waitingOf(sender);
      const run = deliveries.filter(({ delivery }) => delivery.sender === sender);
      if (busy.has(sender)) expect(run, 'one run in flight').toEqual([]);
      expect(
        run.map(({ delivery, body }) => [delivery.seq, delivery.id, body && new TextDecoder().decode(body)]),
        'a run from the head on',
      ).toEqual(waiting.slice(0, run.length).map((item) => [item.seq, item.id, item.isLarge ? null : item.text]));
      for (const item of waiting.slice(0, run.length)) {
        expect(item.deferred?.from ?? 0, 'not before it is due').toBeLessThanOrEqual(now);
        this.inFlight.set(item.seq, { lease, until: now + limits.leaseMs });
      }
      const due = waiting.findIndex((item) => (item.deferred?.by ?? 0) > now);
      if (!busy.has(sender)) {
        expect(run.length, 'what is due is leased').toBeGreaterThanOrEqual(due < 0 ? waiting.length : due);
      }
    }
    expect(new Set(deliveries.map(({ delivery }) => delivery.seq)).size).toBe(deliveries.length);
  }

  /** True if the answer must be taken. */
  answered(seq: number, given: Outcome, now: number): boolean {
    const item = this.in('waiting').find((waiting) => waiting.seq === seq);
    if (item === undefined) return false;
    this.inFlight.delete(seq);
    item.leftAt = now;
    if (given.outcome === 'delivered') item.state = 'kept';
    if (given.outcome === 'dead') item.state = 'dead';
    if (given.outcome === 'later') {
      item.attempts += 1;
      const full = Math.min(limits.deferMaxMs, limits.deferFirstMs * 2 ** (item.attempts - 1));
      item.deferred = { from: now + full / 2, by: now + full };
      if (item.attempts >= this.attempts) item.state = 'dead';
    }
    return true;
  }

  forgetLeases(): void {
    this.inFlight.clear();
  }

  replayed(since: number): number {
    const back = this.in('kept').filter((item) => item.receivedAt >= since);
    for (const item of back) Object.assign(item, { state: 'waiting', attempts: 0, deferred: null });
    return back.length;
  }

  retried(seq: number, newSeq: number): void {
    const item = this.in('dead').find((dead) => dead.seq === seq);
    if (item !== undefined) Object.assign(item, { state: 'waiting', seq: newSeq, attempts: 0, deferred: null });
  }
}
