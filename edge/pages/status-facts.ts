// What a stranger may learn of how home is doing: facts in, what the status page and its JSON say out. Pure.
//
// Told: whether home is awake, since when, when it is expected back, how its week went, how its services are. That is
// what the page is for, and an owner who wants none of it turns it off. Held back:
//   - Exact counts of what waits. A stranger who sends one message and looks could tell from them when others write, and
//     how much: counts are rounded up to one digit, and nothing is told between none and ten.
//   - Exact times. When the first of what waits came is told to the hour, what home did to the minute, its week to the
//     quarter of an hour.
//   - Senders, sizes, paths, dead letters and why a service is down: between those who sent, and the owner.
//   - Which other domains live in the same house: at one host only the services of its own domain are told of.

import { getDomain } from 'tldts';
import type { Presence, ServiceState } from '../../shared/presence.ts';
import type { LinkChange } from '../link/history.ts';
import { inSteps, type Segment, segmentsOf, slotMs, weekStart } from './status-week.ts';

/** How one service is, as home said. */
export type ServiceTold = ServiceState;

export interface StatusFacts {
  /** When they were gathered, ms since the epoch, as all times here. */
  readonly now: number;
  readonly presence: Presence;
  /** In the order in which they happened. */
  readonly history: readonly LinkChange[];
  /** null: home has not said. */
  readonly told: readonly ServiceTold[] | null;
  /** The services that home is known to have, whether or not it has said how they are. */
  readonly services: readonly { readonly name: string; readonly hosts: readonly string[] }[];
  readonly waiting: readonly {
    readonly name: string;
    readonly waiting: number;
    readonly oldestWaitingAt: number | null;
  }[];
  readonly snapshotAt: number | null;
}

/** At most `upTo` wait, the first of them since the hour that began at `since`. */
export interface PublicWaiting {
  readonly upTo: number;
  readonly since: number | null;
}

export interface PublicService {
  readonly name: string;
  readonly state: 'up' | 'down' | 'resting' | 'unknown';
  readonly since: number | null;
  readonly expectedBack: number | null;
  readonly waiting: PublicWaiting;
}

export interface PublicStatus {
  readonly at: number;
  readonly home: {
    readonly state: 'awake' | 'asleep' | 'lost' | 'never';
    readonly since: number | null;
    readonly expectedBack: number | null;
  };
  readonly services: readonly PublicService[];
  readonly waiting: PublicWaiting;
  readonly pagesAsOf: number | null;
  /** Covers seven days of UTC up to `at`. */
  readonly week: readonly Segment[];
}

const lastInstant = 8.64e15;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** At `host`, the host that was asked, with its port if it has one. */
export function publicStatus(facts: StatusFacts, host: string): PublicStatus {
  const { presence } = facts;
  const now = toStep(facts.now, minuteMs);
  const since = presence.link === 'never' ? null : minute(presence.since, now);
  const expectedBack = presence.link === 'asleep' ? ahead(presence.until, now) : null;
  const services = servicesAt(facts, host);
  const shares = services.map(({ name }) => facts.waiting.find((share) => share.name === name));
  return {
    at: now,
    home: { state: presence.link === 'connected' ? 'awake' : presence.link, since, expectedBack },
    services: services.map(({ name, told }, at) => ({
      name,
      ...stateOf(told, presence, now),
      waiting: publicWaiting(shares[at] === undefined ? [] : [shares[at]], now),
    })),
    waiting: publicWaiting(
      shares.flatMap((share) => share ?? []),
      now,
    ),
    pagesAsOf: facts.snapshotAt === null ? null : minute(facts.snapshotAt, now),
    week: week(facts, now),
  };
}

/** Rounded up to one digit, and to ten at least. */
export function upTo(count: number): number {
  if (count <= 0) return 0;
  const step = 10 ** Math.max(1, Math.floor(Math.log10(count)));
  return Math.ceil(count / step) * step;
}

function publicWaiting(shares: StatusFacts['waiting'], now: number): PublicWaiting {
  const count = upTo(shares.reduce((sum, { waiting }) => sum + waiting, 0));
  const times = shares.flatMap(({ oldestWaitingAt }) => oldestWaitingAt ?? []);
  const isKnown = count > 0 && times.length > 0;
  return { upTo: count, since: isKnown ? toStep(Math.min(now, ...times), hourMs) : null };
}

/** What is known of the link now is the last change of all, also where none was written down. */
function week({ history, presence }: StatusFacts, now: number): Segment[] {
  const last = presence.link === 'never' ? [] : [{ at: presence.since, link: presence.link }];
  return inSteps(segmentsOf([...history, ...last], weekStart(now), now), slotMs);
}

function servicesAt(facts: StatusFacts, host: string) {
  const told = new Map(facts.told?.map((one) => [one.name, one]));
  const all = new Map([...facts.services, ...told.values()].map((one) => [one.name, one]));
  const site = siteOf(host);
  return [...all.values()]
    .filter(({ hosts }) => hosts.some((other) => siteOf(other) === site))
    .map(({ name }) => ({ name, told: told.get(name) ?? null }));
}

/** The registrable domain; private suffixes count, because under them live strangers to each other. */
function siteOf(host: string): string {
  return getDomain(host, { allowPrivateDomains: true }) ?? host;
}

function stateOf(
  told: ServiceTold | null,
  presence: Presence,
  now: number,
): Pick<PublicService, 'state' | 'since' | 'expectedBack'> {
  if (presence.link === 'asleep') {
    return { state: 'resting', since: minute(presence.since, now), expectedBack: ahead(presence.until, now) };
  }
  if (presence.link !== 'connected' || told === null) return { state: 'unknown', since: null, expectedBack: null };
  const since = minute(told.since, now);
  if (told.state === 'up') return { state: 'up', since, expectedBack: null };
  return { state: told.why === 'stopped' ? 'resting' : 'down', since, expectedBack: ahead(told.until, now) };
}

/** A time in the past, to the minute. What another clock put into the future was just now. */
function minute(at: number, now: number): number {
  return toStep(Math.min(at, now), minuteMs);
}

/** null for what is past, was not said, or lies beyond what a Date can tell. */
function ahead(until: number | null, now: number): number | null {
  if (until === null || until > lastInstant) return null;
  const at = toStep(until, minuteMs);
  return at > now ? at : null;
}

function toStep(at: number, stepMs: number): number {
  return Math.floor(at / stepMs) * stepMs;
}
