// Sends something to the edge under a version above every earlier one. Versions are times, so that they rise even when
// home forgot the last one. With a clock that is behind as well, as after a new disk in a computer without a clock chip,
// the next version is looked for in growing steps.

import type { Clock } from '../../shared/clock.ts';
import { EdgeRefusal } from '../edge-api/send.ts';
import type { Ledger } from '../intake/ledger.ts';

export interface RisingVersion {
  readonly clock: Clock;
  /** A version above every earlier one, and at least this. It outlives this process before it resolves. */
  readonly nextVersion: (atLeast: number) => Promise<number>;
  /** The edge's code for a version that is not the newest. */
  readonly olderCode: string;
  readonly send: (version: number) => Promise<void>;
}

const dayMs = 24 * 3600 * 1000;
/** A clock that is further behind than this must be set by somebody. */
const furthestDays = 20_000;

/** Versions under a name of the ledger's. */
export function versionsOf(numbers: Pick<Ledger, 'number' | 'raise'>, name: string): RisingVersion['nextVersion'] {
  return async (atLeast) => await numbers.raise(name, Math.max(numbers.number(name) + 1, atLeast));
}

/** Resolves to the version that the edge took. Throws what `send` throws. */
export async function sendRising({ clock, nextVersion, olderCode, send }: RisingVersion): Promise<number> {
  const now = clock.now();
  for (let days = 0; ; days = days * 30 + 1) {
    const version = await nextVersion(now + days * dayMs);
    try {
      await send(version);
      return version;
    } catch (thrown) {
      const older = thrown instanceof EdgeRefusal && thrown.reason === olderCode;
      if (!older || days > furthestDays) throw thrown;
    }
  }
}
