import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../support/ports.ts';
import { until } from '../../support/processes.ts';

const root = join(import.meta.dirname, '..', '..', '..');
let folder: string;
let port: number;
let program: ChildProcess | null;
let said: string;

beforeEach(async () => {
  folder = join(mkdtempSync(join(tmpdir(), 'porchlight-start-')), 'data');
  port = await freePort();
  program = null;
  said = '';
});

afterEach(() => {
  if (program !== null && program.exitCode === null) for (const pid of family(program.pid ?? 0)) process.kill(pid, 9);
  rmSync(join(folder, '..'), { recursive: true });
});

/** As npm runs it, without npm. */
function start(...args: string[]): ChildProcess {
  const all = [join(root, 'local', 'bootstrap.mjs'), 'local/start.ts', ...args];
  program = spawn(process.execPath, all, { stdio: ['pipe', 'pipe', 'pipe'], cwd: join(folder, '..') });
  for (const stream of [program.stdout, program.stderr]) {
    stream?.on('data', (part: Buffer) => {
      said += part.toString();
    });
  }
  return program;
}

const hears = async (text: string): Promise<true> =>
  await until(
    `"${text}" in:\n${said}`,
    () => {
      if (program?.exitCode !== null && !said.includes(text)) throw new Error(`It ended without "${text}":\n${said}`);
      return said.includes(text) ? true : null;
    },
    60_000,
  );

const press = (key: string): void => void program?.stdin?.write(`${key}\n`);

async function codeOf(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

/** The process and all that it started, and those started. */
function family(pid: number): number[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=']).toString().trim().split('\n');
  const pairs = table.map((line) => line.trim().split(/\s+/).map(Number));
  const found = [pid];
  for (const parent of found) found.push(...pairs.filter(([, of]) => of === parent).map(([child = 0]) => child));
  return found;
}

function namesOf(pids: readonly number[]): string {
  const table = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,args=']).toString().split('\n');
  return table.filter((line) => pids.includes(Number.parseInt(line, 10))).join('\n');
}

function running(pids: readonly number[]): number[] {
  return pids.filter((pid) => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  });
}

/** Processes that were told of this test's folder or port, also those whose parents are gone. */
function left(): string[] {
  const table = execFileSync('ps', ['-A', '-ww', '-o', 'args=']).toString().split('\n');
  return table.filter((args) => args.includes(folder) || args.includes(`:${port}`));
}

async function front(): Promise<{ status: number; text: string }> {
  const answer = await fetch(`http://localhost:${port}/`);
  return { status: answer.status, text: await answer.text() };
}

describe('npm start', () => {
  test('serves a domain, shows what happens while home sleeps, and leaves nothing behind after Ctrl-C', async () => {
    const child = start('--port', String(port), '--home', folder);
    await hears('Porchlight is running.');
    expect(said).toContain(`http://localhost:${port}/`);
    expect(said).toContain(`@owner@localhost:${port}`);
    expect(await front()).toMatchObject({ status: 200, text: expect.stringContaining('<!doctype html>') });

    press('s');
    await hears('Home sleeps;');
    expect((await front()).status).toBe(200);
    press('f');
    await hears('1 delivery waits at the edge.');
    press('w');
    await hears('1 delivery reached home.');
    await hears('Her server received your Accept.');

    const pids = family(child.pid ?? 0);
    expect(pids.length).toBeGreaterThan(5);
    const ended = codeOf(child);
    child.kill('SIGINT');
    expect(await ended, said).toBe(0);
    await until('no process is left', () => (running(pids).length === 0 ? true : null));
    await expect(fetch(`http://localhost:${port}/`)).rejects.toThrow();
  }, 120_000);

  test('says what it does before it is done, and hears keys from the first moment', async () => {
    const child = start('--port', String(port), '--home', folder);
    press('s');
    await hears('Starting the edge ...');
    expect(said).not.toContain('Porchlight is running.');
    await expect(front()).rejects.toThrow();
    await hears('Starting home ...');
    await hears('Porchlight is running.');
    await hears('Home sleeps;');
    press('q');
    expect(await codeOf(child), said).toBe(0);
  }, 120_000);

  test.each([
    ['as soon as it says anything', 'Starting the edge ...', 'local/start.ts'],
    ['when the edge has a process', 'Starting the edge ...', 'local/start-edge.ts'],
    ['when workerd has a process', 'Starting the edge ...', 'workerd'],
    ['while home claims its domain', 'It claims localhost:', 'local/start.ts'],
    ['when home has a process', 'Starting home ...', 'home-node/main.ts'],
  ])(
    'ends everything cleanly after Ctrl-C %s',
    async (_, heard, runs) => {
      const child = start('--port', String(port), '--home', folder);
      await hears(heard);
      await until(runs, () => (namesOf(family(child.pid ?? 0)).includes(runs) ? true : null), 30_000, 5);
      const pids = family(child.pid ?? 0);
      const ended = codeOf(child);
      child.kill('SIGINT');
      expect(await ended, said).toBe(0);
      await until('no process is left', () => (running(pids).length === 0 ? true : null));
      expect(left()).toEqual([]);
      expect(said).not.toContain('Cannot start');
      expect(said).not.toContain('Porchlight is running.');
      await expect(front()).rejects.toThrow();
      // What was begun is taken up again.
      said = '';
      const again = start('--port', String(port), '--home', folder);
      await hears('Porchlight is running.');
      press('q');
      expect(await codeOf(again), said).toBe(0);
    },
    120_000,
  );

  test('takes up the same home again, and refuses it another port: addresses do not move', async () => {
    let child = start('--port', String(port), '--home', folder);
    await hears('Porchlight is running.');
    const claim = readFileSync(join(folder, 'home.json'), 'utf8');
    press('q');
    expect(await codeOf(child)).toBe(0);

    said = '';
    child = start('--port', String(port + 1), '--home', folder);
    expect(await codeOf(child)).toBe(1);
    expect(said).toContain(`was made for port ${port}`);

    said = '';
    child = start('--home', folder);
    await hears('Porchlight is running.');
    expect(readFileSync(join(folder, 'home.json'), 'utf8')).toBe(claim);
    child.kill('SIGTERM');
    expect(await codeOf(child)).toBe(0);
  }, 120_000);

  test('says that its port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    const child = start('--port', String(port), '--home', folder);
    expect(await codeOf(child)).toBe(1);
    expect(said).toContain(`Cannot start: port ${port} is taken by another program; choose another by --port.`);
    // A try that failed must not bind the folder to that port.
    expect(existsSync(folder)).toBe(false);
    await new Promise((resolve) => other.close(resolve));
  }, 30_000);

  test('says what is wrong with its settings or arguments, and explains itself', async () => {
    expect(await codeOf(start('--port', 'many'))).toBe(1);
    expect(said).toContain('--port is many');
    expect(await codeOf(start('--help'))).toBe(0);
    expect(said).toContain('--home DIR');
    said = '';
    const own = join(folder, '..', 'porchlight.toml');
    writeFileSync(own, 'domain = "home.example"\n');
    expect(await codeOf(start('--home', join(folder, '..')))).toBe(1);
    expect(said).toContain('only domains on localhost');
  }, 30_000);
});
