// How fast deliveries come, and, counted apart, signed questions (authorized-fetch/): of each origin from each network, from
// each network, and in all, for each home. A brake in front of keys and the spool, whose own quotas hold whatever happens
// here. An origin is only a name until a proof holds, so it is counted together with the network that used it: nobody can
// use up what is another's. Whoever is over is told to come again, a sender by 429. Where the network is not known nothing
// is counted. Kept in memory, per isolate.
//
// What all may bring together is shared as switches share their buffers (A. K. Choudhury, E. L. Hahne, "Dynamic Queue
// Length Thresholds for Shared-Memory Packet Switches", 1998): a network may have as much as is left for all others. One
// that takes all it can has a half, of n that do so each has one part in n + 1; and one such part is always left for who
// has brought nothing yet. Whoever wants all of it needs as many networks as there are deliveries in it.

import { limits } from '../../shared/limits.ts';
import type { NamedBy } from './new-hosts.ts';
import { type Count, WindowCounts } from './window-counts.ts';

const windowMs = 60 * 1000;

export interface TooMany {
  readonly reason: string;
  /** Until the minute is over, ms. */
  readonly leftMs: number;
}

export class ArrivalRates {
  /** Of networks, and under '' of all of them. */
  readonly #networks = new WindowCounts(windowMs);
  /** Apart: whoever invents origins makes nobody forget how much a network brought. */
  readonly #origins = new WindowCounts(windowMs);

  /** Counts one more, unless that is too many: then why, and for how long. */
  refusal(origin: string, { homeId, network }: NamedBy, now: number): TooMany | null {
    if (network === null) return null;
    const all = this.#networks.at(homeId, '', now);
    // Shares are of one and the same minute.
    const within = (count: Count): Count => (count.since < all.since ? { since: all.since, count: 0 } : count);
    const ofNetwork = within(this.#networks.at(homeId, network, now));
    const name = `${network} ${origin}`;
    const ofOrigin = within(this.#origins.at(homeId, name, now));
    const left = limits.arrivalsPerHome - all.count;
    const who =
      ofOrigin.count >= limits.arrivalsPerOrigin
        ? `${network} for ${origin}`
        : ofNetwork.count >= limits.arrivalsPerNetwork
          ? network
          : ofNetwork.count >= left
            ? `${network}, beside ${all.count} of all networks`
            : null;
    if (who !== null) {
      return { reason: `too many deliveries within a minute: ${who}`, leftMs: this.#networks.leftMs(all, now) };
    }
    this.#networks.add(homeId, '', all);
    this.#networks.add(homeId, network, { ...ofNetwork, since: all.since });
    this.#origins.add(homeId, name, { ...ofOrigin, since: all.since });
    return null;
  }
}
