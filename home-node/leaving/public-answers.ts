// What a running service tells strangers, asked at its loopback address as a stranger would come to it through a proxy:
// WebFinger, NodeInfo, actors. What it does not tell is not told in its place.

import { PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { PublicDocument, WebFingerAccount } from '../../shared/snapshot.ts';
import { readDescriptor } from '../../shared/webfinger/descriptor.ts';
import { ask } from '../http-connections.ts';

export interface AskedService {
  /** Its loopback address. */
  readonly base: URL;
  /** The name by which strangers ask for it. */
  readonly host: string;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

export const activityJson = 'application/activity+json';

/**
 * The address of a path at this origin, whatever the path is: `//host`, or a whole address, would be one elsewhere if it was
 * taken for a reference. What a document leads to is said by others.
 */
export function addressAt(origin: string, path: string): URL {
  return new URL(origin + (path.startsWith('/') ? path : `/${path}`));
}

/** Throws `service-leavings` when the service fails; a service that has no such page has said so. */
export async function get(
  { base, host, signal }: AskedService,
  path: string,
  accept: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const headers = { ...more, host, accept, 'x-forwarded-proto': 'https', 'user-agent': 'Porchlight (home node)' };
  const { statusCode: status, headers: said, body } = await ask(addressAt(base.origin, path), { headers, signal });
  let [text, bytes] = ['', 0];
  const decoder = new TextDecoder();
  for await (const part of body as AsyncIterable<Uint8Array>) {
    bytes += part.byteLength;
    if (bytes > limits.leftDocumentBytes) {
      throw new PorchlightError(
        'service-leavings',
        `Cannot learn what the service leaves: ${path} is longer than it may be.`,
      );
    }
    text += decoder.decode(part, { stream: true });
  }
  if (status >= 500 || status === 429) {
    throw new PorchlightError(
      'service-leavings',
      `Cannot learn what the service leaves: ${path} answered ${status}; see its log.`,
    );
  }
  return { status, contentType: String(said['content-type'] ?? ''), text: text + decoder.decode() };
}

/** By these a service says that a name is nobody's, or none that it answers for (Misskey: 422). */
const nobodys: readonly number[] = [400, 404, 410, 422];

/**
 * RFC 7033, for one name. `nobody`: it says that nobody is called so. `untold`: it says nothing of it, as one does that
 * sends elsewhere or lets nobody in: that is no word for the end of an account.
 */
export async function accountOf(
  service: AskedService,
  resource: string,
): Promise<WebFingerAccount | 'nobody' | 'untold'> {
  const path = `/.well-known/webfinger?resource=${encodeURIComponent(resource)}`;
  const { status, text } = await get(service, path, 'application/jrd+json, application/json');
  if (nobodys.includes(status)) return 'nobody';
  // What is malformed in it costs itself, and not the account.
  return (status === 200 ? readDescriptor(text) : null) ?? 'untold';
}

/** The account's actors as strangers get them; not those that are shown to who signs alone, or at no host of this service. */
export async function actorsOf(
  service: AskedService,
  { links }: WebFingerAccount,
  hosts: readonly string[],
): Promise<readonly PublicDocument[]> {
  const found: PublicDocument[] = [];
  for (const { rel, type, href } of links) {
    const url = rel !== 'self' || href === undefined || !/json/.test(type ?? 'json') ? null : URL.parse(href);
    const document = url === null || !hosts.includes(url.host) ? null : await actorAt(service, url);
    if (document !== null) found.push(document);
  }
  return found;
}

async function actorAt(service: AskedService, { host, pathname, search }: URL): Promise<PublicDocument | null> {
  const path = pathname + search;
  const { status, contentType, text } = await get({ ...service, host }, path, activityJson);
  const isActivity = /^application\/(activity\+json|ld\+json)\b/.test(contentType);
  if (status !== 200 || !isActivity || jsonObject(text) === null) return null;
  return { host, path, contentType, body: text };
}

/** An object of JSON that the service shows to all; null: there is none. */
export async function publicJson(
  service: AskedService,
  path: string,
): Promise<Readonly<Record<string, unknown>> | null> {
  const { status, text } = await get(service, path, 'application/json');
  return status === 200 ? jsonObject(text) : null;
}

/** NodeInfo, section "Discovery". 2.1 is 2.0 with two more things that may be said of the software. */
export async function nodeinfoOf(service: AskedService): Promise<Readonly<Record<string, unknown>> | null> {
  const { status, text } = await get(service, '/.well-known/nodeinfo', 'application/json');
  const links: unknown = status === 200 ? jsonObject(text)?.links : null;
  if (!Array.isArray(links)) return null;
  for (const version of ['2.1', '2.0']) {
    const wanted = `http://nodeinfo.diaspora.software/ns/schema/${version}`;
    const link = links.find((one: { rel?: unknown }) => one.rel === wanted) as { href?: unknown } | undefined;
    const url = typeof link?.href === 'string' ? URL.parse(link.href, `https://${service.host}`) : null;
    if (url === null) continue;
    const answer = await get(service, url.pathname + url.search, 'application/json');
    const document = answer.status === 200 ? jsonObject(answer.text) : null;
    if (document !== null) return { ...document, version: '2.1' };
  }
  return null;
}

function jsonObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    // A page for people, where there should be none: nothing is said.
    return null;
  }
}
