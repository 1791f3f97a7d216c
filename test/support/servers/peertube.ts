// A real PeerTube on loopback, by the path of its folder (PORCHLIGHT_PEERTUBE), built as its own scripts build it and with its
// dependencies, with a PostgreSQL cluster and a Redis of the test's own: configured, and spoken to as its people do, by its
// API. It is AGPL-3.0 and no part of this project: nothing of it is here, and no test needs it that does not say "not run"
// without.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { FormData, request as undiciRequest } from 'undici';
import { Cluster } from '../../home-node/leaving/cluster.ts';
import { freePort } from '../ports.ts';
import { Program, until } from '../processes.ts';

export interface PeerTubeOptions {
  /** Its folder, with `dist/server.js`. */
  readonly program: string;
  /** The test's own: configuration and storage. */
  readonly folder: string;
  /** The world knows it as localhost with this port: only as localhost does it take names without a dot for names. */
  readonly publicPort: number;
  /** Where it listens, on 127.0.0.1. */
  readonly port: number;
  /** Whom it trusts besides. */
  readonly caFile: string;
  /** Folder of our hook; absent: it runs without. */
  readonly hook?: string;
}

export interface Video {
  readonly id: number;
  readonly uuid: string;
  /** Its id as an ActivityPub object. */
  readonly url: string;
}

const contexts = join(import.meta.dirname, 'known-contexts.mjs');
const password = 'a long password of nobody 1!';

/** PostgreSQL and Redis, for as long as a test. */
export class Stores {
  readonly cluster: Cluster;
  readonly redis: Program;
  readonly redisPort: number;

  private constructor(cluster: Cluster, redis: Program, redisPort: number) {
    this.cluster = cluster;
    this.redis = redis;
    this.redisPort = redisPort;
  }

  static async start(): Promise<Stores> {
    const port = await freePort();
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const redis = new Program('redis', args, {}, 'redis-server');
    const stores = new Stores(await Cluster.start(), redis, port);
    await until('Redis', () => (redis.log.includes('Ready to accept connections') ? true : null));
    return stores;
  }

  async end(): Promise<void> {
    await this.redis.kill();
    this.cluster.stop();
  }
}

export class PeerTube {
  readonly command: readonly string[];
  /** As its package says. */
  readonly version: string;
  /** As porchlight.toml has it. */
  readonly database: string;
  readonly base: string;
  readonly host: string;
  readonly #options: PeerTubeOptions;

  constructor(options: PeerTubeOptions, stores: Stores) {
    const { program, folder, publicPort, port, caFile, hook } = options;
    this.#options = options;
    this.host = `localhost:${publicPort}`;
    this.base = `http://127.0.0.1:${port}`;
    const { version } = JSON.parse(readFileSync(join(program, 'package.json'), 'utf8')) as { version: string };
    this.version = version;
    this.database = stores.cluster.url('peertube_prod');
    const own = join(folder, 'config');
    mkdirSync(own, { recursive: true });
    const kinds = /^storage:\n((?: .*\n|\n)*)/m.exec(readFileSync(join(program, 'config', 'default.yaml'), 'utf8'));
    const storage = [...(kinds?.[1] ?? '').matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name ?? '');
    const config = {
      listen: { hostname: '127.0.0.1', port },
      webserver: { https: true, hostname: 'localhost', port: publicPort },
      secrets: { peertube: 'ab'.repeat(32) },
      database: {
        hostname: '127.0.0.1',
        port: stores.cluster.port,
        suffix: '_prod',
        username: 'owner',
        password: stores.cluster.password,
      },
      redis: { hostname: '127.0.0.1', port: stores.redisPort },
      storage: Object.fromEntries(storage.map((name) => [name, `${join(folder, 'storage', name)}/`])),
      admin: { email: 'root@mail.example' },
      // Peers are on loopback, where it speaks to nobody by itself.
      federation: { prevent_ssrf: false },
      // Whatever asks other servers by itself, or works on videos.
      geo_ip: { enabled: false },
      peertube: { check_latest_version: { enabled: false } },
      plugins: { index: { enabled: false } },
      transcoding: { enabled: false },
      storyboards: { enabled: false },
      import: { videos: { http: { enabled: false }, torrent: { enabled: false } } },
      log: { level: 'info', rotation: { enabled: false } },
    };
    writeFileSync(join(own, 'production.json'), JSON.stringify(config));
    const loaded = [`--import ${contexts}`];
    const secret: string[] = [];
    if (hook !== undefined) {
      loaded.push(`--require ${join(hook, 'porchlight-hook.cjs')}`);
      secret.push(`PORCHLIGHT_RECEIPT_SECRET_FILE=${join(hook, 'porchlight-secret')}`);
    }
    this.command = [
      'env',
      'NODE_ENV=production',
      `PT_INITIAL_ROOT_PASSWORD=${password}`,
      `NODE_CONFIG_DIR=${join(program, 'config')}:${own}`,
      `NODE_EXTRA_CA_CERTS=${caFile}`,
      `NODE_OPTIONS=${loaded.join(' ')}`,
      ...secret,
      // Not the one of this project, which comes first in a test's PATH.
      process.env.PORCHLIGHT_PEERTUBE_NODE ?? process.execPath,
      join(program, 'dist', 'server.js'),
    ];
  }

  /** Its database, before it starts for the first time. */
  static async makeDatabase(stores: Stores): Promise<void> {
    await stores.cluster.database('peertube_prod', 'CREATE EXTENSION pg_trgm; CREATE EXTENSION unaccent;');
  }

  async isUp(): Promise<boolean> {
    try {
      return (await this.#ask('/api/v1/ping')).status === 200;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ECONNREFUSED') return false;
      throw thrown;
    }
  }

  /** Started by the test, not by home. */
  start(): Program {
    const [file = '', ...args] = this.command;
    return new Program('peertube', args, {}, file);
  }

  async comesUp(program: Program): Promise<void> {
    await until(
      'PeerTube',
      async () => {
        if (program.child.exitCode !== null) throw new Error(`PeerTube ended:\n${program.log.slice(-3000)}`);
        return (await this.isUp()) ? true : null;
      },
      180_000,
      200,
    );
  }

  /** Runs alone meanwhile, and not afterwards. */
  async prepare(settle: (root: Owner) => Promise<void>): Promise<void> {
    const program = this.start();
    try {
      await this.comesUp(program);
      await settle(await this.signIn('root'));
    } finally {
      await program.stop();
    }
  }

  /** What its database holds. */
  async rows<Row>(sql: string): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.database });
    await client.connect();
    try {
      return (await client.query(sql)).rows as Row[];
    } finally {
      await client.end();
    }
  }

  /** By name and password, as its own pages do it. */
  async signIn(name: string): Promise<Owner> {
    const client = JSON.parse((await this.#ask('/api/v1/oauth-clients/local')).text) as Record<string, string>;
    const { client_id = '', client_secret = '' } = client;
    const grant = {
      client_id,
      client_secret,
      grant_type: 'password',
      username: name,
      password,
    };
    const answer = await this.#ask('/api/v1/users/token', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(grant).toString(),
    });
    const token = JSON.parse(answer.text) as { access_token?: string };
    if (token.access_token === undefined) throw new Error(`${name} cannot sign in: ${JSON.stringify(token)}`);
    return new Owner(this.#options.folder, async (method, path, body) => {
      const isForm = body instanceof FormData;
      const headers = {
        authorization: `Bearer ${token.access_token}`,
        ...(isForm || body === undefined ? {} : { 'content-type': 'application/json' }),
      };
      const sent = body === undefined ? null : isForm ? body : JSON.stringify(body);
      const said = await this.#ask(path, { method, headers, body: sent });
      if (said.status >= 300) throw new Error(`${method} ${path} answered ${said.status}: ${said.text}`);
      return said.text === '' ? null : (JSON.parse(said.text) as unknown);
    });
  }

  async #ask(path: string, init: Asked = {}): Promise<Said> {
    const { headers = {}, method = 'GET', body = null } = init;
    // As a proxy in front of it says whom it was asked for.
    const said = { accept: 'application/json', host: this.host, 'x-forwarded-proto': 'https', ...headers };
    const answer = await undiciRequest(`${this.base}${path}`, { method, headers: said, body });
    return { status: answer.statusCode, text: await answer.body.text() };
  }
}

interface Asked {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | FormData | null;
}

interface Said {
  readonly status: number;
  readonly text: string;
}

/** Somebody signed in. Every call throws what the server refuses. */
export class Owner {
  readonly ask: (method: Required<Asked>['method'], path: string, body?: unknown) => Promise<unknown>;
  readonly #folder: string;

  constructor(folder: string, ask: Owner['ask']) {
    this.#folder = folder;
    this.ask = ask;
  }

  async makeUser(name: string): Promise<void> {
    const channelName = `${name}_channel`;
    const user = {
      username: name,
      password,
      email: `${name}@mail.example`,
      role: 2,
      videoQuota: -1,
      videoQuotaDaily: -1,
    };
    await this.ask('POST', '/api/v1/users', { ...user, channelName });
  }

  /** Two seconds of a grey picture. */
  async upload(name: string): Promise<Video> {
    const file = join(this.#folder, 'video.mp4');
    const made = ['-f', 'lavfi', '-i', 'color=gray:size=64x64:rate=5:duration=2', '-pix_fmt', 'yuv420p', '-y', file];
    execFileSync('ffmpeg', ['-loglevel', 'error', ...made]);
    const { videoChannels } = (await this.ask('GET', '/api/v1/users/me')) as {
      videoChannels: readonly { id: number }[];
    };
    const form = new FormData();
    form.set('channelId', String(videoChannels[0]?.id));
    form.set('name', name);
    form.set('privacy', '1');
    form.set('videofile', new Blob([readFileSync(file)], { type: 'video/mp4' }), 'video.mp4');
    const { video } = (await this.ask('POST', '/api/v1/videos/upload', form)) as {
      video: { id: number; uuid: string };
    };
    const { url } = (await this.ask('GET', `/api/v1/videos/${video.uuid}`)) as { url: string };
    return { ...video, url };
  }
}
