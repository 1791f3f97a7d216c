// A deployment from end to end on this machine: `npm run deploy` with the real wrangler, the stand-in for Cloudflare's API,
// and, as what is live at the hosts, the real local edge running the very module and variables that were uploaded. What
// nothing here shows is Cloudflare itself.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { type LocalEdge, startEdge } from '../../../local/edge.ts';
import { type EdgeAbout, edgeAboutPath } from '../../../shared/edge-about.ts';
import { type Certificates, makeCertificates } from '../certificates.ts';
import type { Ran } from '../porchlight.ts';
import { freePort } from '../ports.ts';
import type { StandInWorker } from './account.ts';
import { CloudflareStandIn } from './stand-in.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const preload = join(import.meta.dirname, 'names-on-loopback.ts');

const never: Stops = () => false;

const { FORCE_COLOR: _, ...colourless } = process.env;

type Stops = (change: string) => boolean;

export interface RunOptions {
  /** Killed, with everything that it started, as soon as this change was made. */
  readonly killAt?: Stops;
  /** Sent what Ctrl-C sends, as soon as this change was made. */
  readonly interruptAt?: Stops;
  readonly env?: Readonly<Record<string, string>>;
}

export class DeploymentRig {
  readonly folder: string;
  readonly cloudflare: CloudflareStandIn;
  readonly port: number;
  readonly certificates: Certificates;
  /** A live edge comes up while wrangler goes on: one after another. */
  #edge: Promise<LocalEdge | null> = Promise.resolve(null);
  #edges = 0;
  #running: { child: ChildProcess; killAt: Stops; interruptAt: Stops } | null = null;
  /** Origins of this machine at which the live edge may ask for keys. */
  devKeyOrigins: readonly string[] = [];
  /** Off: uploaded Workers never come to life. */
  goesLive = true;

  private constructor(folder: string, cloudflare: CloudflareStandIn, port: number, certificates: Certificates) {
    this.folder = folder;
    this.cloudflare = cloudflare;
    this.port = port;
    this.certificates = certificates;
    cloudflare.account.onChange = (change) => this.#changed(change);
    this.setNames({});
  }

  static async open(): Promise<DeploymentRig> {
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-deployment-'));
    const certificates = await makeCertificates(folder, ['example.org', 'social.example.org']);
    return new DeploymentRig(folder, await CloudflareStandIn.start(), await freePort(), certificates);
  }

  /** Programs that are to find the hosts: `node`, these arguments, this environment. */
  readonly names = { args: ['--import', preload] } as const;

  get env(): Readonly<Record<string, string>> {
    return {
      PORCHLIGHT_TEST_NAMES: join(this.folder, 'names.json'),
      NODE_EXTRA_CA_CERTS: this.certificates.caFile,
      // Nobody's login, nobody's colours.
      XDG_CONFIG_HOME: join(this.folder, 'config'),
      CLOUDFLARE_ACCOUNT_ID: '',
      NO_COLOR: '1',
    };
  }

  get #ca(): string {
    return readFileSync(this.certificates.caFile, 'utf8');
  }

  get deployment(): string {
    return join(this.folder, 'deployment');
  }

  /** Where names lead. */
  setNames(names: Readonly<Record<string, number>>): void {
    writeFileSync(join(this.folder, 'names.json'), JSON.stringify(names));
  }

  async deploy(
    args: readonly string[],
    { killAt = never, interruptAt = never, env = {} }: RunOptions = {},
  ): Promise<Ran> {
    const program = [...this.names.args, join(root, 'local', 'deploy.ts'), '--folder', this.deployment, ...args];
    const child = spawn(process.execPath, program, {
      detached: true,
      env: { ...colourless, ...this.cloudflare.env, ...this.env, ...env },
    });
    this.#running = { child, killAt, interruptAt };
    const heard = { out: '', err: '' };
    child.stdout.on('data', (part: Buffer) => {
      heard.out += part.toString();
    });
    child.stderr.on('data', (part: Buffer) => {
      heard.err += part.toString();
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    this.#running = null;
    return { code, ...heard };
  }

  async edge(): Promise<LocalEdge> {
    const edge = await this.#edge;
    if (edge === null) throw new Error('Nothing was deployed yet.');
    return edge;
  }

  /** As a visitor of the host would. */
  async get(host: string, path: string): Promise<{ readonly status: number; readonly text: string }> {
    const dispatcher = new Agent({ connect: { ca: this.#ca } });
    const { statusCode, body } = await request(`https://localhost:${this.port}${path}`, {
      dispatcher,
      headers: { host },
    });
    const text = await body.text();
    await dispatcher.close();
    return { status: statusCode, text };
  }

  /** What the edge says of itself there. */
  async about(host: string): Promise<EdgeAbout> {
    return JSON.parse((await this.get(host, edgeAboutPath)).text) as EdgeAbout;
  }

  async close(): Promise<void> {
    await (await this.#edge)?.stop();
    await this.cloudflare.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #changed(change: string): void {
    const [what] = change.split(' ');
    const [worker] = this.cloudflare.account.workers.values();
    if (worker !== undefined && (what === 'worker' || what === 'domains') && this.goesLive) {
      if (what === 'worker') this.#edge = this.#edge.then(async (before) => await this.#live(worker, before));
      // Names come to be when something answers there.
      this.#edge = this.#edge.then((edge) => {
        if (edge !== null) this.setNames(Object.fromEntries(worker.domains.map((domain) => [domain, this.port])));
        return edge;
      });
    }
    const { child, killAt, interruptAt } = this.#running ?? { child: null, killAt: never, interruptAt: never };
    if (child?.pid === undefined) return;
    // A terminal sends it to everything that runs in it.
    if (killAt(change)) process.kill(-child.pid, 'SIGKILL');
    else if (interruptAt(change)) process.kill(-child.pid, 'SIGINT');
  }

  async #live(worker: StandInWorker, before: LocalEdge | null): Promise<LocalEdge> {
    await before?.stop();
    const version = worker.versions.find(({ id }) => id === worker.live);
    const text = (binding: string): string =>
      String(version?.metadata.bindings.find(({ name }) => name === binding)?.text ?? '');
    this.#edges += 1;
    const bundlePath = join(this.folder, `worker-${this.#edges}.js`);
    writeFileSync(bundlePath, version?.script ?? '');
    mkdirSync(join(this.folder, 'edge'), { recursive: true });
    return await startEdge({
      port: this.port,
      dataDir: join(this.folder, 'edge'),
      tls: {
        key: readFileSync(this.certificates.keyFile, 'utf8'),
        cert: readFileSync(this.certificates.certFile, 'utf8'),
      },
      bundlePath,
      operatorKey: text('OPERATOR_KEY'),
      devKeyOrigins: this.devKeyOrigins,
      build: text('BUILD'),
    });
  }
}
