// A house for the benchmarks: the edge in this process's own workerd, the home node as a process, and one actor whose
// key is served here. Plain HTTP on loopback: what is measured is ours, not TLS.

import { createHash, createSign, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalEdge, startEdge } from '../../local/edge.ts';
import { Program, until } from '../../test/support/processes.ts';
import { cpuSecondsOf } from '../cpu.ts';

const activityJson = 'application/activity+json';

/** Actors of one origin that share a key: what is measured does not care, and making thousands of keys takes long. */
export class Senders {
  readonly origin: string;
  readonly publicKey: string;
  readonly #privateKey: string;
  readonly #server: Server;
  readonly #asked: { count: number };
  #made = 0;

  private constructor(server: Server, asked: { count: number }, publicKey: string, privateKey: string) {
    this.#server = server;
    this.#asked = asked;
    this.origin = `http://localhost:${(server.address() as AddressInfo).port}`;
    this.publicKey = publicKey;
    this.#privateKey = privateKey;
  }

  static async open(): Promise<Senders> {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const publicKeyPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const asked = { count: 0 };
    const server = createServer((request, response) => {
      asked.count += 1;
      const id = `http://${request.headers.host}${request.url}`;
      const publicKey = { id: `${id}#main-key`, owner: id, publicKeyPem };
      response.writeHead(200, { 'content-type': activityJson });
      response.end(JSON.stringify({ type: 'Person', id, preferredUsername: 'x', inbox: `${id}/inbox`, publicKey }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Senders(
      server,
      asked,
      publicKeyPem,
      pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    );
  }

  /** How often a key was asked for. */
  get keyFetches(): number {
    return this.#asked.count;
  }

  actor(name: string): string {
    return `${this.origin}/users/${name}`;
  }

  /** A signed note of about 1 KiB, ready to be sent. */
  post(name: string, host: string): Post {
    const actor = this.actor(name);
    this.#made += 1;
    const id = `${actor}/notes/${this.#made}`;
    const content = 'A quiet evening, all lamps are lit. '.repeat(20);
    const object = { type: 'Note', id: `${id}#note`, attributedTo: actor, content };
    const body = JSON.stringify({
      '@context': 'https://www.w3.org/ns/activitystreams',
      id,
      type: 'Create',
      actor,
      object,
    });
    const digest = `SHA-256=${createHash('sha256').update(body).digest('base64')}`;
    const date = new Date().toUTCString();
    const base = `(request-target): post /inbox\nhost: ${host}\ndate: ${date}\ndigest: ${digest}`;
    const signature = createSign('sha256').update(base).sign(this.#privateKey, 'base64');
    const headers = {
      host,
      date,
      digest,
      'content-type': activityJson,
      signature: `keyId="${actor}#main-key",algorithm="rsa-sha256",headers="(request-target) host date digest",signature="${signature}"`,
    };
    return { id, headers, body };
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

export interface Post {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export class House {
  readonly edge: LocalEdge;
  readonly host: string;
  readonly folder: string;
  readonly #homeFolder: string;
  readonly #code: string;
  #home: Program | null = null;

  private constructor(edge: LocalEdge, folder: string, homeFolder: string, code: string) {
    this.edge = edge;
    this.folder = folder;
    this.host = `localhost:${edge.port}`;
    this.#homeFolder = homeFolder;
    this.#code = code;
  }

  static async open(devKeyOrigins: readonly string[], servicesToml: string): Promise<House> {
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-bench-'));
    const edge = await startEdge({ port: 0, dataDir: join(folder, 'edge'), devKeyOrigins });
    const host = `localhost:${edge.port}`;
    const homeFolder = join(folder, 'home');
    mkdirSync(homeFolder);
    const development = '[development]\nallow_private_addresses = true\n';
    writeFileSync(
      join(homeFolder, 'porchlight.toml'),
      `domain = "${host}"\nedge = "http://${host}"\n${development}${servicesToml}`,
    );
    return new House(edge, folder, homeFolder, await edge.issueClaimCode([host]));
  }

  async startHome(): Promise<void> {
    const args = ['home-node/main.ts', '--home', this.#homeFolder, '--claim', this.#code, '--log', 'warn'];
    this.#home = new Program('home', args);
    await until('what home leaves at the edge', async () => {
      const answer = await fetch(`http://${this.host}/inbox`, { method: 'POST', body: '{}' });
      await answer.arrayBuffer();
      return answer.status === 400 ? true : null;
    });
  }

  /** CPU that the home node has used so far, with all its threads. */
  homeCpuSeconds(): number {
    return cpuSecondsOf(this.#home?.child.pid);
  }

  async stopHome(): Promise<void> {
    await this.#home?.stop();
    this.#home = null;
  }

  async close(): Promise<void> {
    await this.#home?.kill();
    await this.edge.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const recorderToml = (port: number): string =>
  `[[services]]\nname = "recorder"\nkind = "activitypub"\nurl = "http://127.0.0.1:${port}"\ninboxes = ["/inbox"]\nsignatures = ["cavage"]\n`;
