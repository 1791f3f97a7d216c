// The embedded home's SQLite file: brought forward, never back, and private.

import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../../home-node/embedded/database.ts';
import { makeFolder } from './running.ts';

const shipped = join(import.meta.dirname, '..', '..', '..', 'migrations', 'home', 'embedded');

describe('the database of the embedded home', () => {
  let folder: string;
  let file: string;
  let migrations: string;
  beforeEach(() => {
    folder = makeFolder();
    file = join(folder, 'actor', 'actor.sqlite');
    migrations = join(folder, 'migrations');
    mkdirSync(migrations);
    for (const name of readdirSync(shipped)) copyFileSync(join(shipped, name), join(migrations, name));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const nextStep = (sql: string): void =>
    writeFileSync(join(migrations, `${String(readdirSync(migrations).length + 1).padStart(4, '0')}_next.sql`), sql);

  test('waits for the disk at every commit, and nobody else may read it', () => {
    const database = openDatabase(file, 'always');
    expect(database.sql.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(database.sql.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
    for (const name of readdirSync(join(folder, 'actor'))) {
      expect(statSync(join(folder, 'actor', name)).mode & 0o077).toBe(0);
    }
    database.close();
  });

  test('is brought forward with what is in it', () => {
    const before = openDatabase(file, 'always', migrations);
    before.sql.exec(`INSERT INTO milestones (name, at) VALUES ('x', 1)`);
    before.close();
    nextStep('ALTER TABLE milestones ADD COLUMN note TEXT;');
    const after = openDatabase(file, 'always', migrations);
    expect(after.sql.prepare('SELECT * FROM milestones').all()).toEqual([{ name: 'x', at: 1, note: null }]);
    after.close();
  });

  test('of a newer Porchlight is refused and left alone', () => {
    nextStep('CREATE TABLE newer (x TEXT);');
    openDatabase(file, 'always', migrations).close();
    expect(() => openDatabase(file, 'always')).toThrow(
      expect.objectContaining({ code: 'schema-newer', message: expect.stringContaining('update Porchlight') }),
    );
    const again = openDatabase(file, 'always', migrations);
    expect(again.sql.prepare('SELECT count(*) AS n FROM newer').get()).toEqual({ n: 0 });
    again.close();
  });

  test('stays where it was when a step fails', () => {
    openDatabase(file, 'always', migrations).close();
    nextStep('CREATE TABLE half (x TEXT); CREATE TABLE half (x TEXT);');
    expect(() => openDatabase(file, 'always', migrations)).toThrow(/half/);
    const database = openDatabase(file, 'always');
    expect(() => database.sql.prepare('SELECT * FROM half')).toThrow(/no such table/);
    database.close();
  });

  test('rolls back all of a transaction that throws', () => {
    const database = openDatabase(file, 'always');
    const half = (): void => {
      database.sql.exec(`INSERT INTO milestones (name, at) VALUES ('x', 1)`);
      throw new Error('in the middle');
    };
    expect(() => database.transaction(half)).toThrow('in the middle');
    expect(database.sql.prepare('SELECT * FROM milestones').all()).toEqual([]);
    database.close();
  });
});
