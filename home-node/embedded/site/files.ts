// Reads files of the site with what HTTP says of them. Small files stay in memory as long as they do not change on
// disk: a page costs two system calls and no stream, because home runs on the sun.

import { createHash } from 'node:crypto';
import { readFileSync, type Stats } from 'node:fs';
import { getMimeType } from 'hono/utils/mime';
import type { Clock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import type { Validators } from './conditions.ts';

export interface SiteFile extends Validators {
  readonly path: string;
  readonly size: number;
  readonly type: string;
  /** null: too large for memory, to be read from `path`. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
}

interface Remembered {
  readonly file: SiteFile & { readonly bytes: Uint8Array<ArrayBuffer> };
  readonly stamp: string;
}

/** Two writes within one tick of the file system's clock look like one: a file so young is read again. */
const settledMs = 2000;

export class SiteFiles {
  readonly #clock: Clock;
  /** By path; the one used longest ago first. */
  readonly #remembered = new Map<string, Remembered>();
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  open(path: string, stats: Stats): SiteFile {
    const stamp = `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeMs}:${stats.ctimeMs}`;
    const known = this.#remembered.get(path);
    if (known !== undefined) {
      this.#remembered.delete(path);
      if (known.stamp === stamp) {
        this.#remembered.set(path, known);
        return known.file;
      }
      this.#bytes -= known.file.size;
    }
    const common = { path, modifiedAt: stats.mtimeMs, type: getMimeType(path) ?? 'application/octet-stream' };
    if (stats.size > limits.siteFileInMemoryBytes) {
      return { ...common, size: stats.size, etag: `"${digest(stamp)}"`, bytes: null };
    }
    const bytes = new Uint8Array(readFileSync(path));
    const file = { ...common, size: bytes.length, etag: `"${digest(bytes)}"`, bytes };
    if (this.#clock.now() - Math.max(stats.mtimeMs, stats.ctimeMs) > settledMs) this.#remember({ file, stamp });
    return file;
  }

  #remember(entry: Remembered): void {
    this.#remembered.set(entry.file.path, entry);
    this.#bytes += entry.file.size;
    for (const [path, oldest] of this.#remembered) {
      if (this.#bytes <= limits.siteMemoryBytes) break;
      this.#remembered.delete(path);
      this.#bytes -= oldest.file.size;
    }
  }
}

function digest(of: string | Uint8Array): string {
  return createHash('sha256').update(of).digest('base64url').slice(0, 22);
}
