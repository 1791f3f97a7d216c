// What the spool takes from outside itself: time, dice, limits, R2 and the way to the Link object. Handed in as one
// record that a test may change while the object lives.

import { type Clock, type Random, systemClock, systemRandom } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import type { Env } from '../env.ts';

export type SpoolLimits = { readonly [name in keyof typeof limits]: number };

export interface Outside {
  clock: Clock;
  random: Random;
  limits: SpoolLimits;
  store: R2Bucket;
  /** Tells the Link object of this home that something waits. */
  announceWork: () => Promise<void>;
}

export function outsideOf(env: Env, homeId: string): Outside {
  return {
    clock: systemClock,
    random: systemRandom,
    limits,
    store: env.STORE,
    announceWork: async () => await env.LINK.get(env.LINK.idFromName(homeId)).announceWork(),
  };
}
