// A MariaDB server of the test's own: in a temporary folder, on a socket there and a free loopback port, as Debian's user for
// it, because the server refuses root.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { freePort, userOf } from './cluster.ts';

const password = 'not-to-be-told-either';

export class MariaDb {
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #port: number;

  private constructor(folder: string, process: ChildProcess, port: number) {
    this.#folder = folder;
    this.#process = process;
    this.#port = port;
  }

  static async start(): Promise<MariaDb> {
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-mariadb-'));
    const data = join(folder, 'data');
    const isRoot = process.getuid?.() === 0;
    const own = isRoot ? ['--user=mysql'] : [];
    if (isRoot) chownSync(folder, ...userOf('mysql'));
    const install = [`--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db', ...own];
    execFileSync('mariadb-install-db', ['--no-defaults', ...install], { stdio: 'ignore', cwd: '/' });
    const port = await freePort();
    const socket = join(folder, 'socket');
    const options = ['--no-defaults', `--datadir=${data}`, `--socket=${socket}`, `--port=${port}`, ...own];
    options.push('--bind-address=127.0.0.1', '--innodb-flush-log-at-trx-commit=0', `--pid-file=${join(folder, 'pid')}`);
    const server = spawn('/usr/sbin/mariadbd', options, { stdio: 'ignore', cwd: '/' });
    const started = new MariaDb(folder, server, port);
    for (let tries = 0; ; tries += 1) {
      try {
        const connection = await createConnection({ user: 'root', socketPath: socket });
        await connection.query(`CREATE USER owner@'127.0.0.1' IDENTIFIED BY '${password}'`);
        await connection.query("GRANT ALL ON *.* TO owner@'127.0.0.1'");
        await connection.end();
        return started;
      } catch (thrown) {
        if (tries === 300 || (existsSync(socket) && !String(thrown).includes('connect'))) throw thrown;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  get password(): string {
    return password;
  }

  /** With the password in it. */
  url(database: string): string {
    return `mysql://owner:${password}@127.0.0.1:${this.#port}/${database}`;
  }

  /** Makes a database and runs that in it. */
  async database(name: string, sql: string): Promise<string> {
    const connection = await createConnection({ uri: this.url(''), multipleStatements: true });
    await connection.query(`CREATE DATABASE \`${name}\`; USE \`${name}\`; ${sql}`);
    await connection.end();
    return this.url(name);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
