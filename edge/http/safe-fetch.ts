// Fetches a small document from an address that a stranger named, without becoming the stranger's tool: no private
// network is reached, nothing is held for long, nothing is read without end, and no redirect leads astray. Errors are
// values, because what a failure means (refuse, wait, let home decide) is for the caller to say.

import { getDomain } from 'tldts';
import { causeOf } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { isPublicAddress } from './public-address.ts';
import { readBody } from './read-body.ts';
import type { Fetcher, Resolver } from './resolve.ts';
import { within } from './within.ts';

export interface SafeFetchPorts {
  readonly fetcher: Fetcher;
  readonly resolver: Resolver;
  /** Is this host one that the edge itself answers for? Asking itself would be a loop. */
  readonly isOwnHost: (host: string) => Promise<boolean>;
  /** Development only: origins to which the rules about addresses do not apply. */
  readonly devOrigins: ReadonlySet<string>;
}

export interface Question {
  readonly url: string;
  readonly accept: string;
  /** Is this Content-Type one that the caller can read? */
  readonly takes: (contentType: string) => boolean;
  /** Ends everything: names, redirects, and the body to its last byte. */
  readonly signal: AbortSignal;
  /** Some answer only who says who asks. Without it nobody says. */
  readonly asker?: Asker;
}

/** Says who asks, for one question: made anew for each. */
export interface Asker {
  /** Headers that go with the next request to `url`; none while nobody wants to know. */
  headersFor(url: string): Promise<Readonly<Record<string, string>>>;
  /** What was sent to `url` was answered with `status`. Is there another way to ask the same? */
  mayAskAgain(url: string, status: number): boolean;
}

export type Fetched =
  /** `url` is where it was found, after redirects. */
  | { readonly fetched: 'document'; readonly url: string; readonly body: Uint8Array<ArrayBuffer> }
  | { readonly fetched: 'not-found' | 'gone' }
  /** Not allowed: the address, or where a redirect leads. It will not be allowed later either. */
  | { readonly fetched: 'forbidden'; readonly reason: string }
  /** The name does not exist, or has no address: the one that was asked for, or one that it redirected to. */
  | { readonly fetched: 'no-such-host'; readonly host: string; readonly reason: string }
  /** Answered with what cannot be used. */
  | { readonly fetched: 'wrong-type' | 'too-large'; readonly reason: string }
  /** Could not be had now, for a reason that may pass. */
  | { readonly fetched: 'failed'; readonly reason: string }
  /** Took longer than the signal allows. */
  | { readonly fetched: 'slow'; readonly reason: string };

/** Never rejects. At most `limits.keyRedirects` redirects and `limits.keyBytes` bytes. */
export async function safeFetch(ports: SafeFetchPorts, question: Question): Promise<Fetched> {
  try {
    return await follow(ports, question);
  } catch (thrown) {
    const reason = `${question.url}: ${causeOf(thrown)}`;
    return question.signal.aborted ? { fetched: 'slow', reason } : { fetched: 'failed', reason };
  }
}

async function follow(ports: SafeFetchPorts, question: Question): Promise<Fetched> {
  let url = question.url;
  for (let redirects = 0; redirects <= limits.keyRedirects; redirects++) {
    const refused = await judgeAddress(ports, url, question.signal);
    if (refused !== null) return refused;
    const response = await ask(ports, question, url);
    const target = redirectTarget(url, response);
    if (target === null) return await read(question, url, response);
    await response.body?.cancel();
    if (!isSameSite(url, target))
      return { fetched: 'forbidden', reason: `${url} redirects to another site, ${target}` };
    url = target;
  }
  return { fetched: 'forbidden', reason: `${question.url} redirects more than ${limits.keyRedirects} times` };
}

/** At most two more requests than one: as an asker has two ways to say who it is. */
async function ask({ fetcher }: SafeFetchPorts, { accept, asker, signal }: Question, url: string): Promise<Response> {
  for (let refusals = 0; ; refusals++) {
    const proof = asker === undefined ? {} : await within(signal, asker.headersFor(url));
    const headers = { Accept: accept, 'User-Agent': 'Porchlight (ActivityPub)', ...proof };
    const response = await within(signal, fetcher(new Request(url, { headers, redirect: 'manual', signal })));
    if (asker?.mayAskAgain(url, response.status) !== true || refusals >= 2) return response;
    await response.body?.cancel();
  }
}

/** Names that never lead to the public Internet: RFC 6761, 6762, 7686, 8375, 9476, and ICANN's `internal`. */
const specialNames = /(^|\.)(local|localhost|internal|intranet|private|home|lan|corp|onion|alt|home\.arpa|arpa)$/;

/** null when the edge may connect to `url`. */
async function judgeAddress(ports: SafeFetchPorts, address: string, signal: AbortSignal): Promise<Fetched | null> {
  const forbidden = (why: string): Fetched => ({ fetched: 'forbidden', reason: `${address} ${why}` });
  const url = URL.parse(address);
  if (url === null) return forbidden('is not a URL');
  if (url.username !== '' || url.password !== '') return forbidden('carries a name or password');
  if (ports.devOrigins.has(url.origin)) return null;
  if (url.protocol !== 'https:') return forbidden('is not https');
  if (url.port !== '') return forbidden('names a port');
  const host = url.hostname;
  // The URL parser has already turned 0x7f.1 and 2130706433 into 127.0.0.1.
  if (host.startsWith('[') || /^[0-9.]+$/.test(host)) return forbidden('is a literal address');
  if (!host.includes('.') || host.endsWith('.')) return forbidden('is not a full name of a host');
  if (specialNames.test(host)) return forbidden('is a name that is not public');
  if (await ports.isOwnHost(host)) return forbidden('is this edge itself');
  const resolution = await ports.resolver.resolve(host, signal);
  if (resolution.resolved === 'failing') return { fetched: 'failed', reason: resolution.reason };
  if (resolution.resolved === 'no-such-name') {
    return { fetched: 'no-such-host', host, reason: `${address} is at a host that does not exist` };
  }
  const foreign = resolution.addresses.find((each) => !isPublicAddress(each));
  return foreign === undefined ? null : forbidden(`resolves to ${foreign}, which is not a public address`);
}

/** RFC 9110 section 15.4, as far as a GET is redirected. */
function redirectTarget(url: string, response: Response): string | null {
  const location = response.headers.get('Location');
  if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return null;
  return URL.parse(location, url)?.href ?? location;
}

/** Under one registrable domain, tenants of one hoster apart. */
export function isSameSite(from: string, to: string): boolean {
  const [left, right] = [from, to].map((address) => {
    const host = URL.parse(address)?.hostname ?? address;
    return getDomain(host, { allowPrivateDomains: true }) ?? host;
  });
  return left === right;
}

async function read(question: Question, url: string, response: Response): Promise<Fetched> {
  const { status } = response;
  const contentType = response.headers.get('Content-Type') ?? '';
  if (status !== 200 || !question.takes(contentType)) {
    await response.body?.cancel();
    if (status === 404) return { fetched: 'not-found' };
    if (status === 410) return { fetched: 'gone' };
    if (status !== 200) return { fetched: 'failed', reason: `${url} answered ${status}` };
    return { fetched: 'wrong-type', reason: `${url} is ${contentType || 'of no type'}` };
  }
  const body = await within(question.signal, readBody(response, limits.keyBytes));
  if (body === 'too-large') return { fetched: 'too-large', reason: `${url} is longer than ${limits.keyBytes} bytes` };
  return { fetched: 'document', url, body };
}
