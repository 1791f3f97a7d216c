// Which addresses of the site are worth keeping a copy of while home sleeps, most important first: the start page, what
// the site map names, and all that these lead to, images and styles too. Read from the files themselves.

import { readFileSync, realpathSync } from 'node:fs';
import { limits } from '../../../shared/limits.ts';
import { resolveFile } from './resolve.ts';

/** Markup larger than this is not searched for links. */
const searchedBytes = 1024 * 1024;

/** Paths, at most `limits.sitePages`, each of a file that is there. */
export function sitePages(folder: string, origin: string): readonly string[] {
  const root = realpathSync.native(folder);
  const found = new Set<string>();
  const waiting = ['/', ...pathsIn(read(root, '/sitemap.xml') ?? '', '/sitemap.xml', origin), '/feed.xml'];
  const asked = new Set(waiting);
  // In order of distance from the start: waiting grows while it is walked.
  for (const path of waiting) {
    if (found.size === limits.sitePages) break;
    if (resolveFile(root, path).found !== 'file') continue;
    found.add(path);
    for (const next of pathsIn(read(root, path) ?? '', path, origin)) {
      if (asked.has(next)) continue;
      asked.add(next);
      waiting.push(next);
    }
  }
  return [...found];
}

/** The text of a file that may hold links, or null. */
function read(root: string, path: string): string | null {
  const resolved = resolveFile(root, path);
  if (resolved.found !== 'file' || resolved.stats.size > searchedBytes) return null;
  return /\.(html?|css|xml|svg)$/i.test(resolved.path) ? readFileSync(resolved.path, 'utf8') : null;
}

const links = [
  /\b(?:href|src|poster)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/gi,
  /\burl\(\s*(?:"([^"]*)"|'([^']*)'|([^\s"')]+))\s*\)/gi,
  /@import\s+(?:"([^"]*)"|'([^']*)')/gi,
  /<loc>\s*([^<\s]+)\s*<\/loc>/gi,
];

/** Paths at this origin that `text`, found at `path`, names. */
function pathsIn(text: string, path: string, origin: string): readonly string[] {
  return links.flatMap((pattern) =>
    [...text.matchAll(pattern)].flatMap(([, ...quoted]) => {
      const named = quoted.find((part) => part !== undefined)?.replaceAll('&amp;', '&') ?? '';
      const url = URL.parse(named, `${origin}${path}`);
      return url !== null && url.origin === origin ? [url.pathname] : [];
    }),
  );
}
