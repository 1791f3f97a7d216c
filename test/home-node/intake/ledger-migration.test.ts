// The ledger's first start under a new version, killed after each statement of each step of its schema: the next start
// finds the step done or not begun, never half of it, and every row.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Ledger } from '../../../home-node/intake/ledger.ts';
import { migrateLedger } from '../../../home-node/intake/ledger-schema.ts';
import { programFiles } from '../../../home-node/program-files.ts';

const steps = readdirSync(programFiles.migrations)
  .filter((name) => /^ledger-.*\.sql$/.test(name))
  .sort()
  .map((name) => {
    const sql = readFileSync(join(programFiles.migrations, name), 'utf8').replace(/^--.*$/gm, '');
    return { name, statements: sql.split(';').filter((statement) => statement.trim() !== '') };
  });
const kills = steps.flatMap(({ name, statements }, step) => statements.map((_, at) => ({ name, step, after: at + 1 })));

let folder: string;
const path = (): string => join(folder, 'ledger.sqlite');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-migration-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** The first `count` steps as files; the last of them dies after so many statements, if any. */
function migrations(name: string, count: number, dieAfter: number | null): string {
  const into = join(folder, name);
  mkdirSync(into);
  for (const [index, { name: file, statements }] of steps.slice(0, count).entries()) {
    const dies = index === count - 1 && dieAfter !== null;
    const sql = dies ? statements.toSpliced(dieAfter, 0, ' SELECT die()') : statements;
    writeFileSync(join(into, file), `${sql.join(';\n')};\n`);
  }
  return into;
}

describe('a ledger whose schema is being brought up to date', () => {
  test.each(kills)('survives a kill in $name after statement $after', async ({ step, after }) => {
    const before = new DatabaseSync(path());
    migrateLedger(before, migrations('before', step, null));
    if (step > 0) {
      before.exec(
        "INSERT INTO marks (id, service, sender, begun_at, outcome, answered_at) VALUES ('a','s','x',1,'delivered',2)",
      );
    }
    before.close();

    const program = join(import.meta.dirname, 'ledger-migration-program.ts');
    const killed = spawnSync(process.execPath, [program, path(), migrations('killed', step + 1, after)]);
    expect([killed.signal, killed.stderr.toString()]).toEqual(['SIGKILL', '']);

    const ledger = await Ledger.open(path());
    const known = ledger.mark([{ mark: 'begin', id: 'a', service: 's', sender: 'x', at: 3 }]);
    expect(known).toEqual([step > 0 ? 'delivered' : 'fresh']);
    await ledger.close();
    const now = new DatabaseSync(path(), { readOnly: true });
    expect(now.prepare('PRAGMA user_version').get()).toEqual({ user_version: steps.length });
    now.close();
  });
});
