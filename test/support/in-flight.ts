// Which kills a delivery lived through while it was in flight: those are all that may repeat it at the service, each
// once. Three stretches of its way can be repeated, and what breaks each of them is not the same:
//
//   peer → edge       from an attempt's first byte to its end without an answer: the edge may have taken it all the same.
//                     Edge and wire break it.
//   home → service    from `begun` to `sent`: the service may have taken it before it died, and home must try again.
//   service → ledger  from `begun` to `answered`: home may die with the service's answer in its hands.
//
// From `answered` to the edge's hearing of it nothing is excused: the ledger must know it, whatever is killed. A count
// alone would let a kill that repeated nothing excuse a repeat that has no excuse; so the first stretch, and the other two
// together, are also judged each by its own kills.

import type { IntakePoint } from '../../home-node/intake/sender-work.ts';

/** A line of what home-with-kill-points.ts writes down. `run` numbers the home process, `id` is the edge's. */
export interface Step {
  readonly run: number;
  readonly point: IntakePoint | 'killed';
  readonly id: string;
  /** Of the body, in hex: one activity may have come to the edge as several deliveries. */
  readonly sha256: string;
  /** By machineMs(), as all times here. */
  readonly at: number;
}

export interface Span {
  readonly from: number;
  readonly until: number;
}

/** Something other than home was killed: from just before the signal until it was gone. */
export interface Kill extends Span {
  readonly what: 'edge' | 'wire' | 'service';
}

export interface Night {
  /** In the order of writing; home processes one after another. */
  readonly steps: readonly Step[];
  /** When each home process that was killed was gone, by its run. The one that still runs is not here. */
  readonly homeEnds: ReadonlyMap<number, number>;
  readonly kills: readonly Kill[];
  /** Attempts of peers that ended without an answer, by the body's SHA-256. */
  readonly unanswered: ReadonlyMap<string, readonly Span[]>;
}

/** One time that home had a delivery before its service. */
interface Hold extends Pick<Step, 'run' | 'id' | 'sha256'> {
  readonly begunAt: number;
  sentAt: number | null;
  answered: boolean;
}

/** For each body's SHA-256 the kills, each named once, that happened while it was in flight. */
export function killsInFlight(night: Night): Map<string, Set<string>> {
  const met = new Map<string, Set<string>>();
  const meet = (sha256: string, names: readonly string[]): void => {
    met.set(sha256, new Set([...(met.get(sha256) ?? []), ...names]));
  };
  for (const hold of holdsOf(night.steps)) meet(hold.sha256, killsOf(hold, night));
  for (const [sha256, names] of killsOnArrival(night)) meet(sha256, names);
  return met;
}

/**
 * Deliveries, by the edge's id, that home put before its service again although the service had taken them and nothing
 * was killed meanwhile. `received` is when the service took each body.
 */
export function begunInVain(night: Night, received: ReadonlyMap<string, readonly number[]>): string[] {
  const inVain: string[] = [];
  for (const [id, holds] of Map.groupBy(holdsOf(night.steps), (hold) => hold.id)) {
    // After the last one nothing was begun any more.
    const done = holds.slice(0, -1).filter((hold) => {
      const { from, until } = spanOf(hold, night);
      const taken = (received.get(hold.sha256) ?? []).some((at) => from <= at && at <= until);
      return taken && killsOf(hold, night).length === 0;
    });
    if (done.length > 0) inVain.push(id);
  }
  return inVain;
}

/** Bodies, by SHA-256, that came to home as more deliveries than kills on their way to the edge excuse. */
export function storedInVain(night: Night): string[] {
  const onArrival = killsOnArrival(night);
  const ids = [...Map.groupBy(night.steps, (step) => step.sha256)].map(
    ([sha256, steps]) => [sha256, new Set(steps.map((step) => step.id))] as const,
  );
  return ids.filter(([sha256, { size }]) => size - 1 > (onArrival.get(sha256)?.length ?? 0)).map(([sha256]) => sha256);
}

function killsOnArrival({ kills, unanswered }: Night): Map<string, string[]> {
  const breaking = kills.filter(({ what }) => what !== 'service');
  const hitBy = (spans: readonly Span[]): string[] =>
    breaking.filter((kill) => spans.some((span) => overlap(kill, span))).map(nameOf);
  return new Map([...unanswered].map(([sha256, spans]) => [sha256, hitBy(spans)]));
}

function killsOf(hold: Hold, night: Night): string[] {
  const span = spanOf(hold, night);
  const hit = night.kills.filter((kill) => kill.what === 'service' && overlap(kill, span)).map(nameOf);
  // Told by the order of lines alone: the process was killed before it wrote `answered`.
  return !hold.answered && night.homeEnds.has(hold.run) ? [`home ${hold.run}`, ...hit] : hit;
}

function nameOf({ what, from }: Kill): string {
  return `${what} at ${from.toFixed(1)}`;
}

function spanOf({ run, begunAt, sentAt }: Hold, { homeEnds }: Night): Span {
  return { from: begunAt, until: sentAt ?? homeEnds.get(run) ?? Number.POSITIVE_INFINITY };
}

function holdsOf(steps: readonly Step[]): Hold[] {
  const holds: Hold[] = [];
  const open = new Map<string, Hold>();
  for (const { run, point, id, sha256, at } of steps) {
    const key = `${run} ${id}`;
    if (point === 'begun') {
      const hold: Hold = { run, id, sha256, begunAt: at, sentAt: null, answered: false };
      holds.push(hold);
      open.set(key, hold);
    }
    const hold = open.get(key);
    if (hold === undefined) continue;
    if (point === 'sent') hold.sentAt = at;
    if (point === 'answered') {
      hold.answered = true;
      open.delete(key);
    }
  }
  return holds;
}

function overlap(one: Span, other: Span): boolean {
  return one.from <= other.until && other.from <= one.until;
}
