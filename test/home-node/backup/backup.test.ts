// A backup and its way back: hostile archives, interrupted restores, and that SQLite's own shell can read it.

import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { deflateSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeBackup } from '../../../home-node/backup/make.ts';
import { lookInto, restoreBackup } from '../../../home-node/backup/restore.ts';
import { Ledger } from '../../../home-node/intake/ledger.ts';
import { openHomeKey } from '../../../home-node/key.ts';
import { systemClock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';

let base: string;
let folder: string;
let file: string;
const quiet = (): void => undefined;
const coded = (code: string) => expect.objectContaining({ code });

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'porchlight-backup-'));
  folder = join(base, 'home');
  file = join(base, 'one.sqlar');
  mkdirSync(join(folder, 'home', 'site'), { recursive: true });
  writeFileSync(join(folder, 'porchlight.toml'), 'domain = "a.example"\n');
  writeFileSync(join(folder, 'home', 'site', 'index.html'), '<p>hello</p>'.repeat(1000));
  await openHomeKey(folder);
});

afterEach(() => rmSync(base, { recursive: true }));

const backup = async (): Promise<unknown> => await makeBackup(folder, file, systemClock, quiet);

describe('a backup', () => {
  test('is a file of its user alone, and brings everything back with its rights', async () => {
    await backup();
    expect(statSync(file).mode & 0o077).toBe(0);
    const back = join(base, 'back');
    await restoreBackup(file, back, quiet);
    for (const name of ['porchlight.toml', 'home-key.json', 'home/site/index.html']) {
      expect(readFileSync(join(back, name))).toEqual(readFileSync(join(folder, name)));
      expect(statSync(join(back, name)).mode).toBe(statSync(join(folder, name)).mode);
    }
    expect(statSync(back).mode & 0o077).toBe(0);
  });

  test('holds the ledger as of one moment although it is being written, and without what belongs to a process', async () => {
    const ledger = await Ledger.open(join(folder, 'ledger.sqlite'));
    ledger.mark([{ mark: 'begin', id: 'one', service: 'home', sender: 'a', at: 1 }]);
    for (const name of ['lock.sqlite', 'home.log', 'x.part']) writeFileSync(join(folder, name), '');
    // Of a backup into this very folder that was killed: half of it, and home's key.
    mkdirSync(join(folder, '.porchlight-backup-killed'));
    writeFileSync(join(folder, '.porchlight-backup-killed', 'one.sqlar'), 'half');
    await backup();
    ledger.mark([{ mark: 'begin', id: 'two', service: 'home', sender: 'a', at: 2 }]);
    const back = join(base, 'back');
    await restoreBackup(file, back, quiet);
    const again = await Ledger.open(join(back, 'ledger.sqlite'));
    expect(again.mark([{ mark: 'begin', id: 'one', service: 'home', sender: 'a', at: 3 }])).toEqual(['in-doubt']);
    expect(again.mark([{ mark: 'begin', id: 'two', service: 'home', sender: 'a', at: 3 }])).toEqual(['fresh']);
    await again.close();
    await ledger.close();
    const names = lookInto(file).files.map(({ name }) => name);
    expect(names).toEqual(['home-key.json', 'home/site/index.html', 'ledger.sqlite', 'porchlight.toml']);
  });

  test('names what it leaves out: files over limits.backupFileBytes and what is no file', async () => {
    writeFileSync(join(folder, 'video'), '');
    truncateSync(join(folder, 'video'), limits.backupFileBytes + 1);
    symlinkSync('/etc/passwd', join(folder, 'link'));
    expect(await backup()).toMatchObject({ leftOut: ['link', 'video'] });
  });

  test('never takes the place of another file, and leaves nothing behind when it fails', async () => {
    writeFileSync(file, 'precious');
    await expect(backup()).rejects.toThrow(coded('backup-exists'));
    expect(readFileSync(file, 'utf8')).toBe('precious');
    rmSync(file);
    writeFileSync(join(folder, 'broken.sqlite'), 'this is no database, but a text that is called one'.repeat(100));
    await expect(backup()).rejects.toThrow(coded('backup-failed'));
    expect(readdirSync(base)).toEqual(['home']);
  });

  test('can be read without Porchlight, by the shell of SQLite', async () => {
    await backup();
    const listed = spawnSync('sqlite3', ['-A', '-t', '-f', file]);
    // Its own reader is the proof where the shell is not installed.
    if (listed.error === undefined) expect(listed.stdout.toString()).toContain('porchlight.toml');
    const database = new DatabaseSync(file, { readOnly: true });
    expect(database.prepare("SELECT sz FROM sqlar WHERE name = 'porchlight.toml'").get()).toEqual({ sz: 21 });
    database.close();
  });
});

describe('a restore', () => {
  test('goes only where nothing is', async () => {
    await backup();
    await expect(restoreBackup(file, folder, quiet)).rejects.toThrow(coded('folder-not-empty'));
    const empty = join(base, 'empty');
    mkdirSync(empty);
    await restoreBackup(file, empty, quiet);
    expect(existsSync(join(empty, 'home-key.json'))).toBe(true);
  });

  test.each<[string, () => void]>([
    ['no database', () => writeFileSync(file, 'something else entirely, and long enough to be looked at'.repeat(50))],
    ['nothing', () => writeFileSync(file, '')],
    ['a database of something else', () => new DatabaseSync(file).exec('CREATE TABLE sqlar (name TEXT)')],
  ])('refuses %s', async (_, write) => {
    write();
    await expect(restoreBackup(file, join(base, 'back'), quiet)).rejects.toThrow(coded('backup-unreadable'));
    expect(existsSync(join(base, 'back'))).toBe(false);
  });

  test('to a place where no folder can be says so, and leaves that place as it was', async () => {
    await backup();
    await expect(restoreBackup(file, join(file, 'back'), quiet)).rejects.toThrow(coded('restore-failed'));
    expect(lookInto(file).files.length).toBeGreaterThan(0);
    expect(readdirSync(base).sort()).toEqual(['home', 'one.sqlar']);
  });

  test('refuses a file that is cut off, and leaves no half of a home', async () => {
    await backup();
    truncateSync(file, Math.floor(statSync(file).size / 2 / 4096) * 4096);
    await expect(restoreBackup(file, join(base, 'back'), quiet)).rejects.toThrow(coded('backup-unreadable'));
    expect(readdirSync(base).sort()).toEqual(['home', 'one.sqlar']);
  });

  test.each(['../evil', '/etc/evil', 'a/../../evil', 'a//b', './a', 'a\\b', ''])(
    'refuses a file named %j, which would lie elsewhere',
    async (name) => {
      await backup();
      insert(name, 1, new Uint8Array([1]));
      await expect(restoreBackup(file, join(base, 'back'), quiet)).rejects.toThrow(coded('backup-unreadable'));
      expect(readdirSync(base).sort()).toEqual(['home', 'one.sqlar']);
    },
  );

  test('refuses a file that says it is small and is not, and one that says it is huge', async () => {
    await backup();
    insert('bomb', 10, deflateSync(new Uint8Array(1_000_000)));
    await expect(restoreBackup(file, join(base, 'back'), quiet)).rejects.toThrow(coded('backup-unreadable'));
    rmSync(file);
    await backup();
    insert('huge', limits.backupFileBytes + 1, new Uint8Array(1));
    await expect(restoreBackup(file, join(base, 'back'), quiet)).rejects.toThrow(coded('backup-unreadable'));
  });

  test('refuses what a later Porchlight made, and says which', async () => {
    await backup();
    const database = new DatabaseSync(file);
    database.exec("UPDATE porchlight_backup SET format = 2, version = '9.0.0'");
    database.close();
    await expect(restoreBackup(file, join(base, 'back'), quiet)).rejects.toThrow(
      expect.objectContaining({ code: 'backup-newer', message: expect.stringContaining('9.0.0') }),
    );
  });

  test('killed at any of its files leaves no folder, and can be repeated', async () => {
    for (let index = 0; index < 20; index++)
      writeFileSync(join(folder, 'home', 'site', `${index}.html`), `page ${index}`);
    await backup();
    const files = lookInto(file).files.length;
    const back = join(base, 'back');
    for (let at = 0; at < files; at += 3) {
      expect(await killedRestore(back, at)).toBe('SIGKILL');
      expect(existsSync(back)).toBe(false);
    }
    await restoreBackup(file, back, quiet);
    expect(readFileSync(join(back, 'home', 'site', '19.html'), 'utf8')).toBe('page 19');
    expect(readdirSync(base).sort()).toEqual(['back', 'home', 'one.sqlar']);
  });

  function insert(name: string, size: number, data: Uint8Array): void {
    const database = new DatabaseSync(file);
    database.prepare('INSERT INTO sqlar VALUES (?, 33188, 0, ?, ?)').run(name, size, data);
    database.close();
  }

  async function killedRestore(to: string, at: number): Promise<NodeJS.Signals | null> {
    const program = join(import.meta.dirname, 'restore-program.ts');
    const child = spawn(process.execPath, [program, file, to, String(at)], { stdio: 'inherit' });
    return await new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
  }
});
