// Signs the edge's questions to home's own service, where that shows nothing to who does not sign: as the edge's own actor,
// which is a stranger there, so that what comes back is what the service shows to a server that it has no quarrel with.
// A service takes keys at its own host for its own accounts' and finds none there: the actor must be asked for at another
// name of the home.

import type { Clock } from '../../../shared/clock.ts';
import { signedByCavage } from '../../../shared/signature/sign-get.ts';
import { edgeActorKeyId } from '../edge-actor.ts';
import type { SignAsEdge } from '../signed-get.ts';

/** As edge/home/warm-document.ts has them. */
interface HomeNames {
  readonly hosts: readonly string[];
  readonly services: readonly { readonly hosts: readonly string[] }[];
}

/** A name that is no service's, or else one that is not of the service at `host`; null: there is none. */
export function askingHost({ hosts, services }: HomeNames, host: string): string | null {
  const taken = new Set([host, ...services.filter((one) => one.hosts.includes(host)).flatMap((one) => one.hosts)]);
  const others = hosts.filter((name) => !taken.has(name));
  return others.find((name) => !services.some((one) => one.hosts.includes(name))) ?? others[0] ?? null;
}

/** `headers` with Date and Signature (draft-cavage-12, which every such service takes); null: no name to ask under. */
export async function signQuestion(
  { clock, sign }: { readonly clock: Clock; readonly sign: SignAsEdge },
  homeId: string,
  names: HomeNames,
  url: URL,
  headers: Headers,
): Promise<Headers | null> {
  const host = askingHost(names, url.host);
  if (host === null) return null;
  const keyId = edgeActorKeyId(`${url.protocol}//${host}`);
  const added = await signedByCavage(url.href, keyId, clock.now(), async (text) => await sign(homeId, text));
  const signed = new Headers(headers);
  for (const [name, value] of Object.entries(added)) signed.set(name, value);
  return signed;
}
