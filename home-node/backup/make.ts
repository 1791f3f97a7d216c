// Makes a backup of a data folder, also while a home node runs on it: databases are copied as of one moment (VACUUM INTO),
// other files are replaced whole by whoever writes them (durable-file.ts).

import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../shared/clock.ts';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { readClaim } from '../claim-file.ts';
import { readConfig } from '../config.ts';
import { programVersion } from '../program-files.ts';
import type { OnProgress } from '../progress.ts';
import { DatabaseSync } from '../sqlite.ts';
import { BackupWriter } from './archive.ts';
import { contentsOf } from './contents.ts';

export interface BackupMade {
  readonly path: string;
  readonly bytes: number;
  readonly files: number;
  readonly leftOut: readonly string[];
}

/** Rejects with `backup-exists`, `backup-failed`, `config`. The file appears whole or not at all. */
export async function makeBackup(
  folder: string,
  path: string,
  clock: Clock,
  onProgress: OnProgress,
): Promise<BackupMade> {
  const { domain, edge } = readConfig(folder);
  if (existsSync(path)) {
    throw new PorchlightError('backup-exists', `Cannot write ${path}: it is there already; choose another name.`);
  }
  const { files, leftOut } = contentsOf(folder);
  let work: string | null = null;
  try {
    // Beside the goal, so that it can take its place by a rename. A folder of its own: only its user may look into it.
    work = mkdtempSync(join(dirname(path), '.porchlight-backup-'));
    const part = join(work, basename(path));
    const homeId = readClaim(folder, edge)?.homeId ?? null;
    const writer = new BackupWriter(part, { domain, homeId, madeAt: clock.now(), version: programVersion() });
    try {
      for (const [index, name] of files.entries()) {
        onProgress({ step: 'copying files', done: index, of: files.length });
        await nextTurn();
        const from = join(folder, name);
        const { mode, mtimeMs } = statSync(from);
        const bytes = name.endsWith('.sqlite') ? databaseBytes(from, join(work, 'copy.sqlite')) : readFileSync(from);
        writer.add({ name, mode: mode & 0o777, modifiedAt: mtimeMs, bytes });
      }
      writer.finish();
    } finally {
      writer.close();
    }
    renameSync(part, path);
    return { path, bytes: statSync(path).size, files: files.length, leftOut };
  } catch (thrown) {
    if (thrown instanceof PorchlightError) throw thrown;
    throw new PorchlightError(
      'backup-failed',
      `Cannot write the backup ${path}: ${causeOf(thrown)}; see whether there is room and try again.`,
    );
  } finally {
    if (work !== null) rmSync(work, { recursive: true, force: true });
  }
}

function databaseBytes(path: string, copy: string): Uint8Array {
  const database = new DatabaseSync(path, { timeout: 10_000 });
  try {
    database.prepare('VACUUM INTO ?').run(copy);
  } finally {
    database.close();
  }
  try {
    return readFileSync(copy);
  } finally {
    rmSync(copy);
  }
}
