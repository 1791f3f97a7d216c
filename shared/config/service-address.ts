// Where a service may be: on this machine; and, only if its owner says so, on another one of the owner's own network,
// because what goes there can be read and changed on the way, and the server must be open to that network. Never
// anywhere else: home would carry strangers to a host of somebody else's. Pure: names are judged by what they are, not
// by what they lead to.

import { isText, originOf } from './accept.ts';

export type Whereabouts =
  /** Loopback. */
  | 'here'
  /** An address of private use, or a name that only a network of one's own knows. */
  | 'own network'
  | 'elsewhere';

/** `origin`: as originOf gives it. */
export function whereaboutsOf(origin: string): Whereabouts {
  const { hostname } = new URL(origin);
  if (isLoopback(hostname)) return 'here';
  return isOwnAddress(hostname) || isOwnName(hostname) ? 'own network' : 'elsewhere';
}

/** The origin of a service, or undefined where it may not be. */
export function serviceOrigin(value: unknown, otherMachine: boolean): string | undefined {
  const origin = originOf(value);
  if (origin === undefined) return undefined;
  const where = whereaboutsOf(origin);
  return where === 'here' || (otherMachine && where === 'own network') ? origin : undefined;
}

/** What somebody who wrote that probably meant, as it is to be written; null: who knows. */
export function suggestedAddress(value: unknown, otherMachine: boolean): string | null {
  if (!isText(value)) return null;
  const origin =
    originOf(value) ?? originOf(`http://${value.replace(/^[a-z]+:\/\//i, '')}`) ?? originOf(URL.parse(value)?.origin);
  if (origin === undefined) return null;
  if (serviceOrigin(origin, otherMachine) !== undefined) return `url = "${origin}"`;
  if (whereaboutsOf(origin) === 'own network') return 'other_machine = true';
  const { port } = new URL(origin);
  return `url = "http://127.0.0.1:${port === '' ? '3000' : port}"`;
}

/** RFC 1122 section 3.2.1.3; RFC 4291 section 2.5.3; RFC 6761 section 6.3. URLs have addresses in their shortest form. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

/** RFC 1918; RFC 6598, which overlay networks use; RFC 4193. */
function isOwnAddress(hostname: string): boolean {
  if (/^\[f[cd]/.test(hostname)) return true;
  const [, first, second] = /^(\d+)\.(\d+)\.\d+\.\d+$/.exec(hostname) ?? [];
  switch (first) {
    case '10':
      return true;
    case '172':
      return Number(second) >> 4 === 1;
    case '192':
      return second === '168';
    case '100':
      return Number(second) >> 6 === 1;
    default:
      return false;
  }
}

/** Of one label, as containers call each other; or under what is no part of the public name space (RFC 6762, RFC 8375). */
function isOwnName(hostname: string): boolean {
  return /^([a-z0-9_-]+|([a-z0-9_-]+\.)+(local|lan|internal|home\.arpa))$/.test(hostname);
}
