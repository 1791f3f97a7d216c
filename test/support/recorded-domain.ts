// A domain before two processes of other code: a peer whose actors deliver to it, and the service at home, which
// records whatever it was ever handed. Over HTTPS, each with its own origin.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates } from './certificates.ts';
import { Domain, type DomainOptions } from './domain.ts';
import { freePort } from './ports.ts';
import { ask, Program } from './processes.ts';

/** A line of the service's record. */
export interface Recorded {
  readonly id: string;
  readonly sender: string;
  readonly verified: boolean;
}

export class RecordedDomain {
  readonly folder: string;
  readonly caFile: string;
  readonly peerOrigin: string;
  readonly domain: Domain;
  readonly peer: Program;
  service: Program;
  readonly #servicePort: number;
  readonly #environment: Record<string, string>;

  private constructor(parts: {
    folder: string;
    peerOrigin: string;
    domain: Domain;
    peer: Program;
    service: Program;
    servicePort: number;
    environment: Record<string, string>;
  }) {
    this.folder = parts.folder;
    this.caFile = parts.environment.NODE_EXTRA_CA_CERTS ?? '';
    this.peerOrigin = parts.peerOrigin;
    this.domain = parts.domain;
    this.peer = parts.peer;
    this.service = parts.service;
    this.#servicePort = parts.servicePort;
    this.#environment = parts.environment;
  }

  /** `name`: what its folder is called after; `actors`: the peer's; `more`: of the domain's options. */
  static async start(
    name: string,
    actors: readonly string[],
    more: (folder: string) => Promise<Partial<DomainOptions>> = async () => ({}),
  ): Promise<RecordedDomain> {
    const folder = mkdtempSync(join(tmpdir(), `porchlight-${name}-`));
    const certificates = await makeCertificates(folder);
    const environment = { NODE_EXTRA_CA_CERTS: certificates.caFile };
    const [peerPort, servicePort] = [await freePort(), await freePort()];
    const peerOrigin = `https://localhost:${peerPort}`;
    const tls = ['--key', certificates.keyFile, '--cert', certificates.certFile];
    const peerArgs = ['--port', String(peerPort), ...tls, '--actors', actors.join(',')];
    const peer = new Program('peer', ['test/support/peers/signing-peer.ts', ...peerArgs], environment);
    await peer.line((line) => line.ready === true);
    const service = await startService(folder, servicePort, environment);
    const servicesToml = `[[services]]\nname = "recorder"\nkind = "activitypub"\nurl = "http://127.0.0.1:${servicePort}"\ninboxes = ["/inbox"]\nsignatures = ["cavage"]\n`;
    const options = { folder, certificates, peerOrigins: [peerOrigin], servicesToml, ...(await more(folder)) };
    const domain = await Domain.start(options);
    return new RecordedDomain({ folder, peerOrigin, domain, peer, service, servicePort, environment });
  }

  get record(): string {
    return join(this.folder, 'record.jsonl');
  }

  actor(name: string): string {
    return `${this.peerOrigin}/accounts/${name}`;
  }

  /** What the service saw, whole lines only, in its order. */
  recorded(): Recorded[] {
    return linesOf(this.record).map((line) => JSON.parse(line) as Recorded);
  }

  /** Starts the service again, after it was killed. */
  async restartService(): Promise<void> {
    this.service = await startService(this.folder, this.#servicePort, this.#environment);
  }

  /** A Create by this actor of the peer. Resolves to the edge's status. */
  async deliver(from: string, id: string, content?: string): Promise<number> {
    const actor = this.actor(from);
    const object = { type: 'Note', id: `${id}/note`, ...(content === undefined ? {} : { content }) };
    const body = JSON.stringify({ id, type: 'Create', actor, object });
    const inbox = `${this.domain.origin}/inbox`;
    return (await ask<{ status: number }>(this.peer, 'deliver', { from, inbox, body })).status;
  }

  async end(): Promise<void> {
    await this.domain.end();
    await this.peer.kill();
    await this.service.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Lines of a file that another process writes; none when it is not there yet. The last may be half written. */
export function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
}

async function startService(folder: string, port: number, environment: Record<string, string>): Promise<Program> {
  const args = ['--port', String(port), '--record', join(folder, 'record.jsonl')];
  const service = new Program('service', ['test/support/peers/recording-service.ts', ...args], environment);
  await service.line((line) => line.ready === true);
  return service;
}
