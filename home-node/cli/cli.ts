// What every command is given: where it writes, which data folder is meant, time and dice. Nothing in a command reads the
// process itself, so that tests can run any of them.

import type { Clock, Random } from '../../shared/clock.ts';
import { plainJson } from '../plain-text.ts';
import { dataFolder } from './folder.ts';
import type { Terminal } from './terminal.ts';

export interface Cli {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly random: Random;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home directory. */
  readonly homeDirectory: string;
  /** Sets the code with which the process will end. */
  readonly exitWith: (code: number) => void;
}

/** Options that every command about a data folder has. */
export interface FolderOptions {
  readonly home?: string;
}

export interface JsonOptions {
  readonly json?: boolean;
}

export function folderOf({ env, homeDirectory }: Cli, { home }: FolderOptions): string {
  return dataFolder({ option: home, env, homeDirectory });
}

/** The same as the table says, for programs: one JSON text with a line end. */
export function sayJson({ terminal }: Cli, value: unknown): void {
  terminal.say(plainJson(value, 2));
}
