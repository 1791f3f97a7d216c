// From the path of a request to a file of the site's folder, or to nothing. Strangers choose the path, so it can lead to
// no file outside the folder (by `..`, by encoding, by a symbolic link) and to no hidden one.

import { realpathSync, type Stats, statSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';

export type Resolved =
  /** `path` is the file itself, with symbolic links followed. */
  | { readonly found: 'file'; readonly path: string; readonly stats: Stats }
  /** A folder was named without its slash: links inside it would be off by one. */
  | { readonly found: 'folder' }
  | { readonly found: 'nothing' };

const nothing: Resolved = { found: 'nothing' };

/** `root` has no symbolic links in it; `path` is the raw path of the request, without its query. */
export function resolveFile(root: string, path: string): Resolved {
  const segments = segmentsOf(path);
  if (segments === null) return nothing;
  const named = path.endsWith('/') ? [...segments, 'index.html'] : segments;
  try {
    const real = realpathSync.native(join(root, ...named));
    if (!isInside(root, real)) return nothing;
    const stats = statSync(real);
    if (stats.isFile()) return { found: 'file', path: real, stats };
    return stats.isDirectory() && statSync(join(real, 'index.html')).isFile() ? { found: 'folder' } : nothing;
  } catch (thrown) {
    if (isAbsent(thrown)) return nothing;
    throw thrown;
  }
}

/** Decoded names between the slashes; null when one of them is no name of a public file. */
function segmentsOf(path: string): readonly string[] | null {
  if (!path.startsWith('/')) return null;
  try {
    const segments = path.slice(1).split('/').map(decodeURIComponent);
    if (segments.at(-1) === '') segments.pop();
    return segments.every(isPublicName) ? segments : null;
  } catch {
    // Not percent-encoded UTF-8.
    return null;
  }
}

/** `.well-known` (RFC 8615) is the one name with a dot in front that is meant for strangers. */
function isPublicName(name: string): boolean {
  if (name === '' || /[/\\\0]/.test(name)) return false;
  return !name.startsWith('.') || name === '.well-known';
}

/** The same rules for where symbolic links led. */
function isInside(root: string, real: string): boolean {
  const way = relative(root, real);
  return way !== '' && !isAbsolute(way) && way.split(sep).every(isPublicName);
}

function isAbsent(thrown: unknown): boolean {
  const code = (thrown as NodeJS.ErrnoException).code;
  return ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EACCES'].includes(code ?? '');
}
