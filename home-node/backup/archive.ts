// A backup is one file: an SQLite Archive (sqlite.org/sqlar.html), so that it can also be read without Porchlight
// (`sqlite3 -A -t FILE`). Beside the table of files a second one says what it is a backup of.

import { closeSync, openSync } from 'node:fs';
import { deflateSync, inflateSync } from 'node:zlib';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { DatabaseSync } from '../sqlite.ts';

export interface ArchivedFile {
  /** Relative, with slashes, without `.` and `..`. */
  readonly name: string;
  /** Permissions, as 0o600. */
  readonly mode: number;
  /** ms since the epoch. */
  readonly modifiedAt: number;
  readonly bytes: Uint8Array;
}

export type FileListing = Omit<ArchivedFile, 'bytes'> & { readonly size: number };

/** What the backup is of. */
export interface BackupLabel {
  readonly domain: string;
  readonly homeId: string | null;
  /** ms since the epoch. */
  readonly madeAt: number;
  /** The program that made it. */
  readonly version: string;
}

const regularFile = 0o100000;
const formatNumber = 1;

export class BackupWriter {
  readonly #database: DatabaseSync;

  /** The file must not be there: a backup is never written over another. */
  constructor(path: string, label: BackupLabel) {
    // Its user's alone from the first byte on: it holds home's key.
    closeSync(openSync(path, 'wx', 0o600));
    this.#database = new DatabaseSync(path);
    this.#database.exec(`
      PRAGMA journal_mode = OFF;
      BEGIN;
      CREATE TABLE sqlar (name TEXT PRIMARY KEY, mode INT, mtime INT, sz INT, data BLOB);
      CREATE TABLE porchlight_backup (
        format INT NOT NULL, domain TEXT NOT NULL, home_id TEXT, made_at INT NOT NULL, version TEXT NOT NULL
      );
    `);
    this.#database
      .prepare('INSERT INTO porchlight_backup VALUES (?, ?, ?, ?, ?)')
      .run(formatNumber, label.domain, label.homeId, label.madeAt, label.version);
  }

  add({ name, mode, modifiedAt, bytes }: ArchivedFile): void {
    const deflated = deflateSync(bytes);
    // As sqlar has it: what is not smaller lies there as it is, and its size says so.
    const data = deflated.byteLength < bytes.byteLength ? deflated : bytes;
    this.#database
      .prepare('INSERT INTO sqlar VALUES (?, ?, ?, ?, ?)')
      .run(name, regularFile | mode, Math.floor(modifiedAt / 1000), bytes.byteLength, data);
  }

  /** What was added is on the disk afterwards. */
  finish(): void {
    this.#database.exec('COMMIT');
  }

  close(): void {
    this.#database.close();
  }
}

export class BackupReader {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly label: BackupLabel;

  /** Throws `backup-unreadable` when it is no backup of ours, `backup-newer` when a later Porchlight made it. */
  constructor(path: string) {
    this.#path = path;
    this.#database = this.#reading(() => new DatabaseSync(path, { readOnly: true }));
    try {
      this.label = this.#reading(() => this.#readLabel());
    } catch (thrown) {
      this.#database.close();
      throw thrown;
    }
  }

  /** In the order of their names. */
  list(): readonly FileListing[] {
    return this.#reading(() => {
      const rows = this.#database.prepare('SELECT name, mode, mtime, sz FROM sqlar ORDER BY name').all();
      return rows.map((row) => ({
        name: safeName(row.name),
        mode: Number(row.mode) & 0o777,
        modifiedAt: Number(row.mtime) * 1000,
        size: safeSize(row.sz),
      }));
    });
  }

  read({ name, size }: FileListing): Uint8Array {
    return this.#reading(() => {
      const row = this.#database.prepare('SELECT data FROM sqlar WHERE name = ?').get(name);
      if (!(row?.data instanceof Uint8Array)) throw new Error(`${name} has no content`);
      if (row.data.byteLength === size) return row.data;
      const bytes = inflateSync(row.data, { maxOutputLength: Math.max(size, 1) });
      if (bytes.byteLength !== size) throw new Error(`${name} is not as long as it says`);
      return bytes;
    });
  }

  close(): void {
    this.#database.close();
  }

  #readLabel(): BackupLabel {
    const row = this.#database.prepare('SELECT * FROM porchlight_backup').get();
    if (row === undefined) throw new Error('it says of nothing that it is a backup of it');
    if (Number(row.format) > formatNumber) {
      throw new PorchlightError(
        'backup-newer',
        `Cannot read ${this.#path}: Porchlight ${String(row.version)} made it; install that version or a later one.`,
      );
    }
    const homeId = row.home_id === null ? null : String(row.home_id);
    return { domain: String(row.domain), homeId, madeAt: Number(row.made_at), version: String(row.version) };
  }

  #reading<T>(work: () => T): T {
    try {
      return work();
    } catch (thrown) {
      if (thrown instanceof PorchlightError) throw thrown;
      throw new PorchlightError(
        'backup-unreadable',
        `Cannot read ${this.#path}: ${causeOf(thrown)}; it is no backup made by porchlight backup, or it is damaged.`,
      );
    }
  }
}

/** A name that stays inside the folder it is unpacked to. */
function safeName(value: unknown): string {
  const name = String(value);
  const parts = name.split('/');
  const isSafe = parts.every((part) => part !== '' && part !== '.' && part !== '..') && !/[\0\\]/.test(name);
  if (isSafe) return name;
  throw new Error(`it holds a file named ${JSON.stringify(name)}, which would not lie in the data folder`);
}

function safeSize(value: unknown): number {
  const size = Number(value);
  if (Number.isSafeInteger(size) && size >= 0 && size <= limits.backupFileBytes) return size;
  throw new Error(`it holds a file of ${String(value)} bytes, and ${limits.backupFileBytes} is the limit`);
}
