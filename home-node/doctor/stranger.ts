// Looks an account up as a server that never heard of it does: WebFinger (RFC 7033), its link to the actor, the actor's
// document (ActivityPub section 3). Hosts that are not this home's are never asked, whatever a document says.

import { inShort, isAway, jsonOf, mediaType, startHome } from './answers.ts';
import { fault, type Result, unchecked, well } from './check.ts';
import type { Answer, DoctorPorts } from './ports.ts';
import { questionFailed } from './reach.ts';

export interface Place {
  /** Where the account is looked up. */
  readonly host: string;
  /** This home's own. */
  readonly hosts: readonly string[];
  /** Origin of the edge; its scheme is that of everything here. */
  readonly edge: string;
}

const activityJson = 'application/activity+json';
export const noWord = 'the edge has nothing of home yet, or home is away';

/** Whether an answer may be used; otherwise the finding. */
type Step<T> = { readonly value: T } | { readonly result: Result };

export async function lookUp(account: string, place: Place, ports: DoctorPorts): Promise<Result> {
  try {
    const found = await actorAddress(account, place, ports);
    if ('result' in found) return found.result;
    return await actorResult(account, found.value, place, ports);
  } catch (thrown) {
    return unchecked(account, questionFailed(thrown), 'Run porchlight doctor again.');
  }
}

async function actorAddress(account: string, { host, edge }: Place, { ask }: DoctorPorts): Promise<Step<string>> {
  const target = `/.well-known/webfinger?resource=${encodeURIComponent(account)}`;
  const origin = `${new URL(edge).protocol}//${host}`;
  const answer = await ask({ origin, target, headers: { Accept: 'application/jrd+json, application/json' } });
  if (isAway(answer)) return { result: unchecked(account, noWord, startHome) };
  const body = answer.status === 200 ? jsonOf(answer) : null;
  if (body === null) {
    const cure =
      answer.status === 404
        ? 'See whether handle and domain in porchlight.toml are as you want them, and start the home node again.'
        : 'See what the checks of the edge and of callers say.';
    return { result: fault(account, `WebFinger does not know it: ${inShort(answer)}`, cure) };
  }
  const links = Array.isArray(body.links) ? (body.links as readonly Readonly<Record<string, unknown>>[]) : [];
  const self = links.find((link) => link?.rel === 'self' && isActivity(String(link.type)))?.href;
  if (typeof self === 'string') return { value: self };
  const cure = 'The service that answers WebFinger is not the one of this account: see which service has this host.';
  return { result: fault(account, 'WebFinger names no actor (no link "self" of an ActivityPub type)', cure) };
}

async function actorResult(account: string, address: string, place: Place, { ask }: DoctorPorts): Promise<Result> {
  const url = URL.parse(address);
  if (url === null || url.protocol !== new URL(place.edge).protocol || !place.hosts.includes(url.host)) {
    const cure = `Set the service up for one of ${place.hosts.join(', ')}; an actor on another host is not this home's.`;
    return fault(account, `its actor has the address ${address}, which is not at this home`, cure);
  }
  const answer = await ask({
    origin: url.origin,
    target: url.pathname + url.search,
    headers: { Accept: activityJson },
  });
  if (isAway(answer)) return unchecked(account, noWord, startHome);
  const faults = actorFaults(answer, address, place.hosts);
  if (faults.length === 0) return well(account, `strangers find it, its actor and its key at ${address}`);
  const cure =
    'Other servers refuse such an actor: see how the service is set up (its public address above all), and start the home node again.';
  return fault(account, `its actor ${address}: ${faults.join('; ')}`, cure);
}

/** What other servers refuse an actor for. Pure. */
export function actorFaults(answer: Answer, address: string, hosts: readonly string[]): readonly string[] {
  const body = answer.status === 200 ? jsonOf(answer) : null;
  if (body === null) return [`it is not to be had: ${inShort(answer)}`];
  const faults: string[] = [];
  if (!isActivity(mediaType(answer)))
    faults.push(`its type is ${mediaType(answer) || 'not given'}, not ${activityJson}`);
  if (body.id !== address) faults.push(`it calls itself ${String(body.id)}`);
  const inbox = typeof body.inbox === 'string' ? URL.parse(body.inbox) : null;
  if (inbox === null) faults.push('it names no inbox');
  else if (!hosts.includes(inbox.host)) faults.push(`its inbox is at ${inbox.host}, which is not this home's`);
  const key = body.publicKey as { readonly owner?: unknown; readonly publicKeyPem?: unknown } | null | undefined;
  if (typeof key?.publicKeyPem !== 'string') faults.push('it has no public key');
  else if (key.owner !== address) faults.push(`its key belongs to ${String(key.owner)}`);
  return faults;
}

/** Also with a profile (ActivityPub section 3.2), which the media type alone does not show. */
function isActivity(type: string): boolean {
  return /^application\/(activity\+json|ld\+json)(;|$)/.test(type.trim().toLowerCase());
}
