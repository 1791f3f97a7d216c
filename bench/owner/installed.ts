// The program as an owner has it: bundled (local/build.ts), with a home that has claimed at an edge on this machine and
// runs, reached through a wire that counts. Beside it a second one, at rest, for what a home that is up cannot be asked.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openOperatorKey, operatorKeyVariable } from '../../home-node/operator/operator-key.ts';
import { type LocalEdge, startEdge } from '../../local/edge.ts';
import { Program, until } from '../../test/support/processes.ts';
import { Senders } from '../activitypub/senders.ts';
import { CountingWire } from './counting-wire.ts';

const root = join(import.meta.dirname, '..', '..');
const command = join(root, 'dist', 'porchlight.js');

export class InstalledHome {
  readonly folder: string;
  readonly home: string;
  readonly host: string;
  /** Of a home that does not run. */
  readonly second: string;
  readonly secondHost: string;
  readonly operatorKey: string;
  readonly senders: Senders;
  readonly edge: LocalEdge;
  readonly wire: CountingWire;
  readonly up: Program;

  private constructor(parts: {
    folder: string;
    host: string;
    operatorKey: string;
    senders: Senders;
    edge: LocalEdge;
    wire: CountingWire;
    up: Program;
  }) {
    this.folder = parts.folder;
    this.home = join(parts.folder, 'home');
    this.host = parts.host;
    this.second = join(parts.folder, 'second');
    this.secondHost = parts.host.replace('localhost', 'second.localhost');
    this.operatorKey = parts.operatorKey;
    this.senders = parts.senders;
    this.edge = parts.edge;
    this.wire = parts.wire;
    this.up = parts.up;
  }

  static async open(): Promise<InstalledHome> {
    execFileSync(process.execPath, [join(root, 'local', 'build.ts')], { cwd: root });
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-bench-owner-'));
    const operatorKey = join(folder, 'operator-key.json');
    const operator = operatorKeyVariable((await openOperatorKey(operatorKey)).publicKey);
    const senders = await Senders.open();
    const devKeyOrigins = [senders.origin];
    const edge = await startEdge({ port: 0, dataDir: join(folder, 'edge'), operatorKey: operator, devKeyOrigins });
    const port = await freePort();
    const host = `localhost:${port}`;
    const wire = await CountingWire.open(port, edge.port);
    const home = join(folder, 'home');
    makeHome(home, host, host);
    const code = await edge.issueClaimCode([host]);
    const up = new Program('home', [command, 'up', '--home', home, '--claim', code]);
    const made = new InstalledHome({ folder, host, operatorKey, senders, edge, wire, up });
    makeHome(made.second, made.secondHost, host);
    await until('home is awake', async () => ((await made.isAwake()) ? true : null));
    return made;
  }

  /**
   * Runs a command to its end; what it says. Some end with another code than 0 and have said what they should. The wire is
   * in this process, which must not stand still meanwhile.
   */
  async run(args: readonly string[]): Promise<string> {
    const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
    let said = '';
    child.stdout.on('data', (part: Buffer) => {
      said += part.toString();
    });
    await new Promise((resolve) => child.once('close', resolve));
    return said;
  }

  async isAwake(): Promise<boolean> {
    return (await this.run(['status', '--json', '--home', this.home])).includes('"state": "awake"');
  }

  get pid(): number {
    return this.up.child.pid ?? 0;
  }

  async close(): Promise<void> {
    await this.up.kill();
    this.senders.close();
    this.wire.close();
    await this.edge.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function makeHome(folder: string, domain: string, edge: string): void {
  execFileSync(process.execPath, [command, 'init', '--yes', '--domain', 'example.org', '--home', folder]);
  const development = '[development]\nallow_private_addresses = true\n';
  writeFileSync(join(folder, 'porchlight.toml'), `domain = "${domain}"\nedge = "http://${edge}"\n${development}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
