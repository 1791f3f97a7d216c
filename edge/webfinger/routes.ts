// Who is here, and what runs here: WebFinger, NodeInfo and host-meta, answered from what home left. One table of paths;
// what home did not say is its services' to say (services.ts).

import type { Snapshot } from '../../shared/snapshot.ts';
import { edgeActorAccount } from '../activitypub/edge-actor.ts';
import { problem } from '../http/problem.ts';
import { type Content, json, type WellKnownAnswer, type WellKnownTable } from '../well-known/table.ts';
import { answerWebFinger } from './answer.ts';
import { hostMeta, hostMetaDocument, hostMetaType } from './host-meta.ts';
import { type Document, nodeInfoDocument, nodeInfoLinks, nodeInfoType, nodeInfoVersions } from './nodeinfo.ts';

export const webFingerPath = '/.well-known/webfinger';
export const descriptorType = 'application/jrd+json';

export const webFingerTable: WellKnownTable = new Map<string, WellKnownAnswer>([
  [webFingerPath, (url, snapshot) => webFinger(url, snapshot)],
  ['/.well-known/host-meta', (url) => ({ type: hostMetaType, body: hostMeta(originOf(url)) })],
  ['/.well-known/host-meta.json', (url) => json('application/json', hostMetaDocument(originOf(url)))],
  ['/.well-known/nodeinfo', (url, snapshot) => ofHost(url, snapshot, () => nodeInfoLinks(originOf(url)))],
  ...nodeInfoVersions.map((version): [string, WellKnownAnswer] => [
    `/nodeinfo/${version}`,
    (url, snapshot) => ofHost(url, snapshot, (left) => nodeInfoDocument(left, version), nodeInfoType(version)),
  ]),
]);

function webFinger(url: URL, snapshot: Snapshot): Content | Response | null {
  const query = url.search.slice(1);
  const left = answerWebFinger(query, snapshot.accounts);
  const answer = left.status === 404 ? answerWebFinger(query, [edgeActorAccount(originOf(url))]) : left;
  switch (answer.status) {
    case 200:
      return json(descriptorType, answer.body);
    case 400:
      return malformed();
    case 404:
      // A peer takes 404 for the end of an account.
      return snapshot.complete ? unknown() : null;
  }
}

export function malformed(): Response {
  return problem(400, 'resource-malformed', { title: 'One resource is needed, as a URI.' });
}

export function unknown(): Response {
  return problem(404, 'no-resource', { title: 'Nobody of this name is here.' });
}

/** NodeInfo of the server at this host. There is one for a host; a host of none has that of home's first server. */
function ofHost(
  { host }: URL,
  { nodeinfo, nodeinfos = {} }: Snapshot,
  made: (left: Document) => Document,
  type = 'application/json',
): Content | null {
  const left = (Object.hasOwn(nodeinfos, host) ? nodeinfos[host] : nodeinfo) ?? null;
  return left === null ? null : json(type, made(left));
}

/**
 * Where the host that was asked is found. WebFinger is asked over HTTPS alone (RFC 7033 section 4), however this was
 * asked; a host with a port is one of development.
 */
function originOf({ host, port, origin }: URL): string {
  return port === '' ? `https://${host}` : origin;
}
