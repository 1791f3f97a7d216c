// Brings the directory's D1 tables up to date and keeps the book as Wrangler does (table d1_migrations), so that
// `wrangler d1 migrations apply` on the same database agrees with what was done here.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '../edge/home/issue-code.ts';

const book = `CREATE TABLE IF NOT EXISTS "d1_migrations"(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

/** Statements of a migration file are separated by drizzle's marker; each file is applied whole or not at all. */
const marker = '--> statement-breakpoint';

export async function migrateDirectory(database: Database, folder: string): Promise<void> {
  await database.prepare(book).run();
  const { results } = await database.prepare('SELECT name FROM d1_migrations').all<{ name: string }>();
  const applied = new Set(results.map((row) => row.name));
  const files = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  for (const name of files.sort()) {
    if (applied.has(name)) continue;
    const statements = readFileSync(join(folder, name), 'utf8').split(marker);
    await database.batch([
      ...statements.map((sql) => database.prepare(sql)),
      database.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name),
    ]);
  }
}
