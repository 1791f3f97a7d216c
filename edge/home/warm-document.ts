// Warms one ActivityPub document: asks as a peer would, with the edge's own signature where the service shows nothing
// without one, looks whether it is for all by its own word, keeps it, and says what it leads to.

import { limits } from '../../shared/limits.ts';
import type { Snapshot, WebFingerAccount } from '../../shared/snapshot.ts';
import type { DocumentLink } from '../../shared/warming.ts';
import { mayStore } from '../cache/policy.ts';
import type { Copies } from '../cache/store.ts';
import type { Question } from '../cache/strangers.ts';
import { readBody } from '../http/read-body.ts';
import { isAuthorizedHost } from './authorized-host.ts';

/** What the lane knows of its documents. */
export interface DocumentPorts {
  /** Accept of a peer. */
  readonly accept: string;
  readonly isDocument: (contentType: string) => boolean;
  readonly read: (
    body: Uint8Array,
    url: URL,
  ) => { readonly links: readonly DocumentLink[] } | { readonly unfit: string };
  /** The same headers and a signature of the edge's own actor; null: it has no name that this home's service could ask for. */
  readonly sign: (homeId: string, names: HomeNames, url: URL, headers: Headers) => Promise<Headers | null>;
}

/** Names under which the edge answers for a home, and those of them that each service takes for its own. */
export interface HomeNames {
  readonly hosts: readonly string[];
  readonly services: readonly { readonly hosts: readonly string[] }[];
}

/** What is known of the home that is asked. */
export interface WarmSaid extends HomeNames {
  readonly snapshot: Snapshot | null;
}

export interface WantedDocument extends Question {
  readonly isSigned: boolean;
  readonly ask: (headers: Headers) => Promise<Response | string>;
}

interface WarmDocumentParts {
  readonly copies: Copies;
  readonly documents: DocumentPorts;
  readonly said: WarmSaid;
}

type Warmed = { readonly links: readonly DocumentLink[] } | { readonly reason: string };

/** Rejects when the document breaks off or the store refuses it. */
export async function warmDocument(parts: WarmDocumentParts, homeId: string, wanted: WantedDocument): Promise<Warmed> {
  const { documents } = parts;
  const { url, isSigned } = wanted;
  const headers = isSigned ? await documents.sign(homeId, ownNames(parts.said), url, wanted.headers) : wanted.headers;
  if (headers === null) return { reason: nameless };
  const answer = await wanted.ask(headers);
  return typeof answer === 'string' ? { reason: answer } : await keepDocument(parts, homeId, wanted, answer);
}

/**
 * The same with what the service has answered: to the edge or, of what it shows to who signs alone (`isSigned`), to home. Rejects
 * as warmDocument does.
 */
export async function keepDocument(
  parts: WarmDocumentParts,
  homeId: string,
  wanted: Omit<WantedDocument, 'ask'>,
  answer: Response,
): Promise<Warmed> {
  const { copies, documents } = parts;
  const { url, isSigned } = wanted;
  const isApart = isAuthorizedHost(parts.said.snapshot, url.host);
  // What is there no more, or for nobody any more, must not be given from yesterday's copy.
  const refuse = async (reason: string): Promise<{ readonly reason: string }> => {
    if (!answer.bodyUsed) await answer.body?.cancel();
    await copies.drop(homeId, url, isApart ? ['authorized'] : ['activitypub']);
    return { reason };
  };
  if (answer.status !== 200) {
    // Of what is not kept apart the policy says what an answer speaks of, and of a service's own trouble that it speaks of
    // nothing.
    const mayStay = !isApart || !speaksOfIt.has(answer.status);
    if (!mayStay) return await refuse(`its status is ${answer.status}`);
    const because = isApart ? await cancelled(answer) : await copies.keep(homeId, wanted, answer);
    return { reason: because ?? `its status is ${answer.status}` };
  }
  if (!documents.isDocument(answer.headers.get('Content-Type') ?? ''))
    return await refuse('it is no ActivityPub document');
  if (answer.headers.has('Content-Encoding')) return await refuse('it is encoded, though nobody asked for that');
  const body = await readBody(answer, limits.documentBytes);
  if (body === 'too-large') return await refuse(`it is longer than ${limits.documentBytes} bytes`);
  const reading = documents.read(body, url);
  if ('unfit' in reading) return await refuse(reading.unfit);
  // Services that do not say how long it is are many; here it is known.
  const whole = new Response(body, { headers: answer.headers });
  whole.headers.set('Content-Length', String(body.length));
  if (!isApart) return told(await copies.keep(homeId, wanted, whole), reading.links);
  // Shown to nobody in particular: then it must be the public's by the service's own word too.
  const verdict = isSigned ? null : mayStore(wanted, whole, true);
  if (verdict !== null && !verdict.store) return await refuse(verdict.because);
  return told(await copies.keepAuthorized(homeId, url, whole, !isSigned), reading.links);
}

/**
 * A service takes what its people have after the @ for its own name too, and finds no actor there that is not in its
 * database (GoToSocial, account-domain; Mastodon, LOCAL_DOMAIN): as its owner says, or as the service said of its people.
 */
function ownNames({ hosts, services, snapshot }: WarmSaid): HomeNames {
  const profiles = snapshot?.services ?? [];
  const accounts = snapshot?.accounts ?? [];
  return {
    hosts,
    services: services.map((service) => {
      const said = profiles.filter((one) => one.hosts.some((host) => service.hosts.includes(host)));
      const domains = accounts.filter((one) => livesAt(one, service.hosts)).map(({ subject }) => domainOf(subject));
      return { hosts: [...service.hosts, ...said.flatMap((one) => one.accountDomain ?? []), ...domains] };
    }),
  };
}

function livesAt({ links }: WebFingerAccount, hosts: readonly string[]): boolean {
  const self = links.find(({ rel }) => rel === 'self')?.href;
  const host = self === undefined ? undefined : URL.parse(self)?.host;
  return host !== undefined && hosts.includes(host);
}

function domainOf(subject: string): string {
  return subject.slice(subject.lastIndexOf('@') + 1).toLowerCase();
}

const nameless =
  'its service shows it only to who signs, and the edge can sign only under another name of this home: claim one more';

/** As edge/cache/spoken-of.ts: by these a service says that the document is not there for who asked. */
const speaksOfIt = new Set([301, 302, 303, 307, 308, 401, 403, 404, 410, 451]);

async function cancelled(answer: Response): Promise<null> {
  await answer.body?.cancel();
  return null;
}

function told(reason: string | null, links: readonly DocumentLink[]) {
  return reason === null ? { links } : { reason };
}
