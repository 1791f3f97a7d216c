// What belongs into a backup: everything in the data folder that a new machine cannot make anew. Not: what belongs to one
// running process, logs, the local edge's own data, and files too large for one row.

import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { limits } from '../../shared/limits.ts';

export interface Contents {
  readonly files: readonly string[];
  /** Left out because they are too large, or no files. The owner is told. */
  readonly leftOut: readonly string[];
}

const ofAProcess =
  /(^|\/)(lock\.sqlite|control\.sock)$|-(wal|shm|journal)$|\.part$|\.log$|(^|\/)\.porchlight-backup-[^/]+$/;
/** Of `npm start`: the edge beside home, on the same machine. */
const notHomes = new Set(['edge']);

/** Names relative to the folder, sorted. */
export function contentsOf(folder: string): Contents {
  const files: string[] = [];
  const leftOut: string[] = [];
  const walk = (at: string): void => {
    for (const entry of readdirSync(join(folder, at), { withFileTypes: true })) {
      const name = at === '' ? entry.name : `${at}/${entry.name}`;
      if (ofAProcess.test(name) || notHomes.has(name)) continue;
      if (entry.isDirectory()) walk(name);
      else if (entry.isFile() && lstatSync(join(folder, name)).size <= limits.backupFileBytes) files.push(name);
      else leftOut.push(name);
    }
  };
  walk('');
  const byName = (a: string, b: string): number => a.localeCompare(b);
  return { files: files.sort(byName), leftOut: leftOut.sort(byName) };
}
