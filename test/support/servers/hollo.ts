// A real Hollo on loopback, by the path of its folder (PORCHLIGHT_HOLLO): installed and built as its own documents say, with
// `dist/bin/server.js` and drizzle-kit in it. Its database is made by its own migrations, its accounts by the pages that
// people fill in, and it is spoken to by its API. It is AGPL-3.0 and no part of this project: nothing of it is here.

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { request } from 'undici';
import type { Cluster } from '../../home-node/leaving/cluster.ts';
import { Program, until } from '../processes.ts';
import type { Place, Server } from './server-home.ts';

const names = join(import.meta.dirname, '..', 'local-names.mjs');
const [email, password] = ['owner@mail.example', 'a long password of nobody 1!'];
const scopes = 'read write follow';

export interface Said {
  readonly id: string;
  readonly uri: string;
}

export class Hollo implements Server {
  readonly kind = 'hollo';
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly base: string;
  readonly database: string;
  readonly #host: string;
  readonly #cluster: Cluster;
  readonly #name: string;
  #cookie = '';

  private constructor(program: string, cluster: Cluster, name: string, { folder, host, port, caFile }: Place) {
    this.#cluster = cluster;
    this.#name = name;
    this.#host = host;
    this.base = `http://127.0.0.1:${port}`;
    this.database = cluster.url(name);
    mkdirSync(folder, { recursive: true });
    this.command = [process.execPath, join(program, 'dist/bin/server.js')];
    this.environment = {
      DATABASE_URL: this.database,
      SECRET_KEY: randomBytes(48).toString('base64'),
      PORT: String(port),
      BIND: '127.0.0.1',
      BEHIND_PROXY: 'true',
      // Its peers are on loopback.
      ALLOW_PRIVATE_ADDRESS: 'true',
      NODE_EXTRA_CA_CERTS: caFile,
      NODE_OPTIONS: `--import ${names}`,
      DRIVE_DISK: 'fs',
      FS_STORAGE_PATH: folder,
      STORAGE_URL_BASE: `https://${host}/`,
      LOG_LEVEL: process.env.PORCHLIGHT_HOLLO_LOG ?? 'info',
    };
  }

  /** With an empty database of its own. */
  static async at(program: string, cluster: Cluster, place: Place): Promise<Hollo> {
    const name = `hollo-${randomBytes(4).toString('hex')}`;
    // Its migrations want PostgreSQL 16 for this alone.
    await cluster.database(
      name,
      `CREATE FUNCTION first_of(anyelement, anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1';
       DO $$ BEGIN
         IF to_regproc('pg_catalog.any_value') IS NULL THEN
           CREATE AGGREGATE any_value(anyelement) (sfunc = first_of, stype = anyelement);
         END IF;
       END $$`,
    );
    const hollo = new Hollo(program, cluster, name, place);
    const env = { ...process.env, ...hollo.environment };
    const migrate = [join(program, 'node_modules/drizzle-kit/bin.cjs'), 'migrate'];
    await promisify(execFile)(process.execPath, migrate, { cwd: program, env });
    return hollo;
  }

  inbox(_owner: string): string {
    return `https://${this.#host}/inbox`;
  }

  actor(name: string): string {
    return `https://${this.#host}/@${name}`;
  }

  async isUp(): Promise<boolean> {
    try {
      return (await this.#ask('/nodeinfo/2.1')).status === 200;
    } catch (thrown) {
      if ((thrown as { code?: unknown }).code === 'ECONNREFUSED') return false;
      throw thrown;
    }
  }

  /** Runs it alone meanwhile. */
  async meanwhile(act: () => Promise<void>): Promise<void> {
    const program = this.run();
    try {
      await until('Hollo', async () => ((await this.isUp()) ? true : null), 60_000, 100);
      await act();
    } finally {
      await program.kill();
    }
  }

  run(): Program {
    return new Program('hollo', this.command.slice(1), this.environment);
  }

  async rows<Row>(sql: string): Promise<readonly Row[]> {
    return (await this.#cluster.run(this.#name, sql)) as unknown as readonly Row[];
  }

  /** The one who may add accounts, once for the whole server. */
  async setUp(): Promise<void> {
    await this.#form('/setup', { email, password, password_confirm: password });
    const { headers } = await this.#form('/login', { email, password });
    this.#cookie = headers.getSetCookie().map((one) => one.split(';')[0])[0] ?? '';
  }

  async makeAccount(username: string, more: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.#form('/accounts', {
      username,
      name: username,
      language: 'en',
      visibility: 'public',
      themeColor: 'azure',
      discoverable: 'true',
      ...more,
    });
  }

  /** As somebody's application does it: OAuth (RFC 6749 section 4.1). */
  async signIn(name: string): Promise<Person> {
    const redirect_uri = 'https://app.example/back';
    const app = await this.#form('/api/v1/apps', { client_name: 'test', redirect_uris: redirect_uri, scopes });
    const { client_id, client_secret } = (await app.json()) as Record<'client_id' | 'client_secret', string>;
    const [ids] = await this.rows<{ account_id: string; application_id: string }>(
      `SELECT o.id AS account_id, a.id AS application_id FROM account_owners o, applications a
       WHERE o.handle = '${name}' AND a.client_id = '${client_id}'`,
    );
    const allowed = await this.#form('/oauth/authorize', { ...ids, redirect_uri, scopes, decision: 'allow' });
    const code = new URL(allowed.headers.get('location') ?? '').searchParams.get('code') ?? '';
    const grant = { client_id, client_secret, redirect_uri, code, grant_type: 'authorization_code' };
    const { access_token } = (await (await this.#form('/oauth/token', grant)).json()) as { access_token: string };
    return new Person(async (method, path, body) => {
      const headers = { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' };
      const sent = method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) };
      const answer = await this.#ask(path, { method: method as 'GET', headers, ...sent });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
      return JSON.parse(text) as unknown;
    });
  }

  async #form(path: string, fields: Readonly<Record<string, string>>): Promise<Response> {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      origin: `https://${this.#host}`,
      ...(this.#cookie === '' ? {} : { cookie: this.#cookie }),
    };
    const answer = await this.#ask(path, { method: 'POST', headers, body: new URLSearchParams(fields).toString() });
    if (answer.status >= 400) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return answer;
  }

  /** As a proxy in front of it says whom it was asked for. */
  async #ask(path: string, { method = 'GET', headers = {}, body = null }: Asking = {}): Promise<Response> {
    const said = { host: this.#host, 'x-forwarded-proto': 'https', ...headers };
    // Not fetch, which says itself where a form comes from.
    const answer = await request(`${this.base}${path}`, { method, headers: said, body });
    const lines = Object.entries(answer.headers).flatMap(([name, value]) =>
      [value ?? []].flat().map((one): [string, string] => [name, one]),
    );
    const text = await answer.body.text();
    return new Response(text === '' ? null : text, { status: answer.statusCode, headers: lines });
  }
}

interface Asking {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | null;
}

/** Somebody signed in. Every call throws what the server refuses. */
export class Person {
  readonly ask: (method: string, path: string, body?: unknown) => Promise<unknown>;

  constructor(ask: Person['ask']) {
    this.ask = ask;
  }

  async post(status: string, more: Readonly<Record<string, unknown>> = {}): Promise<Said> {
    return (await this.ask('POST', '/api/v1/statuses', { status, visibility: 'public', ...more })) as Said;
  }
}
