// A real GoToSocial on loopback, by the path of its program (PORCHLIGHT_GOTOSOCIAL) with its `web` folder beside it, as a
// release has it: configured, given accounts by its own command line, and spoken to as its people do, by its API. It
// is AGPL-3.0 and no part of this project: nothing of it is here, and no test needs it that does not say "not run" without.

import { execFile, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import pg from 'pg';
import { Agent, fetch as undiciFetch } from 'undici';
import { expect, test } from 'vitest';
import { until } from '../processes.ts';

export interface GoToSocialOptions {
  readonly program: string;
  /** Its own: configuration, database and storage. */
  readonly folder: string;
  /** As the world knows it, with its port. */
  readonly host: string;
  /** Where it listens, on 127.0.0.1. */
  readonly port: number;
  /** Whom it trusts besides. */
  readonly caFile: string;
  /** Without: plain HTTP, for a proxy in front. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** What its people have after the @; `host` if left out. */
  readonly accountDomain?: string;
  /** A PostgreSQL database that is there; SQLite in its folder if left out. */
  readonly postgres?: URL;
}

export interface Said {
  readonly id: string;
  readonly uri: string;
}

/** Journeys with a GoToSocial; without one they say that they were not run. */
export function withGoToSocial(name: string, journeys: (program: string) => void): void {
  const program = process.env.PORCHLIGHT_GOTOSOCIAL;
  if (program !== undefined) {
    journeys(program);
    return;
  }
  const said = `${name}: not run (PORCHLIGHT_GOTOSOCIAL names no program of it)`;
  test(said, () => {
    process.stdout.write(`${said}.\n`);
    expect(program).toBeUndefined();
  });
}

const scopes = 'read write admin';
const password = 'a long password of nobody 1!';

export class GoToSocial {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** As porchlight.toml names it. */
  readonly database: string;
  /** Its loopback address, of whatever scheme. */
  readonly base: string;
  readonly #options: GoToSocialOptions;
  readonly #config: string;
  readonly #dispatcher: Agent;

  constructor(options: GoToSocialOptions) {
    const { program, folder, host, port, tls, caFile, accountDomain = host, postgres } = options;
    this.#options = options;
    mkdirSync(folder, { recursive: true });
    this.database = postgres?.href ?? join(folder, 'sqlite.db');
    this.#config = join(folder, 'config.yaml');
    const web = join(dirname(program), 'web');
    const said: readonly (readonly [string, unknown])[] = [
      ['host', host],
      ['protocol', 'https'],
      ['bind-address', '127.0.0.1'],
      ['port', port],
      ['account-domain', accountDomain],
      ...databaseSettings(this.database, postgres),
      ['storage-local-base-path', join(folder, 'storage')],
      ['web-template-base-dir', join(web, 'template')],
      ['web-asset-base-dir', join(web, 'assets')],
      // Peers are on loopback, where it speaks to nobody by itself.
      ['http-client', { 'allow-ips': ['127.0.0.1/32', '::1/128'] }],
      ...(tls === undefined
        ? []
        : [['tls-certificate-chain', tls.certFile] as const, ['tls-certificate-key', tls.keyFile] as const]),
    ];
    // JSON is YAML.
    const lines = said.map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
    writeFileSync(this.#config, lines.join('\n'));
    this.command = [program, '--config-path', this.#config, 'server', 'start'];
    this.environment = { SSL_CERT_FILE: caFile };
    this.base = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
    this.#dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  }

  /** Whether it serves, and not only says that it is at work on its database. */
  async isUp(): Promise<boolean> {
    try {
      return (await this.#ask('/nodeinfo/2.0')).status === 200;
    } catch (thrown) {
      if (thrown instanceof TypeError) return false;
      throw thrown;
    }
  }

  /** Its own command line. While the server runs too. */
  async cli(...args: readonly string[]): Promise<string> {
    const env = { ...process.env, ...this.environment };
    const { program } = this.#options;
    const { stdout } = await promisify(execFile)(program, ['--config-path', this.#config, ...args], { env });
    return stdout;
  }

  /** Before anything else: its database is made, and these live here. It runs meanwhile alone, and not afterwards. */
  async prepare(names: readonly string[], settle: () => Promise<void> = async () => undefined): Promise<void> {
    const [program = '', ...args] = this.command;
    const log: string[] = [];
    const server = spawn(program, args, {
      env: { ...process.env, ...this.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [server.stdout, server.stderr]) stream.on('data', (part: Buffer) => log.push(part.toString()));
    const ended = new Promise<number | null>((resolve) => server.once('exit', resolve));
    let isOver = false;
    void ended.then(() => {
      isOver = true;
    });
    try {
      await until(
        'GoToSocial is up',
        async () => {
          if (isOver) throw new Error(`GoToSocial ended:\n${log.join('').slice(-2000)}`);
          return (await this.isUp()) ? true : null;
        },
        120_000,
        200,
      );
      for (const name of names) await this.makeAccount(name);
      await settle();
    } finally {
      server.kill('SIGTERM');
      await ended;
    }
  }

  /** Somebody who lives here, confirmed. */
  async makeAccount(name: string): Promise<void> {
    const email = `${name}@mail.example`;
    await this.cli('admin', 'account', 'create', '--username', name, '--email', email, '--password', password);
  }

  /** What its SQLite database holds. */
  rows<Row>(sql: string, ...values: readonly string[]): Row[] {
    const database = new DatabaseSync(this.database, { readOnly: true });
    try {
      return database.prepare(sql).all(...values) as Row[];
    } finally {
      database.close();
    }
  }

  /** The same, of whatever database; and whatever else SQL can do there. */
  async sql<Row>(sql: string): Promise<readonly Row[]> {
    if (this.#options.postgres !== undefined) {
      const client = new pg.Client({ connectionString: this.database });
      await client.connect();
      try {
        return (await client.query(sql)).rows as Row[];
      } finally {
        await client.end();
      }
    }
    const database = new DatabaseSync(this.database);
    try {
      return database.prepare(sql).all() as Row[];
    } finally {
      database.close();
    }
  }

  /** As somebody's application does it: OAuth (RFC 6749 section 4.1), in the pages that people click through. */
  async signIn(name: string): Promise<Person> {
    const redirect_uri = 'https://app.example/back';
    const app = await this.#form('/api/v1/apps', {
      client_name: 'test',
      redirect_uris: redirect_uri,
      scopes,
    });
    const { client_id, client_secret } = (await app.json()) as Record<'client_id' | 'client_secret', string>;
    const asked = new URLSearchParams({ client_id, redirect_uri, response_type: 'code', scope: scopes });
    const first = await this.#ask(`/oauth/authorize?${asked}`);
    const in_ = await this.#form('/auth/sign_in', { username: `${name}@mail.example`, password }, cookieOf(first));
    const allowed = await this.#form('/oauth/authorize', {}, cookieOf(in_));
    const code = new URL(allowed.headers.get('location') ?? '').searchParams.get('code') ?? '';
    const grant = { client_id, client_secret, redirect_uri, code, grant_type: 'authorization_code' };
    const token = (await (await this.#form('/oauth/token', grant)).json()) as { access_token: string };
    return new Person(async (method, path, body) => {
      const headers = { authorization: `Bearer ${token.access_token}`, 'content-type': 'application/json' };
      const answer = await this.#ask(path, {
        method,
        headers,
        ...(method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
      return JSON.parse(text) as unknown;
    });
  }

  async #form(path: string, fields: Readonly<Record<string, string>>, cookie = ''): Promise<Response> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', cookie };
    return await this.#ask(path, { method: 'POST', headers, body: new URLSearchParams(fields).toString() });
  }

  async #ask(path: string, init: Readonly<Record<string, unknown>> = {}): Promise<Response> {
    const { headers = {}, ...rest } = init;
    const { host } = this.#options;
    // As a proxy in front of it says whom it was asked for.
    const said = { accept: 'application/json, text/html', host, 'x-forwarded-proto': 'https', ...(headers as object) };
    const dispatcher = this.#dispatcher;
    const answer = await undiciFetch(`${this.base}${path}`, { dispatcher, redirect: 'manual', headers: said, ...rest });
    return answer as unknown as Response;
  }
}

function databaseSettings(address: string, postgres: URL | undefined): readonly (readonly [string, unknown])[] {
  if (postgres === undefined) {
    return [
      ['db-type', 'sqlite'],
      ['db-address', address],
    ];
  }
  return [
    ['db-type', 'postgres'],
    ['db-address', postgres.hostname],
    ['db-port', Number(postgres.port)],
    ['db-user', postgres.username],
    ['db-password', postgres.password],
    ['db-database', postgres.pathname.slice(1)],
  ];
}

function cookieOf(answer: Response): string {
  const [cookie = ''] = answer.headers.getSetCookie();
  if (cookie === '') throw new Error(`no cookie with the answer ${answer.status} of ${answer.url}`);
  return cookie.split(';')[0] ?? '';
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
