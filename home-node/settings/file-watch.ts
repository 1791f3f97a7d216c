// Notices that a file may have changed, in whatever way it was saved: written in place, or made beside and renamed over
// it, as editors and configuration tools do. So the folder is watched, and not the file, which would be another one then.

import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import type { Timers } from '../link/timers.ts';

export interface FileWatchOptions {
  readonly path: string;
  readonly timers: Timers;
  /** Called once for what happens to the file within a moment. */
  readonly onChange: () => void;
  /** From here on nothing is noticed any more. */
  readonly onTrouble: (error: PorchlightError) => void;
}

export interface FileWatch {
  end(): void;
}

/** An editor's truncating, writing and renaming come within this, ms. */
const settleMs = 50;

/** Throws `settings-watch` when the folder cannot be watched. */
export function watchFile({ path, timers, onChange, onTrouble }: FileWatchOptions): FileWatch {
  const name = basename(path);
  let cancel: (() => void) | null = null;
  const settle = (): void => {
    cancel?.();
    cancel = timers.after(settleMs, () => {
      cancel = null;
      onChange();
    });
  };
  let watcher: FSWatcher;
  try {
    // Some systems do not say which file it was.
    watcher = watch(dirname(path), (_, changed) => {
      if (changed === null || changed === name) settle();
    });
  } catch (thrown) {
    throw trouble(path, thrown);
  }
  const end = (): void => {
    cancel?.();
    watcher.close();
  };
  watcher.on('error', (thrown) => {
    end();
    onTrouble(trouble(path, thrown));
  });
  return { end };
}

function trouble(path: string, thrown: unknown): PorchlightError {
  return new PorchlightError(
    'settings-watch',
    `Cannot watch ${path}: ${causeOf(thrown)}; changes hold after a restart of the home node.`,
    { cause: thrown },
  );
}
