// Presence of a home as the edge knows it: its link, and its services as home last said. Pure: what can be carried now,
// and when the rest is expected. The link has the first word: over one that is not connected nothing is carried.

export type LinkPresence =
  | { readonly link: 'connected'; readonly since: number }
  /** Home said that it sleeps; `until` is when it expects to wake (ms since the epoch), null if it did not say. */
  | { readonly link: 'asleep'; readonly since: number; readonly until: number | null }
  /** Gone unannounced. */
  | { readonly link: 'lost'; readonly since: number }
  /** No home node has ever opened this link. */
  | { readonly link: 'never' };

/** Why a service is down: it is on its way up, its owner stopped it, or it fails. */
export type DownReason = 'starting' | 'stopped' | 'failing';

/** One service as home says it is. Times are by home's clock. */
export interface ServiceState {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly state: 'up' | 'down';
  /** Up or down since then, ms since the epoch. */
  readonly since: number;
  /** null: it is up. */
  readonly why: DownReason | null;
  /** When it is expected back, ms since the epoch; null when nobody said. */
  readonly until: number | null;
}

/** `services` is absent while home has not said how they are: it speaks version 1, or has only just connected. */
export type Presence = LinkPresence & { readonly services?: readonly ServiceState[] };

/** `unreachable`: the link was there, and yet this one request was not answered. */
export type AwayReason = Exclude<LinkPresence['link'], 'connected'> | DownReason | 'unreachable';

/** Why a request cannot be carried, and when it may be. */
export interface Absence {
  readonly reason: AwayReason;
  /** The service that is down, when that is the reason. */
  readonly service: string | null;
  /** When it is expected back, ms since the epoch, always to come; null when nobody knows. */
  readonly until: number | null;
}

export type CarryDecision = { readonly decision: 'carry' } | ({ readonly decision: 'away' } & Absence);

/** May a request for this host be carried now? A host of which home said nothing is carried: home then says more. */
export function decideCarry(host: string, presence: Presence, now: number): CarryDecision {
  const service = serviceOf(host, presence);
  if (presence.link === 'connected') {
    if (service === null || service.state === 'up') return { decision: 'carry' };
    const { name, why, until } = service;
    return { decision: 'away', reason: why ?? 'failing', service: name, until: toCome(until, now) };
  }
  if (presence.link !== 'asleep') return { decision: 'away', reason: presence.link, service: null, until: null };
  // Home before its service: what home put to rest for longer than itself is not there when home wakes.
  const home = toCome(presence.until, now);
  const rest = service?.state === 'down' ? toCome(service.until, now) : null;
  const until = home === null || rest === null ? home : Math.max(home, rest);
  return { decision: 'away', reason: 'asleep', service: null, until };
}

/** Why this service cannot be reached now; null: it can. By its name where home said how it is, otherwise by its hosts. */
export function absenceOf(name: string, hosts: readonly string[], presence: Presence, now: number): Absence | null {
  const own = presence.services?.filter((service) => service.name === name) ?? [];
  const decision = decideCarry(hosts[0] ?? '', own.length === 0 ? presence : { ...presence, services: own }, now);
  return decision.decision === 'carry' ? null : decision;
}

/** The service that is meant by a host: of two with the same one, the first. */
function serviceOf(host: string, presence: Presence): ServiceState | null {
  return presence.services?.find(({ hosts }) => hosts.includes(host)) ?? null;
}

/** Nobody is promised what should have been already. */
function toCome(until: number | null, now: number): number | null {
  return until !== null && until > now ? until : null;
}

/** Bounds of a Retry-After, seconds. */
export const retryAfterBounds = { least: 60, most: 86_400 } as const;

/** While nobody has said when it will be back: a start or a link that broke takes a moment, a failure is mended or restarted. */
const unknownSeconds: Readonly<Record<AwayReason, number>> = {
  starting: 60,
  failing: 300,
  stopped: 3_600,
  asleep: 600,
  lost: 600,
  never: 600,
  unreachable: 60,
};

/** Seconds for a Retry-After: until the expected return, within retryAfterBounds; otherwise by the reason. */
export function retryAfterSeconds({ reason, until }: Absence, now: number): number {
  if (until === null) return unknownSeconds[reason];
  const seconds = Math.ceil((until - now) / 1000);
  return Math.min(Math.max(seconds, retryAfterBounds.least), retryAfterBounds.most);
}

/** What home said of its services on one link, with the number that it gave to saying so. */
export interface ServicesSaid {
  readonly n: number;
  readonly services: readonly ServiceState[];
}

/** Each saying is whole; the one with the highest number counts, whatever came again or late. */
export function newestSaid(known: ServicesSaid | null, said: ServicesSaid): ServicesSaid {
  return known !== null && known.n >= said.n ? known : said;
}
