// Which hosts answer ActivityPub questions only to who signs them, by what home left. Pure.

import type { Snapshot } from '../../shared/snapshot.ts';

/** One service there that wants it is enough: what lies at the host is not told apart by service. */
export function isAuthorizedHost(snapshot: Snapshot | null, host: string): boolean {
  const services = snapshot?.services ?? [];
  return services.some(({ authorizedFetch, hosts }) => authorizedFetch === true && hosts.includes(host));
}
