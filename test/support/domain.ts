// A whole domain for journeys: edge in workerd, home node and, before both, a wire that can be cut, each a process of
// its own that can be killed and started again on the same data. Peers and home reach the edge by the wire's port,
// which is the domain's public address.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Certificates } from './certificates.ts';
import { freePort } from './ports.ts';
import { Program } from './processes.ts';
import { Wire } from './tcp-proxy.ts';

const root = join(import.meta.dirname, '..', '..');

export interface DomainOptions {
  readonly folder: string;
  readonly certificates: Certificates;
  /** Origins of the peers of this journey: their keys are on loopback. */
  readonly peerOrigins: readonly string[];
  /** [[services]] sections of porchlight.toml; the embedded home if left out. */
  readonly servicesToml?: string | ((host: string) => string);
  /** Names below the domain that are claimed with it. */
  readonly subdomains?: readonly string[];
  readonly dnsResolver?: string;
  /** Public half of the operator's key. */
  readonly operatorKey?: string;
  /** What runs as the edge: a program and its first arguments; local/edge.ts if left out. */
  readonly edgeProgram?: readonly string[];
}

const ownEdge = [join(root, 'local', 'edge.ts')];

export class Domain {
  readonly host: string;
  readonly origin: string;
  readonly homeFolder: string;
  private readonly options: DomainOptions;
  private readonly wire: Wire;
  /** Where the edge itself listens, without the wire. */
  readonly edgePort: number;
  private edgeProgram: Program | null = null;
  private homeProgram: Program | null = null;
  private code: string | null = null;
  private runsAsEdge: readonly string[];

  private constructor(options: DomainOptions, wire: Wire, port: number, edgePort: number) {
    this.options = options;
    this.wire = wire;
    this.edgePort = edgePort;
    this.runsAsEdge = options.edgeProgram ?? ownEdge;
    this.host = `localhost:${port}`;
    this.origin = `https://${this.host}`;
    this.homeFolder = join(options.folder, 'home');
  }

  static async start(options: DomainOptions): Promise<Domain> {
    const port = await freePort();
    const edgePort = await freePort();
    const domain = new Domain(options, await Wire.open(port, edgePort), port, edgePort);
    mkdirSync(domain.homeFolder, { recursive: true });
    writeFileSync(join(domain.homeFolder, 'porchlight.toml'), domain.toml());
    await domain.startEdge();
    return domain;
  }

  private toml(): string {
    const { servicesToml = '' } = this.options;
    return [
      `domain = "${this.host}"`,
      `edge = "${this.origin}"`,
      '[development]',
      'allow_private_addresses = true',
      typeof servicesToml === 'string' ? servicesToml : servicesToml(this.host),
    ].join('\n');
  }

  get edge(): Program {
    if (this.edgeProgram === null) throw new Error('The edge is not running.');
    return this.edgeProgram;
  }

  get home(): Program {
    if (this.homeProgram === null) throw new Error('Home is not running.');
    return this.homeProgram;
  }

  get homeIsRunning(): boolean {
    return this.homeProgram !== null;
  }

  /** CAs that everything here trusts. */
  get caFile(): string {
    return this.options.certificates.caFile;
  }

  /** The edge's one-time code for this domain. */
  get claimCode(): string {
    if (this.code === null) throw new Error('The edge has issued no code.');
    return this.code;
  }

  async startEdge(): Promise<void> {
    const { certificates, folder, peerOrigins, dnsResolver, operatorKey, subdomains = [] } = this.options;
    const hosts = [this.host, ...subdomains.map((name) => `${name}.${this.host}`)];
    const args = ['--port', String(this.edgePort), '--data', join(folder, 'edge')];
    if (this.code === null) args.push('--hosts', hosts.join(','));
    args.push('--tls-key', certificates.keyFile, '--tls-cert', certificates.certFile);
    args.push('--dev-key-origins', peerOrigins.join(','));
    if (dnsResolver !== undefined) args.push('--dns-resolver', dnsResolver);
    // As one argument: it may begin with a hyphen.
    if (operatorKey !== undefined) args.push(`--operator-key=${operatorKey}`);
    const program = new Program('edge', [...this.runsAsEdge, ...args], this.environment);
    this.edgeProgram = program;
    const ready = await program.line<{ code?: string }>((line) => line.origin !== undefined, 60_000);
    this.code ??= ready.code ?? null;
  }

  private get environment(): Record<string, string> {
    return { NODE_EXTRA_CA_CERTS: this.options.certificates.caFile };
  }

  /** Starts the home node; `entry` is another program that wires it, with its environment, on another Node. */
  startHome(
    args: readonly string[] = [],
    entry = 'home-node/main.ts',
    env: Readonly<Record<string, string>> = {},
    node: string = process.execPath,
  ): Program {
    const all = [resolve(root, entry), ...args, '--home', this.homeFolder];
    if (this.code !== null) all.push('--claim', this.code);
    this.homeProgram = new Program('home', all, { ...this.environment, ...env }, node);
    return this.homeProgram;
  }

  /** What runs as the edge from its next start on; the repository's own if nothing is named. */
  useEdge(program: readonly string[] = ownEdge): void {
    this.runsAsEdge = program;
  }

  /** The code that home claims with from the next start on. */
  useCode(code: string): void {
    this.code = code;
  }

  /** A second home node, on another data folder, without a claim. Whoever starts it ends it. */
  startAnother(folder: string, entry: string): Program {
    return new Program('another home', [join(root, entry), '--home', folder], this.environment);
  }

  /** Bedtime: home says good night and ends. */
  async sleep(): Promise<void> {
    const code = await this.home.stop();
    const said = this.home.log;
    this.homeProgram = null;
    if (code !== 0) throw new Error(`Home ended with ${String(code)}:\n${said}`);
  }

  async killHome(): Promise<void> {
    await this.home.kill();
    this.homeProgram = null;
  }

  async killEdge(): Promise<void> {
    await this.edge.kill();
    this.edgeProgram = null;
  }

  cutWire(): void {
    this.wire.cut();
  }

  /** Connections that go by the wire say nothing any more, and do not end. */
  freezeWire(): void {
    this.wire.freeze();
  }

  async end(): Promise<void> {
    await this.homeProgram?.kill();
    await this.edgeProgram?.kill();
    await this.wire.close();
  }
}
