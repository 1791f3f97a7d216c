// Brings a backup back as a data folder. Everything is unpacked beside the folder and takes its place by one rename, so
// that a crash leaves no half of a home.

import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { oweReplay } from '../intake/fallen-back.ts';
import { Ledger, ledgerFileName } from '../intake/ledger.ts';
import type { OnProgress } from '../progress.ts';
import { type BackupLabel, BackupReader, type FileListing } from './archive.ts';

export interface BackupFound {
  readonly label: BackupLabel;
  readonly files: readonly FileListing[];
}

/** What lies in a backup, without unpacking it. Throws `backup-unreadable`, `backup-newer`. */
export function lookInto(path: string): BackupFound {
  const reader = new BackupReader(path);
  try {
    return { label: reader.label, files: reader.list() };
  } finally {
    reader.close();
  }
}

/** Rejects besides with `folder-not-empty` and `restore-failed`; then the folder is as it was. */
export async function restoreBackup(path: string, folder: string, onProgress: OnProgress): Promise<BackupFound> {
  mustBeFree(folder);
  const reader = new BackupReader(path);
  const part = `${folder}.restoring`;
  try {
    const files = reader.list();
    // Of a restore that was interrupted.
    rmSync(part, { recursive: true, force: true });
    mkdirSync(dirname(part), { recursive: true });
    // Not `recursive`: a folder that somebody else put there meanwhile is no place for a key.
    mkdirSync(part, { mode: 0o700 });
    for (const [index, file] of files.entries()) {
      onProgress({ step: 'unpacking files', done: index, of: files.length });
      await nextTurn();
      unpack(part, file, reader.read(file));
    }
    await oweWhatCameSince(part);
    // Between these two a crash leaves no folder, and the restore can be repeated.
    if (existsSync(folder)) rmdirSync(folder);
    renameSync(part, folder);
    syncFolder(dirname(folder));
    return { label: reader.label, files };
  } catch (thrown) {
    if (thrown instanceof PorchlightError) throw thrown;
    throw new PorchlightError(
      'restore-failed',
      `Cannot restore ${path} to ${folder}: ${causeOf(thrown)}; mend that and restore again.`,
    );
  } finally {
    rmSync(part, { recursive: true, force: true });
    reader.close();
  }
}

/** What the old disk took after the backup was made is nowhere now but at the edge. */
async function oweWhatCameSince(folder: string): Promise<void> {
  const path = join(folder, ledgerFileName);
  if (!existsSync(path)) return;
  const ledger = await Ledger.open(path);
  try {
    await oweReplay(ledger);
  } finally {
    await ledger.close();
  }
}

function mustBeFree(folder: string): void {
  if (!existsSync(folder) || readdirSync(folder).length === 0) return;
  throw new PorchlightError(
    'folder-not-empty',
    `Cannot restore to ${folder}: it is not empty; name another folder by --home, or move this one away.`,
  );
}

function unpack(folder: string, { name, mode, modifiedAt }: FileListing, bytes: Uint8Array): void {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  // `wx`: no file of the archive may be written through another one.
  const file = openSync(path, 'wx', mode);
  try {
    for (let at = 0; at < bytes.byteLength; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  utimesSync(path, modifiedAt / 1000, modifiedAt / 1000);
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
