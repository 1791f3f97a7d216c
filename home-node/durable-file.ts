// Writes a small file so that after a power cut there is the old content or the new one, never a part.

import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * `mode` counts from the first byte on: a secret is at no moment readable by others. null: what the process may give
 * (umask).
 */
export function writeDurably(path: string, text: string, mode: number | null = null): void {
  const part = `${path}.part`;
  // Of an interrupted run, or put there by somebody else to be written into: a link, a file of theirs.
  rmSync(part, { force: true });
  const file = openSync(part, 'wx', mode ?? 0o666);
  try {
    if (mode !== null) fchmodSync(file, mode);
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(part, path);
  syncFolder(dirname(path));
}

/** What was renamed or removed in a folder is durable only when the folder is. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
