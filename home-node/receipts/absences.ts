// When home, or one of its services, did not take deliveries as they came, by home's own record. A receipt is issued for
// such times alone: whoever holds the edge cannot have a request of any hour it likes taken for late.
//
// The record is made the other way round, of what cannot be faked by being away: home notes, for each service, that
// nothing waits for it (`current`). A time without such a note for longer than `gapMs` is an absence, whatever the
// reason: home slept or had no power, the link was lost, the service was down, or there was more than it could take. Facts
// in, answer out; the file is absence-file.ts's.

/** [from, to], ms since the epoch by home's clock. */
export type Span = readonly [from: number, to: number];

export interface ServiceRecord {
  /** Nothing waited for the service; null: that was never so. */
  readonly currentAt: number | null;
  /** In order, apart from each other. */
  readonly absences: readonly Span[];
}

/** Of a service that was never seen: all that arrived before waits for it. */
export const unseen: ServiceRecord = { currentAt: null, absences: [] };

/**
 * Notes come every minute; one may fail to come on a busy machine without anybody having been away. Well below the
 * shortest window of a service (Misskey's 5 minutes): what is too old for it after an absence must be in the record.
 */
export const gapMs = 150_000;

/** Arrivals are told by the edge's clock, absences by home's: they may differ by what intake bears. */
export const slackMs = 5 * 60_000;

const mostSpans = 1_000;

/** Nothing waits for the service at this moment. `keepFrom`: what ended before is forgotten. */
export function current(record: ServiceRecord, now: number, keepFrom: number): ServiceRecord {
  const { currentAt } = record;
  // A clock that was set back: what was noted in the future says nothing any more.
  const since = currentAt === null ? 0 : Math.min(currentAt, now);
  const absences = now - since > gapMs ? joined([...record.absences, [since, now]], keepFrom) : record.absences;
  return { currentAt: now, absences };
}

/**
 * The service had the delivery in time and put it off (503, 429): from its arrival until now it was as good as away. In time
 * means just now, or in an absence that is known: what arrived at any other time by the edge's word makes no absence of it.
 */
export function putOff(record: ServiceRecord, receivedAt: number, now: number, keepFrom: number): ServiceRecord {
  const from = now - receivedAt <= slackMs + gapMs ? receivedAt : startWithin(record, receivedAt, now);
  return from === null ? record : missed(record, from, now, keepFrom);
}

/** Home itself wants again what arrived since, because its services do not have it. */
export function missed(record: ServiceRecord, since: number, now: number, keepFrom: number): ServiceRecord {
  if (since >= now) return record;
  return { ...record, absences: joined([...record.absences, [since, now]], keepFrom) };
}

/** The arrival, but not before the absence that it lies in; null: it lies in none. */
function startWithin({ currentAt, absences }: ServiceRecord, receivedAt: number, now: number): number | null {
  const since = currentAt ?? 0;
  const spans: readonly Span[] = now - since > gapMs ? [...absences, [since, now]] : absences;
  const within = spans.find(([from, to]) => receivedAt >= from - slackMs && receivedAt <= to + slackMs);
  return within === undefined ? null : Math.max(within[0], Math.min(receivedAt, within[1]));
}

/** Was the service away when this arrived? Also when it still is: then nothing was current since. */
export function wasAway({ currentAt, absences }: ServiceRecord, receivedAt: number, now: number): boolean {
  const since = currentAt ?? 0;
  if (now - since > gapMs && receivedAt >= since - slackMs) return true;
  return absences.some(([from, to]) => receivedAt >= from - slackMs && receivedAt <= to + slackMs);
}

function joined(spans: readonly Span[], keepFrom: number): readonly Span[] {
  const sorted = spans.filter(([, to]) => to >= keepFrom).sort(([one], [other]) => one - other);
  const result: Span[] = [];
  for (const span of sorted) {
    const last = result.at(-1);
    if (last !== undefined && span[0] <= last[1]) result[result.length - 1] = [last[0], Math.max(last[1], span[1])];
    else result.push(span);
  }
  return result.slice(-mostSpans);
}
