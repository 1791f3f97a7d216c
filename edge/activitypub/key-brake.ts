// How often one network's word makes the edge ask for keys that cannot be had. A signature names the address of its key
// before anything is proven, so whoever invents addresses chooses whom the edge asks: without a brake it would be a
// stranger's tool against somebody else's server. What was asked in vain is therefore counted for each network that
// named it, at each origin and in all, for five minutes; what is held back is undecided (judge.ts). By network, so that
// no stranger's inventions hold back the keys that a server's own deliveries name. Where the network is not known nothing
// is counted. Kept in memory, per isolate and home, as in new-hosts.ts.

import { limits } from '../../shared/limits.ts';
import type { KeyAnswer } from './judge.ts';
import type { NamedBy } from './new-hosts.ts';
import { WindowCounts } from './window-counts.ts';

export class KeyBrake {
  /** Questions that brought no key, by network, and by network and origin. */
  readonly #misses = new WindowCounts(limits.keyFailureMs);
  /** Of these, those that brought no answer either. */
  readonly #troubles = new WindowCounts(limits.keyFailureMs);

  /** null: it may be asked; otherwise why not now. */
  refusal(origin: string, { homeId, network }: NamedBy, now: number): string | null {
    if (network === null) return null;
    const there = `${network} ${origin}`;
    const troubles = this.#troubles.at(homeId, there, now).count;
    if (troubles >= limits.keyTroublesPerOrigin) return `${origin} gave no answer a moment ago`;
    const misses = this.#misses.at(homeId, there, now).count;
    if (misses >= limits.keyMissesPerOrigin) return `${network} named too many keys at ${origin} that are none`;
    const inAll = this.#misses.at(homeId, network, now).count;
    return inAll >= limits.keyMissesPerNetwork ? `${network} named too many keys that are none` : null;
  }

  /** What became of a question. */
  asked(origin: string, { homeId, network }: NamedBy, answer: KeyAnswer, now: number): void {
    if (network === null || answer.key === 'found' || answer.key === 'limited') return;
    const there = `${network} ${origin}`;
    for (const name of [there, network]) this.#misses.add(homeId, name, this.#misses.at(homeId, name, now));
    if (answer.key !== 'failed' && answer.key !== 'slow') return;
    this.#troubles.add(homeId, there, this.#troubles.at(homeId, there, now));
  }
}
