// Answers visitors with the owner's own files: GET and HEAD, with validators, conditions and ranges (RFC 9110), and a
// friendly page for what is not there. The edge and browsers may keep everything here for a minute: it is public.

import { createReadStream, realpathSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { HttpBindings } from '@hono/node-server';
import type { Context as HonoContext } from 'hono';
import type { Clock } from '../../../shared/clock.ts';
import { evaluateConditions, evaluateRange } from './conditions.ts';
import { type SiteFile, SiteFiles } from './files.ts';
import { type NotFoundOptions, notFoundPage } from './not-found.ts';
import { resolveFile } from './resolve.ts';

type Context = HonoContext<{ Bindings: HttpBindings }>;
export type SiteHandler = (context: Context) => Response;

const cacheControl = 'public, max-age=60';

/** `folder` must be there. */
export function serveSite(folder: string, options: NotFoundOptions, clock: Clock): SiteHandler {
  const root = realpathSync.native(folder);
  const files = new SiteFiles(clock);
  return (context) => {
    const { method } = context.req;
    // As it came: a URL parser would have resolved `..` already.
    const path = (context.env.incoming.url ?? '/').replace(/[?#].*$/s, '');
    if (method !== 'GET' && method !== 'HEAD') {
      return new Response('Only GET and HEAD are answered here.\n', { status: 405, headers: { Allow: 'GET, HEAD' } });
    }
    const resolved = resolveFile(root, path);
    switch (resolved.found) {
      case 'file':
        return answer(context, method, files.open(resolved.path, resolved.stats));
      case 'folder':
        // As a path: a host in it would be whatever the request said. One slash: `//host` would be a host.
        return new Response(null, { status: 308, headers: { Location: `/${path.replace(/^\/+/, '')}/` } });
      case 'nothing':
        return answerNotFound(root, files, options);
    }
  };
}

function answer(context: Context, method: string, file: SiteFile): Response {
  const header = (name: string): string | undefined => context.req.header(name);
  const { etag, size } = file;
  const headers: Record<string, string> = {
    'Cache-Control': cacheControl,
    ETag: etag,
    'Last-Modified': new Date(file.modifiedAt).toUTCString(),
  };
  const verdict = evaluateConditions(header, file);
  if (verdict === 'not-modified') return new Response(null, { status: 304, headers });
  if (verdict === 'failed') return new Response(null, { status: 412, headers });
  // A type that is guessed from the name is meant; browsers shall not guess another.
  Object.assign(headers, { 'Content-Type': file.type, 'Accept-Ranges': 'bytes', 'X-Content-Type-Options': 'nosniff' });
  const range = method === 'GET' ? evaluateRange(header, file, size) : { range: 'whole' as const };
  switch (range.range) {
    case 'unsatisfiable':
      return new Response(null, { status: 416, headers: { ...headers, 'Content-Range': `bytes */${size}` } });
    case 'part': {
      const { first, last } = range;
      const part = { 'Content-Range': `bytes ${first}-${last}/${size}`, 'Content-Length': String(last - first + 1) };
      return new Response(bodyOf(file, first, last), { status: 206, headers: { ...headers, ...part } });
    }
    case 'whole':
      headers['Content-Length'] = String(size);
      return new Response(method === 'HEAD' || size === 0 ? null : bodyOf(file, 0, size - 1), { headers });
  }
}

function bodyOf(file: SiteFile, first: number, last: number): ConstructorParameters<typeof Response>[0] {
  if (file.bytes !== null) return file.bytes.subarray(first, last + 1);
  return Readable.toWeb(createReadStream(file.path, { start: first, end: last })) as ReadableStream;
}

/** The owner's own 404.html, or ours. */
function answerNotFound(root: string, files: SiteFiles, options: NotFoundOptions): Response {
  const headers = { 'Cache-Control': cacheControl, 'Content-Type': 'text/html; charset=utf-8' };
  const own = resolveFile(root, '/404.html');
  const bytes = own.found === 'file' ? files.open(own.path, own.stats).bytes : null;
  return new Response(bytes ?? notFoundPage(options), { status: 404, headers });
}
