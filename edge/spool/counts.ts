// How many deliveries wait for each service, and how many are kept. They travel with the totals that each row carries
// (totals.ts), so that neither a page for visitors nor a list for the owner counts rows. Pure.

import { limits } from '../../shared/limits.ts';

export interface Counts {
  /**
   * The age of the totals (entered + left) that these belong to. Code that knows no counts hands on what it found, and
   * rows from before have none: either way the ages differ then, and the rows are counted once.
   */
  readonly age: number;
  readonly kept: number;
  /** Service → how many of its deliveries wait, never 0. `others` stands for all beyond limits.spoolServices names. */
  readonly waiting: Readonly<Record<string, number>>;
}

/** No service has this name: services' names are not empty. */
export const others = '';

export const noCounts: Counts = { age: 0, kept: 0, waiting: {} };

export function waitingOf({ waiting }: Counts, service: string): number {
  return (Object.hasOwn(waiting, service) ? waiting[service] : undefined) ?? 0;
}

/** Names that are told apart. */
export function servicesOf({ waiting }: Counts): string[] {
  return Object.keys(waiting).filter((name) => name !== others);
}

/**
 * More wait for `service`. They are counted under its name while there is room for the name; one that leaves is taken
 * off its name first and then off `others`, so that the sum is right whichever name had room when.
 */
export function withMore(counts: Counts, service: string, more: number): Counts {
  const hasRoom = waitingOf(counts, service) > 0 || servicesOf(counts).length < limits.spoolServices;
  return added(counts, hasRoom ? service : others, more);
}

export function withOneLess(counts: Counts, service: string): Counts {
  return added(counts, waitingOf(counts, service) > 0 ? service : others, -1);
}

/** From rows that were counted. */
export function countsOf(age: number, kept: number, rows: readonly { service: string; count: number }[]): Counts {
  const named = rows.slice(0, limits.spoolServices);
  const rest = rows.slice(limits.spoolServices).reduce((sum, { count }) => sum + count, 0);
  const waiting = Object.fromEntries(named.map(({ service, count }) => [service, count]));
  return { age, kept, waiting: rest === 0 ? waiting : { ...waiting, [others]: rest } };
}

function added(counts: Counts, name: string, change: number): Counts {
  const count = Math.max(0, waitingOf(counts, name) + change);
  const { [name]: _, ...rest } = counts.waiting;
  return { ...counts, waiting: count === 0 ? rest : { ...rest, [name]: count } };
}
