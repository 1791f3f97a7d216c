// The program as an owner has it: bundled (local/build.ts), with a home that has claimed at an edge on this machine and
// runs, reached through a wire that counts.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalEdge, startEdge } from '../../local/edge.ts';
import { Program, until } from '../../test/support/processes.ts';
import { CountingWire } from './counting-wire.ts';

const root = join(import.meta.dirname, '..', '..');
const command = join(root, 'dist', 'porchlight.js');

export class InstalledHome {
  readonly folder: string;
  readonly home: string;
  readonly edge: LocalEdge;
  readonly wire: CountingWire;
  readonly up: Program;

  private constructor(parts: { folder: string; home: string; edge: LocalEdge; wire: CountingWire; up: Program }) {
    this.folder = parts.folder;
    this.home = parts.home;
    this.edge = parts.edge;
    this.wire = parts.wire;
    this.up = parts.up;
  }

  static async open(): Promise<InstalledHome> {
    execFileSync(process.execPath, [join(root, 'local', 'build.ts')], { cwd: root });
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-bench-owner-'));
    const edge = await startEdge({ port: 0, dataDir: join(folder, 'edge') });
    const port = await freePort();
    const host = `localhost:${port}`;
    const wire = await CountingWire.open(port, edge.port);
    const home = join(folder, 'home');
    execFileSync(process.execPath, [command, 'init', '--yes', '--domain', 'example.org', '--home', home]);
    const development = '[development]\nallow_private_addresses = true\n';
    writeFileSync(join(home, 'porchlight.toml'), `domain = "${host}"\nedge = "http://${host}"\n${development}`);
    const code = await edge.issueClaimCode([host]);
    const up = new Program('home', [command, 'up', '--home', home, '--claim', code]);
    const made = new InstalledHome({ folder, home, edge, wire, up });
    await until('home is awake', () => (made.status().includes('"state": "awake"') ? true : null));
    return made;
  }

  /** Runs a command to its end; what it says. Some end with another code than 0 and have said what they should. */
  run(args: readonly string[]): string {
    try {
      return execFileSync(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
    } catch (thrown) {
      return String((thrown as { stdout?: Buffer }).stdout ?? '');
    }
  }

  status(): string {
    return this.run(['status', '--json', '--home', this.home]);
  }

  get pid(): number {
    return this.up.child.pid ?? 0;
  }

  async close(): Promise<void> {
    await this.up.kill();
    this.wire.close();
    await this.edge.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
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
