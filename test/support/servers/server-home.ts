// A real server as a service of a real home node behind a real edge, at social.DOMAIN, with peers that sent in an evening
// sixteen hours ago: edge, home and peers are of that evening until morning, the server is always of now. Its hook is one
// that `porchlight hook write` wrote, and is in place from the start on that asks for it.

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, fetch as undiciFetch } from 'undici';
import { type Certificates, makeCertificates } from '../certificates.ts';
import { Domain } from '../domain.ts';
import { bundleEveningEdge } from '../peers/matrix/edge-of-the-evening.ts';
import { porchlight } from '../porchlight.ts';
import { freePort } from '../ports.ts';
import { ask, Program, until } from '../processes.ts';

export const absenceMs = 16 * 3_600_000;
const [bits, entry] = ['test/support/peers/matrix', 'test/support/home-with-set-clock.ts'];

/** One that runs on loopback, speaks HTTP there and is told its name by the request. */
export interface Server {
  /** As porchlight.toml names it. */
  readonly kind: string;
  readonly command: readonly string[];
  /** Of the command. */
  readonly environment: Readonly<Record<string, string>>;
  /** Its loopback address. */
  readonly base: string;
  /** As porchlight.toml names it. */
  readonly database: string;
  isUp(): Promise<boolean>;
  inbox(name: string): string;
}

export interface Sender {
  readonly name: string;
  readonly actor: string;
  /** The status that the edge gave last: who knows both kinds of signature knocks twice. */
  send(activity: Readonly<Record<string, unknown>>): Promise<number>;
  /** A follow whose body is not the one that was signed. */
  forged(): Promise<number>;
}

export interface Fate {
  readonly delivery: string;
  readonly sender: string;
  readonly outcome: string;
  /** What the log says of it. */
  readonly message: string;
}

/** Where it is, and whom it trusts besides. */
export interface Place {
  readonly folder: string;
  /** As the world knows it, with its port. */
  readonly host: string;
  /** On 127.0.0.1. */
  readonly port: number;
  readonly caFile: string;
}

export class ServerHome<Kind extends Server> {
  readonly folder: string;
  readonly domain: Domain;
  readonly server: Kind;
  /** Asks as Fedify and PeerTube do, in the evening. */
  readonly asker: Program;
  senders: readonly Sender[] = [];
  readonly #sending: Program;
  readonly #owner: string;
  readonly #dispatcher: Agent;

  private constructor(parts: Parts<Kind>) {
    this.folder = parts.folder;
    this.domain = parts.domain;
    this.server = parts.server;
    this.asker = parts.asker;
    this.#sending = parts.sending;
    this.#owner = parts.owner;
    const ca = readFileSync(parts.certificates.caFile, 'utf8');
    // The edge's name is one of this machine, with the address in the place of a resolver's answer.
    const lookup = (_name: string, _options: unknown, tell: (error: null, found: object[]) => void): void =>
      tell(null, [{ address: '127.0.0.1', family: 4 }]);
    this.#dispatcher = new Agent({ connect: { ca, lookup: lookup as never } });
  }

  /** In the evening, home not yet up, nor the server. `owner`: the address of whom the senders write to. */
  static async open<Kind extends Server>(
    serverAt: (place: Place) => Promise<Kind>,
    owner: string,
  ): Promise<ServerHome<Kind>> {
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-server-'));
    // What comes from there may be another user's.
    chmodSync(folder, 0o755);
    const certificates = await makeCertificates(folder, ['social.localhost']);
    const tls = ['--key', certificates.keyFile, '--cert', certificates.certFile];
    const evening = { NODE_EXTRA_CA_CERTS: certificates.caFile, EVENING_OFF: String(-absenceMs) };
    const start = async (name: string, args: readonly string[]): Promise<readonly [Program, string]> => {
      const port = await freePort();
      const one = new Program(name, [...args, '--port', String(port), ...tls], evening);
      const { origin } = await one.line<{ origin: string }>((line) => line.ready === true, 60_000);
      return [one, origin];
    };
    const early = ['--import', `./${bits}/evening-clock.ts`, '--import', './test/support/local-names.mjs'];
    const [sending, sendersOrigin] = await start('senders', [`${bits}/senders.ts`]);
    const [asker, askerOrigin] = await start('asker', [...early, 'test/support/peers/asking-peer.ts']);
    const worker = join(folder, 'evening.js');
    await bundleEveningEdge(worker, -absenceMs);
    const port = await freePort();
    const script = join(folder, 'server.sh');
    let server: Kind | null = null;
    let host = '';
    const domain = await Domain.start({
      folder,
      certificates,
      peerOrigins: [sendersOrigin, askerOrigin],
      edgeProgram: [join(import.meta.dirname, '../../../local/edge.ts'), '--bundle', worker],
      subdomains: ['social'],
      servicesToml: (name) => {
        host = `social.${name}`;
        return '[log]\nformat = "json"';
      },
    });
    server = await serverAt({ folder: join(folder, 'server'), host, port, caFile: certificates.caFile });
    const made = new ServerHome({ folder, certificates, domain, server, sending, asker, owner });
    const service = {
      name: 'social',
      kind: server.kind,
      driver: 'process',
      command: ['sh', script],
      hosts: [host],
      url: server.base,
      database: server.database,
    };
    const lines = Object.entries(service).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
    const toml = join(domain.homeFolder, 'porchlight.toml');
    writeFileSync(toml, [readFileSync(toml, 'utf8'), '[[services]]', ...lines].join('\n'), { mode: 0o600 });
    made.#startsWith({});
    const kinds = await ask<string[]>(sending, 'names');
    made.senders = kinds.map((sender, at) => made.#sender(sender, `${sendersOrigin}/${at}/users/peer${at}`));
    return made;
  }

  /** What home runs: the server, with more in its environment. */
  #startsWith(more: Readonly<Record<string, string>>): void {
    const { command, environment } = this.server;
    const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
    const all = Object.entries({ ...environment, ...more }).map(([name, value]) => quoted(`${name}=${value}`));
    const line = ['exec', 'env', ...all, ...command.map(quoted)].join(' ');
    writeFileSync(join(this.folder, 'server.sh'), `${line}\n`);
  }

  /** Written by our own program; the server has it from its next start on. */
  async putHookIn(): Promise<void> {
    const to = join(this.folder, 'hook');
    const { code, err } = await porchlight(['hook', 'write', 'social', '--home', this.domain.homeFolder, '--to', to]);
    if (code !== 0) throw new Error(`porchlight hook write ended with ${code}: ${err}`);
    const { NODE_OPTIONS = '' } = this.server.environment;
    this.#startsWith({
      NODE_OPTIONS: `${NODE_OPTIONS} --require ${to}/porchlight-hook.cjs`.trim(),
      PORCHLIGHT_RECEIPT_SECRET_FILE: `${to}/porchlight-secret`,
    });
  }

  #sender(sender: string, actor: string): Sender {
    const name = actor.slice(actor.lastIndexOf('/') + 1);
    const { inbox, owner } = this.#door;
    return {
      name: sender,
      actor,
      send: async (activity) => {
        const whole = { '@context': 'https://www.w3.org/ns/activitystreams', actor, ...activity };
        return await ask<number>(this.#sending, 'send', { sender, name, inbox, activity: whole });
      },
      forged: async () => await ask<number>(this.#sending, 'forged', { sender, name, inbox, owner }),
    };
  }

  get #door(): { readonly inbox: string; readonly owner: string } {
    return { inbox: this.server.inbox(this.#owner), owner: this.#owner };
  }

  /** Somebody who has not sent anything. */
  stranger(): Sender {
    const [first] = this.senders;
    if (first === undefined) throw new Error('There are no senders.');
    return this.#sender(first.name, `${first.actor.slice(0, first.actor.lastIndexOf('/'))}/stranger`);
  }

  /** From now on the senders' server is in trouble when it is asked for anything. */
  async muteSenders(): Promise<void> {
    await ask(this.#sending, 'mute');
  }

  get host(): string {
    return `social.${this.domain.host}`;
  }

  /** A visitor's question of the edge. */
  async get(address: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return (await undiciFetch(address, { headers, dispatcher: this.#dispatcher })) as unknown as Response;
  }

  /** Home starts the server, and is up when that is; in the evening unless said. */
  async comesUp(offMs = -absenceMs): Promise<void> {
    this.#wake(offMs);
    await until('the server', async () => ((await this.server.isUp()) ? true : null), 120_000, 100);
  }

  /** Sixteen hours later, for edge, home and peers. */
  async morning(): Promise<void> {
    await this.domain.killEdge();
    this.domain.useEdge();
    await this.domain.startEdge();
    await ask(this.#sending, 'off', { offMs: 0 });
    this.#wake(0);
  }

  /** What home said of each delivery, once it has said it of so many. */
  async fates(count: number): Promise<readonly Fate[]> {
    const final = (): Fate[] => this.said().filter(({ outcome }) => outcome === 'delivered' || outcome === 'dead');
    return await until(`${count} fates`, () => (final().length >= count ? final() : null), 180_000, 100);
  }

  said(): Fate[] {
    const lines = this.domain.home.log.split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line) as Fate).filter(({ outcome }) => outcome !== undefined);
  }

  async end(): Promise<void> {
    await this.domain.end();
    for (const program of [this.#sending, this.asker]) await program.kill();
    await this.#dispatcher.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #wake(offMs: number): void {
    const clockOff = join(this.folder, 'clock-off');
    writeFileSync(clockOff, String(offMs));
    // As everybody starts it, unless it is not now.
    if (offMs === 0) this.domain.startHome();
    else this.domain.startHome([], entry, { CLOCK_OFF: clockOff });
  }
}

interface Parts<Kind> {
  readonly folder: string;
  readonly certificates: Certificates;
  readonly domain: Domain;
  readonly server: Kind;
  readonly sending: Program;
  readonly asker: Program;
  readonly owner: string;
}
