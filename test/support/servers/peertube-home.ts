// A real PeerTube as a service of a real home node behind a real edge, at the domain itself, with peers that sent in an evening
// sixteen hours ago: edge, home and peers are of that evening until morning, PeerTube is always of now.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, fetch as undiciFetch } from 'undici';
import { makeCertificates } from '../certificates.ts';
import { Domain } from '../domain.ts';
import { bundleEveningEdge } from '../peers/matrix/edge-of-the-evening.ts';
import { freePort } from '../ports.ts';
import { ask, Program, until } from '../processes.ts';
import { PeerTube, Stores } from './peertube.ts';

export const absenceMs = 16 * 3_600_000;
const root = join(import.meta.dirname, '../../..');
const [bits, entry] = ['test/support/peers/matrix', 'test/support/home-with-set-clock.ts'];

export interface Sender {
  readonly name: string;
  readonly actor: string;
  /** The status that the edge gave last: who knows both kinds of signature knocks twice. */
  send(activity: Readonly<Record<string, unknown>>, inbox?: string): Promise<number>;
  /** What its server shows at `address`; null: 404. */
  show(address: string, document: object | null): Promise<void>;
}

export interface Fate {
  readonly sender: string;
  readonly outcome: string;
  readonly message: string;
}

interface Parts {
  readonly folder: string;
  readonly domain: Domain;
  readonly stores: Stores;
  readonly server: PeerTube;
  readonly sending: Program;
  readonly sendersOrigin: string;
}

export class PeerTubeHome {
  readonly folder: string;
  readonly domain: Domain;
  readonly stores: Stores;
  readonly server: PeerTube;
  senders: readonly Sender[] = [];
  readonly #sending: Program;
  readonly #clockOff: string;
  readonly #dispatcher: Agent;

  private constructor({ folder, domain, stores, server, sending }: Parts) {
    this.folder = folder;
    this.domain = domain;
    this.stores = stores;
    this.server = server;
    this.#sending = sending;
    this.#clockOff = join(folder, 'clock-off');
    const ca = readFileSync(domain.caFile, 'utf8');
    this.#dispatcher = new Agent({ connect: { ca } });
  }

  /** In the evening, home not yet up, nor PeerTube. */
  static async open(program: string, { isHooked = true } = {}): Promise<PeerTubeHome> {
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-peertube-'));
    const certificates = await makeCertificates(folder);
    const evening = { NODE_EXTRA_CA_CERTS: certificates.caFile, EVENING_OFF: String(-absenceMs) };
    const sendersPort = String(await freePort());
    const args = ['--port', sendersPort, '--key', certificates.keyFile, '--cert', certificates.certFile];
    const sending = new Program('senders', [`${bits}/senders.ts`, ...args], evening);
    const { origin } = await sending.line<{ origin: string }>((line) => line.ready === true, 60_000);
    const worker = join(folder, 'evening.js');
    await bundleEveningEdge(worker, -absenceMs);
    const stores = await Stores.start();
    await PeerTube.makeDatabase(stores);
    const port = await freePort();
    const { caFile } = certificates;
    const hook = join(folder, 'hook');
    const at = (host: string): PeerTube => {
      const publicPort = Number(host.split(':')[1]);
      const hooked = isHooked ? { hook } : {};
      return new PeerTube({ program, folder: join(folder, 'peertube'), publicPort, port, caFile, ...hooked }, stores);
    };
    const domain = await Domain.start({
      folder,
      certificates,
      peerOrigins: [origin],
      edgeProgram: [join(root, 'local/edge.ts'), '--bundle', worker],
      servicesToml: (host) => {
        const { base, command, database } = at(host);
        const service = {
          name: 'tube',
          kind: 'peertube',
          driver: 'process',
          command,
          hosts: [host],
          url: base,
          database,
        };
        const lines = Object.entries(service).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
        return ['[log]', 'format = "json"', '[[services]]', ...lines].join('\n');
      },
    });
    const made = new PeerTubeHome({ folder, domain, stores, server: at(domain.host), sending, sendersOrigin: origin });
    const kinds = await ask<string[]>(sending, 'names');
    made.senders = kinds.map((sender, at) => made.#sender(sender, `${origin}/${at}/users/peer${at}`));
    await made.porchlight('hook', 'write', 'tube', '--to', hook);
    return made;
  }

  #sender(sender: string, actor: string): Sender {
    const name = actor.slice(actor.lastIndexOf('/') + 1);
    return {
      name: sender,
      actor,
      send: async (activity, inbox = `https://${this.host}/inbox`) => {
        const whole = { '@context': 'https://www.w3.org/ns/activitystreams', actor, ...activity };
        return await ask<number>(this.#sending, 'send', { sender, name, inbox, activity: whole });
      },
      show: async (address, document) => {
        await ask(this.#sending, 'show', { address, document });
      },
    };
  }

  get host(): string {
    return this.domain.host;
  }

  /** The command line of an owner; what it says. */
  async porchlight(...args: readonly string[]): Promise<string> {
    const all = [join(root, 'home-node/cli/index.ts'), ...args, '--home', this.domain.homeFolder];
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: this.domain.caFile, NO_COLOR: '1' };
    const command = spawn(process.execPath, all, { env, stdio: ['ignore', 'pipe', 'ignore'] });
    const said: string[] = [];
    command.stdout.on('data', (part: Buffer) => said.push(part.toString()));
    await new Promise((resolve) => command.once('close', resolve));
    return said.join('');
  }

  async webFinger(name: string): Promise<Response> {
    return await this.get(`https://${this.host}/.well-known/webfinger?resource=acct:${name}@${this.host}`);
  }

  /** The edge has the snapshot of the running PeerTube. */
  async isKnown(name: string): Promise<void> {
    const check = async (): Promise<true | null> => ((await this.webFinger(name)).status === 200 ? true : null);
    await until(`the edge knows ${name}`, check, 60_000, 200);
  }

  /** A visitor's question of the edge. */
  async get(address: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return (await undiciFetch(address, { headers, dispatcher: this.#dispatcher })) as unknown as Response;
  }

  async post(address: string, headers: Readonly<Record<string, string>>, body: string): Promise<Response> {
    const dispatcher = this.#dispatcher;
    return (await undiciFetch(address, { method: 'POST', headers, body, dispatcher })) as unknown as Response;
  }

  /** Home starts PeerTube, and is up when that is; in the evening unless said. */
  async comesUp(offMs = -absenceMs): Promise<void> {
    this.#wake(offMs);
    await until('PeerTube', async () => ((await this.server.isUp()) ? true : null), 120_000, 100);
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
    return await until(`${count} fates`, () => (final().length >= count ? final() : null), 60_000, 100);
  }

  said(): Fate[] {
    const lines = this.domain.home.log.split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line) as Fate).filter(({ outcome }) => outcome !== undefined);
  }

  async end(): Promise<void> {
    await this.domain.end();
    await this.#sending.kill();
    await this.stores.end();
    await this.#dispatcher.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #wake(offMs: number): void {
    writeFileSync(this.#clockOff, String(offMs));
    this.domain.startHome([], entry, { CLOCK_OFF: this.#clockOff });
  }
}
