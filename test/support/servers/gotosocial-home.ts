// A real GoToSocial as a service of a real home node behind a real edge, at social.DOMAIN or another name, with peers that sent in an evening
// sixteen hours ago: edge, home and peers are of that evening until morning, GoToSocial is always of now.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, fetch as undiciFetch } from 'undici';
import { type Certificates, makeCertificates } from '../certificates.ts';
import { Domain } from '../domain.ts';
import { bundleEveningEdge } from '../peers/matrix/edge-of-the-evening.ts';
import { freePort } from '../ports.ts';
import { ask, Program, until } from '../processes.ts';
import { GoToSocial } from './gotosocial.ts';

export const absenceMs = 16 * 3_600_000;
const [bits, entry] = ['test/support/peers/matrix', 'test/support/home-with-set-clock.ts'];

export interface Sender {
  readonly name: string;
  readonly actor: string;
  /** The status that the edge gave last: who knows both kinds of signature knocks twice. */
  send(activity: Readonly<Record<string, unknown>>): Promise<number>;
  /** A follow whose body is not the one that was signed. */
  forged(): Promise<number>;
}

export interface Fate {
  readonly sender: string;
  readonly outcome: string;
  readonly message: string;
}

export interface Layout {
  /** Its host: the domain itself, which is then all that is claimed, or one below it, with its own name or the domain after the @. */
  readonly names: 'the domain' | 'one below' | 'one below, with the domain after the @';
  /** Its database; SQLite if left out. */
  readonly postgres?: URL;
  /** The same, as home reads it. */
  readonly readAs?: URL;
}

export class GoToSocialHome {
  readonly folder: string;
  readonly domain: Domain;
  readonly server: GoToSocial;
  /** Its host, with the port. */
  readonly host: string;
  /** Asks as Fedify and PeerTube do, in the evening. */
  readonly asker: Program;
  senders: readonly Sender[] = [];
  readonly #homes: Program[] = [];
  readonly #sending: Program;
  readonly #clockOff: string;
  readonly #dispatcher: Agent;

  private constructor(parts: Parts) {
    this.folder = parts.folder;
    this.domain = parts.domain;
    this.server = parts.server;
    this.host = parts.host;
    this.asker = parts.asker;
    this.#sending = parts.sending;
    this.#clockOff = join(parts.folder, 'clock-off');
    const ca = readFileSync(parts.certificates.caFile, 'utf8');
    // The edge's name is one of this machine, with the address in the place of a resolver's answer.
    const lookup = (_name: string, _options: unknown, tell: (error: null, found: object[]) => void): void =>
      tell(null, [{ address: '127.0.0.1', family: 4 }]);
    this.#dispatcher = new Agent({ connect: { ca, lookup: lookup as never } });
  }

  /** In the evening, home not yet up, nor GoToSocial. */
  static async open(program: string, layout: Layout = { names: 'one below' }): Promise<GoToSocialHome> {
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-gotosocial-'));
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
    const [domain, server, host] = await domainWith({
      layout,
      folder,
      certificates,
      program,
      peerOrigins: [sendersOrigin, askerOrigin],
      edgeProgram: [join(import.meta.dirname, '../../../local/edge.ts'), '--bundle', worker],
    });
    const made = new GoToSocialHome({ folder, certificates, domain, server, host, sending, asker });
    const kinds = await ask<string[]>(sending, 'names');
    made.senders = kinds.map((sender, at) => made.#sender(sender, `${sendersOrigin}/${at}/users/peer${at}`));
    return made;
  }

  #sender(sender: string, actor: string): Sender {
    const name = actor.slice(actor.lastIndexOf('/') + 1);
    const inbox = `${this.actor('anna')}/inbox`;
    return {
      name: sender,
      actor,
      send: async (activity) => {
        const whole = { '@context': 'https://www.w3.org/ns/activitystreams', actor, ...activity };
        return await ask<number>(this.#sending, 'send', { sender, name, inbox, activity: whole });
      },
      forged: async () =>
        await ask<number>(this.#sending, 'forged', { sender, name, inbox, owner: this.actor('anna') }),
    };
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

  actor(name: string): string {
    return `https://${this.host}/users/${name}`;
  }

  /** A visitor's question of the edge. */
  async get(address: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return (await undiciFetch(address, { headers, dispatcher: this.#dispatcher })) as unknown as Response;
  }

  async post(address: string, headers: Readonly<Record<string, string>>, body: string): Promise<Response> {
    const dispatcher = this.#dispatcher;
    return (await undiciFetch(address, { method: 'POST', headers, body, dispatcher })) as unknown as Response;
  }

  /** Home starts GoToSocial, and is up when that is; in the evening unless said. */
  async comesUp(offMs = -absenceMs): Promise<void> {
    this.#wake(offMs);
    await until('GoToSocial', async () => ((await this.server.isUp()) ? true : null), 120_000, 100);
  }

  /** Home knows that GoToSocial is up, and has told the edge who lives there. */
  async isHeard(): Promise<void> {
    await this.domain.home.line((line) => line.event === 'awake', 60_000);
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

  /** What home ever said. */
  get log(): string {
    return this.#homes.map(({ log }) => log).join('\n');
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
    writeFileSync(this.#clockOff, String(offMs));
    const env = { CLOCK_OFF: this.#clockOff, ...this.server.environment };
    this.#homes.push(this.domain.startHome([], entry, env));
  }
}

interface Parts {
  readonly folder: string;
  readonly certificates: Certificates;
  readonly domain: Domain;
  readonly server: GoToSocial;
  readonly host: string;
  readonly sending: Program;
  readonly asker: Program;
}

async function domainWith(options: {
  readonly folder: string;
  readonly certificates: Certificates;
  readonly program: string;
  readonly peerOrigins: readonly string[];
  readonly edgeProgram: readonly string[];
  readonly layout: Layout;
}): Promise<readonly [Domain, GoToSocial, string]> {
  const { folder, certificates, program, layout, ...rest } = options;
  const { names, postgres, readAs } = layout;
  const port = await freePort();
  const hostAt = (domain: string): string => (names === 'the domain' ? domain : `social.${domain}`);
  const accountsAt = (domain: string): { readonly accountDomain?: string } =>
    names === 'one below, with the domain after the @' ? { accountDomain: domain } : {};
  const at = (domain: string): GoToSocial =>
    new GoToSocial({
      program,
      folder: join(folder, 'gotosocial'),
      host: hostAt(domain),
      port,
      caFile: certificates.caFile,
      ...accountsAt(domain),
      ...(postgres && { postgres }),
    });
  const domain = await Domain.start({
    folder,
    certificates,
    ...rest,
    subdomains: names === 'the domain' ? [] : ['social'],
    servicesToml: (host) => {
      const { base, command, database } = at(host);
      const { accountDomain } = accountsAt(host);
      const service = {
        name: 'social',
        kind: 'gotosocial',
        driver: 'process',
        command,
        hosts: [hostAt(host)],
        url: base,
        database: readAs?.href ?? database,
        // Its limit is by address, and here everybody has the same; a whole night is less than that.
        drain_per_second: 20,
        ...(accountDomain === undefined ? {} : { account_domain: accountDomain }),
      };
      const lines = Object.entries(service).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
      return ['[log]', 'level = "debug"', 'format = "json"', '[[services]]', ...lines].join('\n');
    },
  });
  return [domain, at(domain.host), hostAt(domain.host)];
}
