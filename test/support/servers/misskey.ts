// A real Misskey on loopback, by the path of its folder (PORCHLIGHT_MISSKEY): installed and built as its own documents say, its
// backend at least. Its database is made by its own migrations, its Redis is one of the test's, and it is spoken to by its API.
// It reads its settings from `built/.config.json` of that folder, which is written here: one at a time. It is AGPL-3.0 and no
// part of this project: nothing of it is here.

import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { request } from 'undici';
import type { Cluster } from '../../home-node/leaving/cluster.ts';
import { freePort } from '../ports.ts';
import { Program, until } from '../processes.ts';
import type { Place, Server } from './server-home.ts';

const names = join(import.meta.dirname, '..', 'local-names.mjs');
const ports = join(import.meta.dirname, 'ports-in-names.mjs');
const setupPassword = 'a first word';

type Asking = Readonly<Record<string, unknown>>;

export class Misskey implements Server {
  readonly kind = 'misskey';
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly base: string;
  readonly database: string;
  readonly version: string;
  readonly #host: string;
  readonly #cluster: Cluster;
  readonly #name: string;
  readonly #redis: ReturnType<typeof spawn>;
  readonly #tokens = new Map<string, string>();
  readonly #ids = new Map<string, string>();

  private constructor(program: string, cluster: Cluster, name: string, redis: ReturnType<typeof spawn>, place: Place) {
    this.#cluster = cluster;
    this.#name = name;
    this.#redis = redis;
    this.#host = place.host;
    this.base = `http://127.0.0.1:${place.port}`;
    this.database = cluster.url(name);
    this.command = [process.execPath, join(program, 'packages/backend/built/boot/entry.js')];
    this.environment = {
      NODE_ENV: 'production',
      MK_DISABLE_CLUSTERING: '1',
      NODE_EXTRA_CA_CERTS: place.caFile,
      NODE_OPTIONS: `--import ${names} --import ${ports}`,
    };
    const meta = JSON.parse(readFileSync(join(program, 'built/meta.json'), 'utf8')) as { version: string };
    this.version = meta.version;
  }

  /** With an empty database and a Redis of its own. */
  static async at(program: string, cluster: Cluster, place: Place): Promise<Misskey> {
    const name = `misskey-${randomBytes(4).toString('hex')}`;
    await cluster.database(name, 'SELECT 1');
    mkdirSync(place.folder, { recursive: true });
    const port = await freePort();
    const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', place.folder];
    const redis = spawn('redis-server', options, { stdio: 'ignore' });
    const settings = {
      url: `https://${place.host}/`,
      port: place.port,
      db: { host: '127.0.0.1', port: cluster.port, db: name, user: 'owner', pass: cluster.password },
      redis: { host: '127.0.0.1', port },
      fulltextSearch: { provider: 'sqlLike' },
      id: 'aidx',
      setupPassword,
      // Its peers are on loopback.
      allowedPrivateNetworks: ['127.0.0.1/32'],
      proxyBypassHosts: [],
      enableIpRateLimit: false,
    };
    writeFileSync(join(program, 'built/.config.json'), JSON.stringify(settings));
    const misskey = new Misskey(program, cluster, name, redis, place);
    const backend = join(program, 'packages/backend');
    const migrate = [join(backend, 'node_modules/typeorm/cli.js'), 'migration:run', '-d', 'ormconfig.js'];
    const env = { ...process.env, ...misskey.environment };
    await promisify(execFile)(process.execPath, migrate, { cwd: backend, env, maxBuffer: 64 * 1024 * 1024 });
    return misskey;
  }

  end(): void {
    this.#redis.kill('SIGKILL');
  }

  inbox(_owner: string): string {
    return `https://${this.#host}/inbox`;
  }

  /** Of an account that was made here. */
  actor(name: string): string {
    return `https://${this.#host}/users/${this.#ids.get(name)}`;
  }

  note(id: string): string {
    return `https://${this.#host}/notes/${id}`;
  }

  async isUp(): Promise<boolean> {
    try {
      return (await request(`${this.base}/nodeinfo/2.1`)).statusCode === 200;
    } catch (thrown) {
      if (['ECONNREFUSED', 'UND_ERR_SOCKET'].includes(String((thrown as { code?: unknown }).code))) return false;
      throw thrown;
    }
  }

  run(): Program {
    return new Program('misskey', this.command.slice(1), this.environment);
  }

  /** Runs it alone meanwhile. */
  async meanwhile(act: () => Promise<void>): Promise<void> {
    const program = this.run();
    try {
      await until('Misskey', async () => ((await this.isUp()) ? true : null), 120_000, 100);
      await act();
    } finally {
      await program.kill();
    }
  }

  async rows<Row>(sql: string): Promise<readonly Row[]> {
    return (await this.#cluster.run(this.#name, sql)) as unknown as readonly Row[];
  }

  /** The first one is its administrator, and lets it federate, which it does not by itself. */
  async makeAccount(username: string): Promise<void> {
    const isFirst = this.#tokens.size === 0;
    const made = { username, password: 'a long password of nobody 1!', ...(isFirst ? { setupPassword } : {}) };
    const [first = null] = this.#tokens.keys();
    const { token, id } = (await this.ask(first, 'admin/accounts/create', made)) as { token: string; id: string };
    this.#tokens.set(username, token);
    this.#ids.set(username, id);
    if (isFirst) await this.ask(username, 'admin/update-meta', { federation: 'all' });
  }

  async post(name: string, text: string, more: Asking = {}): Promise<string> {
    const { createdNote } = (await this.ask(name, 'notes/create', { text, ...more })) as {
      createdNote: { id: string };
    };
    return createdNote.id;
  }

  /** Its API, as an account that was made here; null: as nobody. */
  async ask(name: string | null, path: string, body: Asking = {}): Promise<unknown> {
    const token = name === null ? undefined : this.#tokens.get(name);
    const headers = {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    const sent = JSON.stringify(body);
    const answer = await request(`${this.base}/api/${path}`, { method: 'POST', headers, body: sent });
    const text = await answer.body.text();
    if (answer.statusCode >= 400) throw new Error(`${path} answered ${answer.statusCode}: ${text}`);
    return text === '' ? null : (JSON.parse(text) as unknown);
  }
}
