// Writes a small file so that after a power cut there is the old content or the new one, never a part.

import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** `mode` counts from the first byte on: a secret is at no moment readable by others. */
export function writeDurably(path: string, text: string, mode = 0o644): void {
  const part = `${path}.part`;
  const file = openSync(part, 'w', mode);
  try {
    // A part left by an interrupted run keeps its mode when it is opened again.
    fchmodSync(file, mode);
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
