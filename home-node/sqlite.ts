// Node's own SQLite, without the warning that Node 22 prints when it is first loaded: an owner can do nothing about it.
// That one warning and nothing else is kept back, here and for as long as the loading takes; so everything at home takes
// SQLite from here. An import of node:sqlite would be loaded, and warned of, before any line of ours runs.

import type * as sqlite from 'node:sqlite';

export type { StatementSync } from 'node:sqlite';

function load(): typeof sqlite {
  const { emitWarning } = process;
  const keepBack = (warning: string | Error, ...more: unknown[]): void => {
    const known = String(warning).startsWith('SQLite is an experimental feature') && more[0] === 'ExperimentalWarning';
    if (!known) Reflect.apply(emitWarning, process, [warning, ...more]);
  };
  process.emitWarning = keepBack;
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}

export const { DatabaseSync } = load();
export type DatabaseSync = sqlite.DatabaseSync;
