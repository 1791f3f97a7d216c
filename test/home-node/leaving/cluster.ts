// A PostgreSQL cluster of the test's own: in a temporary folder, on a socket there and a free loopback port, as a user that is
// not root, because PostgreSQL refuses root.

import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

const password = 'not-to-be-told';

export class Cluster {
  readonly folder: string;
  readonly port: number;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.port = port;
  }

  static async start(): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-postgres-'));
    const cluster = new Cluster(folder, await freePort());
    if (process.getuid?.() === 0) chownSync(folder, ...userOf('postgres'));
    const secret = join(folder, 'secret');
    writeFileSync(secret, password, { mode: 0o644 });
    const data = join(folder, 'data');
    run('initdb', ['-D', data, '-U', 'owner', '--auth=scram-sha-256', `--pwfile=${secret}`, '-E', 'UTF8', '--no-sync']);
    const options = `-p ${cluster.port} -k ${folder} -c listen_addresses=127.0.0.1 -c fsync=off`;
    run('pg_ctl', ['-D', data, '-o', options, '-l', join(folder, 'log'), '-w', 'start']);
    return cluster;
  }

  /** With the password in it. */
  url(database: string): string {
    return `postgresql://owner:${password}@127.0.0.1:${this.port}/${database}`;
  }

  get password(): string {
    return password;
  }

  /** Makes a database and runs that in it. */
  async database(name: string, sql: string): Promise<string> {
    await this.#in('postgres', `CREATE DATABASE "${name}"`);
    await this.#in(name, sql);
    return this.url(name);
  }

  async run(name: string, sql: string): Promise<readonly Record<string, unknown>[]> {
    return await this.#in(name, sql);
  }

  stop(): void {
    run('pg_ctl', ['-D', join(this.folder, 'data'), '-m', 'immediate', '-w', 'stop']);
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #in(database: string, sql: string): Promise<readonly Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: this.url(database) });
    await client.connect();
    try {
      const result: unknown = await client.query(sql);
      return (result as { rows?: Record<string, unknown>[] }).rows ?? [];
    } finally {
      await client.end();
    }
  }
}

/** Debian keeps them apart from PATH, by version. */
function program(name: string): string {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(root, version, 'bin', name)).find((path) => existsSync(path)) ?? name;
}

function run(name: string, args: readonly string[]): void {
  const [command, ...rest] =
    process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--', program(name), ...args] : [program(name), ...args];
  // Not a pipe: the server would hold it open.
  execFileSync(command ?? '', rest, { stdio: 'ignore', cwd: '/', env: { ...process.env, LC_ALL: 'C' } });
}

/** Of that name, on this machine. */
export function userOf(name: string): [uid: number, gid: number] {
  const id = (flag: string): number => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return [id('-u'), id('-g')];
}

export async function freePort(): Promise<number> {
  return await new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
