// What the edge says of itself to anybody, at any host and before any claim: which program it is, and how a request's
// address reached it. The owner's `porchlight doctor` asks both from home.

import type { EdgeAbout } from '../../shared/edge-about.ts';
import { limits } from '../../shared/limits.ts';
import { problem } from '../http/problem.ts';

const safeHeaders = {
  'Content-Type': 'application/json',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
};

/** `now` in ms since the epoch. With the edge's time: not every runtime adds a Date of its own. */
export function answerEdge(about: EdgeAbout, method: string, now: number): Response {
  return answer(method, JSON.stringify(about), now);
}

/**
 * The path and query that this request had when it came to the Worker: whatever stands in front of it (URL normalisation,
 * rules) has changed them by then or has not. Nothing else of the request is said back.
 */
export function answerEcho(request: Request, now: number): Response {
  const { pathname, search } = new URL(request.url);
  const url = pathname + search;
  if (url.length > limits.echoLength) return problem(414, 'too-long');
  return answer(request.method, escaped(JSON.stringify({ url })), now);
}

function answer(method: string, body: string, now: number): Response {
  if (method !== 'GET' && method !== 'HEAD') return problem(405, 'method', { allow: ['GET', 'HEAD'] });
  const headers = { ...safeHeaders, Date: new Date(now).toUTCString() };
  return new Response(method === 'HEAD' ? null : body, { headers });
}

/** Whoever takes these bytes for HTML in spite of their type finds no markup in them. */
function escaped(json: string): string {
  return json.replace(/[<>&'\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
