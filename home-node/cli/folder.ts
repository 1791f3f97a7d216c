// Which data folder a command is about: --home, else PORCHLIGHT_HOME, else `porchlight` in the user's home directory.

import { existsSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { PorchlightError } from '../../shared/errors.ts';
import { configFileName } from '../config.ts';

export interface FolderFacts {
  /** --home as typed. */
  readonly option: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
}

/** Absolute path. */
export function dataFolder({ option, env, homeDirectory }: FolderFacts): string {
  const named = option ?? env.PORCHLIGHT_HOME;
  return named === undefined || named === '' ? join(homeDirectory, 'porchlight') : resolve(named);
}

/** Throws `no-folder` when there is no porchlight.toml in it. */
export function mustBeThere(folder: string): string {
  if (existsSync(join(folder, configFileName))) return folder;
  throw new PorchlightError(
    'no-folder',
    `Cannot find ${configFileName} in ${folder}: begin with porchlight init, or name another folder by --home.`,
  );
}

/** As people write it: below their home directory with `~`. */
export function shownPath(path: string, homeDirectory: string): string {
  return path.startsWith(`${homeDirectory}${sep}`) ? `~${path.slice(homeDirectory.length)}` : path;
}

/** A word of a command line that a shell reads as it is. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
