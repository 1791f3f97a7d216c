// The same as the status page for programs (docs/status.md): a stable shape, times as ISO 8601 strings in UTC, null where
// something is not known. Members may be added; none is taken away or changes its meaning while `version` is 1.

import type { PublicStatus, PublicWaiting } from './status-facts.ts';

export function statusJson(status: PublicStatus) {
  const { home, services, waiting, pagesAsOf, week } = status;
  return {
    version: 1,
    at: time(status.at),
    home: { state: home.state, since: time(home.since), expectedBack: time(home.expectedBack) },
    services: services.map((service) => ({
      name: service.name,
      state: service.state,
      since: time(service.since),
      expectedBack: time(service.expectedBack),
      waiting: waitingJson(service.waiting),
    })),
    waiting: waitingJson(waiting),
    pagesAsOf: time(pagesAsOf),
    week: week.map(({ from, to, state }) => ({ from: time(from), to: time(to), state })),
  };
}

function waitingJson({ upTo, since }: PublicWaiting) {
  return { upTo, since: time(since) };
}

function time(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
