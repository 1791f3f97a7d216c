// The key line: a delivery's only key says where it is on its way, so that one UPDATE moves it on and no index is
// needed. An index, a text key or AUTOINCREMENT would each cost a row write more per delivery (measured).
//
//      dead letters            kept                      waiting
//   ───────────────────┼───────────────────────┼─────────────────────────▶ place
//                    -2^52                      0
//   place = -(2^52 + mark)   place = -mark       place = seq
//
// `seq` is the order of commits, made from the time so that it needs no counter in the database. `mark` is the moment at
// which the delivery left waiting, made the same way: expiry, replay and "what left since" are ranges of the key. Both
// count 1024 steps in a millisecond and stay exact in a double until the year 2109.

const stepsPerMs = 1024;

/** Places from `low` to `high`, both included. Rows that left later stand lower. */
export interface Zone {
  readonly low: number;
  readonly high: number;
}

export const kept: Zone = { low: -(2 ** 52) + 1, high: -1 };
export const dead: Zone = { low: -Number.MAX_SAFE_INTEGER, high: -(2 ** 52) };

/** The next seq or mark after `last` at time `now` (ms): it rises even if the clock stands still or goes back. */
export function nextStep(last: number, now: number): number {
  return Math.max(last + 1, firstStep(now));
}

/** The lowest seq or mark that time `at` (ms) can have. */
export function firstStep(at: number): number {
  return Math.floor(at) * stepsPerMs;
}

export function placeOf(zone: Zone, mark: number): number {
  return zone.high + 1 - mark;
}

export function markOf(zone: Zone, place: number): number {
  return zone.high + 1 - place;
}

/** When the row at this place left waiting, ms since the epoch. */
export function leftAt(zone: Zone, place: number): number {
  return Math.floor(markOf(zone, place) / stepsPerMs);
}
