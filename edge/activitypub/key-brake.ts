// How often one network's word makes the edge ask for keys that cannot be had. A signature names the address of its key
// before anything is proven, so whoever invents addresses chooses whom the edge asks: without a brake it would be a
// stranger's tool against somebody else's server. What was asked in vain is therefore counted for each network that
// named it, at each origin and in all, for five minutes; what is held back is undecided (judge.ts). By network, so that
// no stranger's inventions hold back the keys that a server's own deliveries name. Where the network is not known nothing
// is counted. Kept in memory, per isolate and home, as in new-hosts.ts.

import { limits } from '../../shared/limits.ts';
import { FairMemory } from './fair-memory.ts';
import type { KeyAnswer } from './judge.ts';
import type { NamedBy } from './new-hosts.ts';

interface Count {
  /** When the first of these was asked, ms since the epoch. */
  readonly since: number;
  /** Questions that brought no key. */
  readonly misses: number;
  /** Of these, those that brought no answer either. */
  readonly troubles: number;
}

export class KeyBrake {
  /** Of each home: network and origin, or network alone → what was asked in vain. */
  readonly #counts = new FairMemory<Count>(limits.memoryEntries);

  /** null: it may be asked; otherwise why not now. */
  refusal(origin: string, { homeId, network }: NamedBy, now: number): string | null {
    if (network === null) return null;
    const there = this.#count(homeId, `${network} ${origin}`, now);
    if (there.troubles >= limits.keyTroublesPerOrigin) return `${origin} gave no answer a moment ago`;
    if (there.misses >= limits.keyMissesPerOrigin) return `${network} named too many keys at ${origin} that are none`;
    const inAll = this.#count(homeId, network, now).misses;
    return inAll >= limits.keyMissesPerNetwork ? `${network} named too many keys that are none` : null;
  }

  /** What became of a question. */
  asked(origin: string, { homeId, network }: NamedBy, answer: KeyAnswer, now: number): void {
    if (network === null || answer.key === 'found' || answer.key === 'limited') return;
    const trouble = answer.key === 'failed' || answer.key === 'slow' ? 1 : 0;
    for (const key of [`${network} ${origin}`, network]) {
      const { since, misses, troubles } = this.#count(homeId, key, now);
      this.#counts.set(homeId, key, { since, misses: misses + 1, troubles: troubles + trouble });
    }
  }

  #count(homeId: string, key: string, now: number): Count {
    const count = this.#counts.get(homeId, key);
    return count === undefined || now - count.since >= limits.keyFailureMs
      ? { since: now, misses: 0, troubles: 0 }
      : count;
  }
}
