// GET /.porchlight/status and status.json, at every host of a home: how it is doing, for anybody. An owner who does not
// want it seen turns it off, and then nothing is there.

import type { GoesBy } from '../../shared/config/goes-by.ts';
import { limits } from '../../shared/limits.ts';
import type { HomeRecord } from '../home/directory.ts';
import { pagePolicy } from '../http/page-policy.ts';
import { problem } from '../http/problem.ts';
import { pageLanguage } from '../pages/language.ts';
import { siteOf } from '../pages/site.ts';
import { statusJsonPath, statusPage } from '../pages/status.ts';
import { publicStatus } from '../pages/status-facts.ts';
import { statusJson } from '../pages/status-json.ts';
import type { StatusReader } from './gather.ts';

export interface StatusRoutesParts {
  readonly status: StatusReader;
}

export async function answerStatus(
  { status }: StatusRoutesParts,
  { homeId }: HomeRecord,
  said: GoesBy,
  request: Request,
): Promise<Response> {
  const site = siteOf(said);
  if (!site.statusPage) return problem(404, 'no-such-call');
  if (request.method !== 'GET' && request.method !== 'HEAD') return problem(405, 'method', { allow: ['GET', 'HEAD'] });
  const { host, pathname } = new URL(request.url);
  const found = publicStatus(await status.of(homeId, said), host);
  const shared = {
    'Cache-Control': `public, max-age=${limits.statusFreshMs / 1000}`,
    'X-Content-Type-Options': 'nosniff',
  };
  if (pathname === statusJsonPath) {
    // Anybody may show it elsewhere: it says nothing that depends on who asks.
    return Response.json(statusJson(found), { headers: { ...shared, 'Access-Control-Allow-Origin': '*' } });
  }
  const lang = pageLanguage(site.language, request.headers.get('Accept-Language'));
  return new Response(statusPage(found, lang, site.title), {
    headers: {
      ...shared,
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Language': lang,
      'Content-Security-Policy': pagePolicy,
      'Referrer-Policy': 'same-origin',
      Vary: 'Accept-Language',
    },
  });
}
