// What stands at fixed paths of a host (RFC 8615) and is answered from what home left, awake or asleep: one table, which
// each part of the edge joins with paths of its own. The router asks it first; null means that the path is not in it, or
// that home left nothing to answer it with: home itself is asked then. A refusal for good (404, 410) is said only where
// home itself declared it: peers take it for the end of what they asked for.

import type { Snapshot } from '../../shared/snapshot.ts';
import { problem } from '../http/problem.ts';
import { urlOf } from '../http/url-of.ts';

export interface Content {
  /** Media type. */
  readonly type: string;
  readonly body: string;
}

/** A Response is a refusal, made by problem.ts. */
export type WellKnownAnswer = (url: Readonly<URL>, snapshot: Snapshot) => Content | Response | null;

/** By path, as it stands in an address. */
export type WellKnownTable = ReadonlyMap<string, WellKnownAnswer>;

/** Others may hold an answer for so long. */
const maxAgeSeconds = 600;
/** A browser may go by the answer to its OPTIONS for so long. */
const preflightSeconds = 86_400;
/** RFC 7033 section 5: programs in browsers may read these answers, refusals too. */
const forAll = { 'Access-Control-Allow-Origin': '*' };
export const methods = ['GET', 'HEAD'] as const;

/** Throws when two parts want the same path: which of them answered would be chance. */
export function joined(...tables: readonly WellKnownTable[]): WellKnownTable {
  const all = new Map<string, WellKnownAnswer>();
  for (const [path, answer] of tables.flatMap((table) => [...table])) {
    if (all.has(path)) throw new Error(`Cannot make the table of fixed paths: ${path} is answered twice.`);
    all.set(path, answer);
  }
  return all;
}

/** `now` in ms since the epoch. */
export function answerWellKnown(
  table: WellKnownTable,
  request: Request,
  snapshot: Snapshot,
  now: number,
): Response | null {
  const url = urlOf(request);
  const content = table.get(url.pathname)?.(url, snapshot) ?? null;
  if (content === null) return null;
  const refusal = refusalOfMethod(request.method);
  if (refusal !== null) return refusal;
  if (content instanceof Response) return forEveryone(content);
  const headers = {
    'Content-Type': content.type,
    'Cache-Control': `public, max-age=${maxAgeSeconds}`,
    Age: String(Math.max(0, Math.floor((now - snapshot.madeAt) / 1000))),
    ...forAll,
  };
  return new Response(request.method === 'HEAD' ? null : content.body, { headers });
}

/** null for a method that reads; the answer to a browser that asks first (Fetch Standard, "CORS-preflight"), or 405. */
export function refusalOfMethod(method: string): Response | null {
  if (method === 'GET' || method === 'HEAD') return null;
  if (method !== 'OPTIONS') return forEveryone(problem(405, 'method', { allow: methods }));
  const headers = {
    Allow: [...methods, 'OPTIONS'].join(', '),
    'Access-Control-Allow-Methods': methods.join(', '),
    'Access-Control-Allow-Headers': '*',
    'Access-Control-Max-Age': String(preflightSeconds),
  };
  return forEveryone(new Response(null, { status: 204, headers }));
}

/** As forAll. */
export function forEveryone(response: Response): Response {
  for (const [name, value] of Object.entries(forAll)) response.headers.set(name, value);
  return response;
}

export function json(type: string, body: unknown): Content {
  return { type, body: JSON.stringify(body) };
}
