// What leaves home's snapshots, around a service `s` at a.example that a test plays: what is not named is as of a home where
// all is well.

import { join } from 'node:path';
import type { Adapter } from '../../home-node/adapters/adapter.ts';
import { Leaver, type LeaverOptions, type LeavingService } from '../../home-node/bedtime/leave.ts';
import { LeavingsFile } from '../../home-node/bedtime/leavings-file.ts';
import type { Log } from '../../home-node/log.ts';
import { systemClock } from '../../shared/clock.ts';

/** An adapter that leaves what the test says. */
export function leavingAdapter(parts: Pick<Adapter, 'leavings'> & Partial<Adapter>): Adapter {
  return {
    kind: 'test',
    signatures: ['cavage'],
    knowsPages: false,
    greeter: null,
    deduplicatesBy: null,
    headersFor: async () => [],
    outcomeOf: () => ({ outcome: 'delivered' }),
    ...parts,
  };
}

export interface PlayedHome extends Partial<LeaverOptions> {
  readonly log: Log;
  /** Where home keeps what was left. */
  readonly folder: string;
  readonly service: Pick<LeavingService, 'adapter' | 'origin'> & Partial<LeavingService>;
  readonly others?: readonly LeavingService[];
  readonly send: LeaverOptions['send'];
}

export function playedLeaver({ folder, service, others = [], ...options }: PlayedHome): Leaver {
  let version = 0;
  return new Leaver({
    clock: systemClock,
    words: () => ({ language: 'en', title: 'A' }),
    services: [{ name: 's', hosts: ['a.example'], ...service }, ...others],
    kept: new LeavingsFile(join(folder, 'leavings.json'), options.log),
    senders: async () => [],
    nextVersion: async (atLeast) => {
      version = Math.max(version + 1, atLeast);
      return version;
    },
    ...options,
  });
}
