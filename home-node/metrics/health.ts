// Is home well? For whoever watches machines: asleep is well, a link that is lost or a service that is down is not. Pure.

import type { NodeReport } from '../control/report.ts';

export interface Health {
  readonly well: boolean;
  readonly state: string;
  /** What is not as it should be. */
  readonly troubles: readonly string[];
}

export function healthOf({ state, home }: NodeReport): Health {
  const troubles: string[] = [];
  if (home !== null) {
    if (home.link.trouble !== null) troubles.push(`the link is lost: ${home.link.trouble.code}`);
    // While it wakes, services are being started.
    const down =
      state === 'awake' ? home.services.filter(({ state: is, why }) => is === 'down' && why !== 'stopped') : [];
    troubles.push(...down.map(({ name }) => `service ${name} is down`));
    if (home.clockOff) troubles.push("home's clock is wrong");
  }
  return { well: troubles.length === 0, state, troubles };
}
