// Who is here, and what runs here: WebFinger, NodeInfo and host-meta, answered from what home left, awake or asleep.
// The router asks this file first for these paths; null means that the path is not one of them, or that home left
// nothing to answer it with: home itself is asked then.

import type { Snapshot } from '../../shared/snapshot.ts';
import { edgeActorAccount } from '../activitypub/edge-actor.ts';
import { problem } from '../http/problem.ts';
import { answerWebFinger } from './answer.ts';
import { hostMeta, hostMetaType } from './host-meta.ts';
import { nodeInfoDocument, nodeInfoLinks, nodeInfoType, nodeInfoVersions } from './nodeinfo.ts';

/** Others may hold an answer for so long. */
const maxAgeSeconds = 600;

interface Content {
  readonly type: string;
  readonly body: string;
}

/** `now` in ms since the epoch. */
export function answerWellKnown(request: Request, snapshot: Snapshot, now: number): Response | null {
  const content = contentAt(new URL(request.url), snapshot);
  if (content === null) return null;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return forEveryone(problem(405, 'method', { allow: ['GET', 'HEAD'] }));
  }
  if (content === 400)
    return forEveryone(problem(400, 'resource-malformed', { title: 'One resource is needed, as a URI.' }));
  if (content === 404) return forEveryone(problem(404, 'no-resource', { title: 'Nobody of this name is here.' }));
  const headers = {
    'Content-Type': content.type,
    'Cache-Control': `public, max-age=${maxAgeSeconds}`,
    Age: String(Math.max(0, Math.floor((now - snapshot.madeAt) / 1000))),
  };
  return forEveryone(new Response(request.method === 'HEAD' ? null : content.body, { headers }));
}

function contentAt({ pathname, search, origin }: URL, snapshot: Snapshot): Content | 400 | 404 | null {
  const { nodeinfo, accounts } = snapshot;
  switch (pathname) {
    case '/.well-known/webfinger': {
      const answer = answerWebFinger(search.slice(1), [...accounts, edgeActorAccount(origin)]);
      // A peer takes 404 for the end of an account.
      if (answer.status === 404 && !snapshot.complete) return null;
      return answer.status === 200 ? json('application/jrd+json', answer.body) : answer.status;
    }
    case '/.well-known/host-meta':
      return { type: hostMetaType, body: hostMeta(origin) };
    case '/.well-known/nodeinfo':
      return nodeinfo === null ? null : json('application/json', nodeInfoLinks(origin));
    default: {
      const version = nodeInfoVersions.find((each) => pathname === `/nodeinfo/${each}`);
      if (version === undefined || nodeinfo === null) return null;
      return json(nodeInfoType(version), nodeInfoDocument(nodeinfo, version));
    }
  }
}

function json(type: string, body: unknown): Content {
  return { type, body: JSON.stringify(body) };
}

/** RFC 7033 section 5: programs in browsers may read these answers, refusals too. */
function forEveryone(response: Response): Response {
  response.headers.set('Access-Control-Allow-Origin', '*');
  return response;
}
