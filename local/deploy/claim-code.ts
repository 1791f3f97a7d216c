// The code with which a home claims the hosts of a new edge. Hosts that a home answers for need none; while a code for
// the others waits to be used, no other is made.

import type { KeyPair } from '../../home-node/key-file.ts';
import { OperatorClient } from '../../home-node/operator/client.ts';
import { systemClock, systemRandom } from '../../shared/clock.ts';

export type ClaimCode =
  | { readonly is: 'not-needed' }
  /** It was shown when it was made; the edge knows its hash only. */
  | { readonly is: 'waiting'; readonly hosts: readonly string[]; readonly expiresAt: number }
  | { readonly is: 'issued'; readonly hosts: readonly string[]; readonly expiresAt: number; readonly code: string };

export async function claimCode(
  edge: string,
  key: KeyPair,
  hosts: readonly string[],
  another: boolean,
): Promise<ClaimCode> {
  const operator = new OperatorClient({ edge, key, clock: systemClock, random: systemRandom });
  try {
    const claimed = (await operator.homes()).flatMap((home) => home.hosts);
    const free = hosts.filter((host) => !claimed.includes(host));
    if (free.length === 0) return { is: 'not-needed' };
    const same = (list: readonly string[]): boolean =>
      list.length === free.length && free.every((host) => list.includes(host));
    const waiting = (await operator.codes()).filter((code) => same(code.hosts));
    const [first] = waiting;
    if (first !== undefined && !another) return { is: 'waiting', hosts: free, expiresAt: first.expiresAt };
    for (const { hashPrefix } of waiting) await operator.dropCode(hashPrefix);
    const { code, expiresAt } = await operator.issueCode(free);
    return { is: 'issued', hosts: free, code, expiresAt };
  } finally {
    await operator.close();
  }
}

export function codeLine(code: ClaimCode): string {
  switch (code.is) {
    case 'not-needed':
      return 'Claim code: none is needed, a home answers for every host.';
    case 'waiting':
      return `Claim code: one for ${code.hosts.join(', ')} waits to be used.`;
    case 'issued':
      return `Claim code: made for ${code.hosts.join(', ')}.`;
  }
}
