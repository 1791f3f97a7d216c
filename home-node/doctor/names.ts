// What name servers say of a name, told apart, and which addresses no stranger can reach. Pure, but for waiting.

import { BlockList, isIPv6 } from 'node:net';

/**
 * A and AAAA records, asked for apart, as one answer. Rejects with what kept both from being one; that a name has
 * records of one kind only is no failure.
 */
export async function addressesOf(
  asked: readonly [ipv4: Promise<readonly string[]>, ipv6: Promise<readonly string[]>],
): Promise<readonly string[]> {
  const settled = await Promise.allSettled(asked);
  const found = settled.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  if (found.length > 0) return found;
  const failures = settled.flatMap((one): unknown[] => (one.status === 'rejected' ? [one.reason] : []));
  // That there is no such record says less than that nobody could be asked.
  throw failures.find((one) => codeOf(one) !== 'ENODATA') ?? failures[0] ?? new Error('no address');
}

export type NameTrouble =
  | 'no-such-name'
  | 'no-address'
  /** The zone's own servers fail, or its signatures do not hold. */
  | 'server-failed'
  | 'refused'
  /** No name server answers this machine. */
  | 'silent'
  | 'other';

/** Codes of node:dns. */
export function nameTroubleOf(thrown: unknown): NameTrouble {
  switch (codeOf(thrown)) {
    case 'ENOTFOUND':
      return 'no-such-name';
    case 'ENODATA':
      return 'no-address';
    case 'ESERVFAIL':
      return 'server-failed';
    case 'EREFUSED':
      return 'refused';
    case 'ETIMEOUT':
    case 'ECONNREFUSED':
    case 'ECANCELLED':
      return 'silent';
    default:
      return 'other';
  }
}

function codeOf(thrown: unknown): string {
  return String((thrown as { code?: unknown } | null)?.code ?? '');
}

/** IANA's registries of special-purpose addresses: private, this machine's, this link's, documentation, multicast. */
const notPublic = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  notPublic.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::', 127],
  ['100::', 64],
  ['2001:db8::', 32],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  notPublic.addSubnet(network, prefix, 'ipv6');
}

/** An IPv4 address inside an IPv6 one counts as what it is (Node's BlockList sees to that). */
export function isPublic(address: string): boolean {
  return !notPublic.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
