// Warming: before home sleeps it names what is public, and the edge asks for each over the link, as any stranger would,
// and keeps what any stranger may read. So the site is there in the morning though nobody saw it by day, and a peer finds
// whom it heard of at night. Of ActivityPub documents home is told what they lead to, and names that next.

import { isObject } from '../../shared/json-object.ts';
import { limits } from '../../shared/limits.ts';
import { type DocumentLink, type GivenAnswer, type Warming, type WarmReply, warmings } from '../../shared/warming.ts';
import type { Copies } from '../cache/store.ts';
import { isAddressable, whyNotStrangers } from '../cache/strangers.ts';
import { carry } from '../link/carry.ts';
import { isAuthorizedHost } from './authorized-host.ts';
import { type DocumentPorts, keepDocument, type WarmSaid, warmDocument } from './warm-document.ts';

export interface WarmParts {
  readonly copies: Copies;
  readonly link: Pick<Fetcher, 'fetch'>;
  readonly documents: DocumentPorts;
  readonly said: WarmSaid;
}

/** At once; home answers visitors meanwhile. */
const together = 4;

export interface WarmOrder {
  readonly host: string;
  readonly paths: readonly string[];
  readonly as: Warming;
  /** What home was answered, by path; null: the edge is to ask. */
  readonly given: ReadonlyMap<string, GivenAnswer> | null;
}

/**
 * What a call asks for; null when it is not a list of at most `limits.warmPaths` paths at a host of this home. A home of
 * an earlier version names no host and means `ownHost`, at which it called.
 */
export function warmOrder(asked: unknown, hosts: readonly string[], ownHost: string): WarmOrder | null {
  const fields = (typeof asked === 'object' && asked !== null ? asked : {}) as Readonly<Record<string, unknown>>;
  const { paths, host = ownHost, as = 'page' } = fields;
  const warming = warmings.find((one) => one === as);
  if (typeof host !== 'string' || !hosts.includes(host) || warming === undefined) return null;
  if (!Array.isArray(paths) || paths.length > limits.warmPaths) return null;
  const isPath = (path: unknown): path is string => typeof path === 'string' && /^\/[\x21-\x7e]*$/.test(path);
  const given = givenIn(fields.given);
  return paths.every(isPath) && given !== 'malformed' ? { host, paths, as: warming, given } : null;
}

function givenIn(asked: unknown): WarmOrder['given'] | 'malformed' {
  if (asked === undefined) return null;
  if (!isObject(asked)) return 'malformed';
  const given = new Map<string, GivenAnswer>();
  for (const [path, answer] of Object.entries(asked)) {
    if (!isObject(answer)) return 'malformed';
    const { status, contentType, body } = answer;
    const isStatus = Number.isInteger(status) && Number(status) >= 200 && Number(status) <= 599;
    if (!isStatus || typeof body !== 'string') return 'malformed';
    if (typeof contentType !== 'string' || !/^[\x20-\x7e]*$/.test(contentType)) return 'malformed';
    given.set(path, { status: Number(status), contentType, body });
  }
  return given;
}

/** `scheme`: of the address that visitors see. */
export async function warm(
  parts: WarmParts,
  homeId: string,
  scheme: 'https' | 'http',
  { host, paths, as, given }: WarmOrder,
): Promise<WarmReply> {
  const refused: { path: string; reason: string }[] = [];
  const stored: string[] = [];
  const links: Record<string, readonly DocumentLink[]> = {};
  const queue = [...paths];
  const isSigned = as === 'activitypub' && isAuthorizedHost(parts.said.snapshot, host);
  // Of what is shown to all the edge sees for itself what any stranger is told.
  const brought = isSigned ? given : null;
  const beyond = isSigned && brought === null ? queue.splice(limits.warmSignedPaths) : [];
  for (const path of beyond) refused.push({ path, reason: 'too many to be signed for at once' });
  const work = async (): Promise<void> => {
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      const one = await warmOne(parts, homeId, { scheme, host, path, as, isSigned, brought });
      if ('reason' in one) refused.push({ path, reason: one.reason });
      else {
        stored.push(path);
        if (one.links !== null) links[path] = one.links;
      }
    }
  };
  await Promise.all(Array.from({ length: together }, work));
  if (as === 'page' || as === 'media') return { stored, refused };
  return { stored, refused, links, ...(brought === null ? {} : { given: true }) };
}

interface Wanted {
  readonly scheme: 'https' | 'http';
  readonly host: string;
  readonly path: string;
  readonly as: Warming;
  readonly isSigned: boolean;
  /** null: the edge asks. */
  readonly brought: WarmOrder['given'];
}

type Warmed = { readonly links: readonly DocumentLink[] | null } | { readonly reason: string };

const accepts = { page: 'text/html,*/*;q=0.8', media: '*/*' } as const;

async function warmOne(parts: WarmParts, homeId: string, wanted: Wanted): Promise<Warmed> {
  const { scheme, host, path, as, brought } = wanted;
  const url = new URL(`${scheme}://${host}${path}`);
  if (!isAddressable(url)) return { reason: 'its address is too long, or is one of the edge’s own' };
  if (as === 'page' && url.search !== '') return { reason: 'its address has a query' };
  const isDocument = as === 'activitypub' || as === 'open-activitypub';
  const headers = new Headers({
    Accept: isDocument ? parts.documents.accept : accepts[as],
    // A document is read here.
    'Accept-Encoding': isDocument ? 'identity' : 'br, gzip',
    'User-Agent': 'Porchlight (warming)',
  });
  const question = { method: 'GET', url, headers };
  const special = whyNotStrangers(question);
  if (special !== null) return { reason: special };
  const ask = async (asked: Headers): Promise<Response | string> => await askHome(parts.link, url, asked);
  try {
    if (brought !== null) {
      const answer = brought.get(path);
      if (answer === undefined) return { reason: 'home gives nothing for it' };
      return await keepDocument(parts, homeId, { ...question, isSigned: true }, responseOf(answer));
    }
    if (isDocument) return await warmDocument(parts, homeId, { ...question, ask, ...wanted });
    const answer = await ask(headers);
    const reason = typeof answer === 'string' ? answer : await parts.copies.keep(homeId, question, answer);
    return reason === null ? { links: null } : { reason };
  } catch (thrown) {
    // What home takes back must be gone when home is told so, or be taken back again.
    if (brought !== null && brought.get(path)?.status !== 200) throw thrown;
    // It broke off, or the store refused it; the next bedtime asks again.
    return { reason: 'it did not come whole' };
  }
}

function responseOf({ status, contentType, body }: GivenAnswer): Response {
  const headers = { 'Content-Type': contentType };
  return new Response(status === 200 ? body : null, { status, headers });
}

/** The service's answer, or why there is none. */
async function askHome(link: Pick<Fetcher, 'fetch'>, url: URL, headers: Headers): Promise<Response | string> {
  const request = new Request(url, { headers });
  const scheme = url.protocol === 'http:' ? 'http' : 'https';
  const outcome = await carry(link, request, { clientAddress: null, host: url.host, scheme });
  if ('carried' in outcome) return outcome.carried;
  if ('failed' in outcome) return `home could not be asked: ${outcome.failed}`;
  const { reason, service } = outcome.why;
  return service === null ? `home is ${reason}` : `its service is down (${reason})`;
}
