// Which addresses of the site are worth keeping a copy of while home sleeps, most important first: the start page, what
// the site map names, and all that these lead to, images and styles too. Read from the files themselves.

import { readFileSync, realpathSync } from 'node:fs';
import { limits } from '../../../shared/limits.ts';
import { pathsIn } from '../../site-links.ts';
import { resolveFile } from './resolve.ts';

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
  if (resolved.found !== 'file' || resolved.stats.size > limits.searchedBytes) return null;
  return /\.(html?|css|xml|svg)$/i.test(resolved.path) ? readFileSync(resolved.path, 'utf8') : null;
}
