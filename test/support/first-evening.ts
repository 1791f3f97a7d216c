// The stage of an owner's first evening: the program from its tarball, an empty HOME, a terminal, and an edge of this
// machine in place of the deployed one, which programs here find at https://example.org. Beside it a neighbour on
// another server.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import type { NodeReport } from '../../home-node/control/report.ts';
import { makeCertificates } from './certificates.ts';
import { install, type Packed, pack } from './installed-package.ts';
import { freePort } from './ports.ts';
import { ask, Program, until } from './processes.ts';
import { TmuxTerminal } from './tmux-terminal.ts';

export const domain = 'example.org';

const names = join(import.meta.dirname, 'public-names.mjs');

export class FirstEvening {
  /** The owner's, where each shell begins. */
  readonly home: string;
  readonly terminal: TmuxTerminal;
  readonly neighbour: Program;
  readonly #packed: Packed;
  readonly #folder: string;
  readonly #edge: Program;
  readonly #window: Awaited<ReturnType<TmuxTerminal['open']>>;

  private constructor(parts: {
    home: string;
    terminal: TmuxTerminal;
    neighbour: Program;
    packed: Packed;
    folder: string;
    edge: Program;
    window: Awaited<ReturnType<TmuxTerminal['open']>>;
  }) {
    this.home = parts.home;
    this.terminal = parts.terminal;
    this.neighbour = parts.neighbour;
    this.#packed = parts.packed;
    this.#folder = parts.folder;
    this.#edge = parts.edge;
    this.#window = parts.window;
  }

  static async begin(node: string): Promise<FirstEvening> {
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-evening-'));
    const packed = pack();
    const { bin, environment } = install(packed, node);
    const home = environment.HOME ?? '';
    const { caFile, keyFile, certFile } = await makeCertificates(folder, [domain]);
    const port = await freePort();
    const found = {
      NODE_EXTRA_CA_CERTS: caFile,
      NODE_OPTIONS: `--import=${names}`,
      PUBLIC_NAMES: JSON.stringify({ [domain]: port }),
    };
    const tls = ['--tls-key', keyFile, '--tls-cert', certFile];
    const neighbour = new Program('neighbour', ['local/neighbour.ts', ...tls], found);
    const { origin } = await neighbour.line<{ origin: string }>((line) => line.listening !== undefined);
    const operator = await operatorKey(join(home, 'deployment', 'porchlight.operator-key.json'));
    const data = ['--port', String(port), '--data', join(folder, 'edge')];
    const edge = new Program(
      'edge',
      ['local/edge.ts', ...data, ...tls, '--dev-key-origins', origin, `--operator-key=${operator}`],
      found,
    );
    await edge.line((line) => line.origin !== undefined, 60_000);
    const path = [dirname(bin), environment.PATH].join(':');
    const shell = { ...environment, ...found, PATH: path, LANG: 'C.UTF-8', TZ: eveningZone() };
    const terminal = new TmuxTerminal({ environment: shell, folder: home });
    const window = await terminal.open('behind');
    return new FirstEvening({ home, terminal, neighbour, packed, folder, edge, window });
  }

  /** What no owner has to set: the neighbour is on this machine. */
  allowNeighbour(): void {
    const path = join(this.home, 'porchlight', 'porchlight.toml');
    const text = readFileSync(path, 'utf8');
    const changed = text.replace(/^# allow_private_addresses = .*$/m, 'allow_private_addresses = true');
    if (changed === text) throw new Error(`${path} has no allow_private_addresses to set.`);
    writeFileSync(path, changed);
  }

  /** Somebody on another server follows the owner; resolves when they heard that it was accepted. */
  async follow(): Promise<void> {
    const { actor } = await ask<{ actor: string }>(this.neighbour, 'resolve', { handle: `@owner@${domain}` });
    const { status } = await ask<{ status: number }>(this.neighbour, 'follow', { to: actor });
    if (status !== 202) throw new Error(`The edge answered ${status}.`);
    const { received } = await this.neighbour.line<{ received: { type: string } }>(
      (line) => line.received !== undefined,
    );
    if (received.type !== 'Accept') throw new Error(`The neighbour was sent ${received.type}.`);
  }

  /** They write to the owner. Rejects unless the edge takes it. */
  async write(): Promise<void> {
    const to = `https://${domain}/users/owner`;
    const { status } = await ask<{ status: number }>(this.neighbour, 'create', { to, content: 'Good evening!' });
    if (status !== 202) throw new Error(`The edge answered ${status}.`);
  }

  /** Until the home node says of itself what fits; asked in a window of its own. */
  async untilReport(what: string, fits: (report: NodeReport) => boolean): Promise<NodeReport> {
    return await until(
      what,
      async () => {
        const file = join(this.home, 'report.json');
        const { code } = await this.#window.run(`porchlight status --json > ${file}`);
        if (code !== 0) return null;
        const report = JSON.parse(readFileSync(file, 'utf8')) as NodeReport;
        return fits(report) ? report : null;
      },
      60_000,
    );
  }

  /** Until what the edge says to anybody has this in it: it may be ten seconds old. */
  async untilEdgeSays(fits: RegExp): Promise<void> {
    await until(
      `${String(fits)} in what the edge says`,
      async () => {
        const { screen } = await this.#window.run('porchlight status');
        return fits.test(screen) ? true : null;
      },
      60_000,
    );
  }

  async end(): Promise<void> {
    this.terminal.end();
    await this.neighbour.kill();
    await this.#edge.kill();
    this.#packed.remove();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/**
 * A zone in which it is about eight in the evening, so that no time of the story comes while it is told (POSIX, "TZ": hours
 * to be added to this zone's time to get UTC).
 */
export function eveningZone(): string {
  const ahead = 20 - new Date().getUTCHours();
  return `EVE${-(ahead > 12 ? ahead - 24 : ahead)}`;
}

/** As `npm run deploy` leaves it; returns the public half. */
async function operatorKey(file: string): Promise<string> {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(await exportJWK(privateKey)), { mode: 0o600 });
  return (await exportJWK(publicKey)).x ?? '';
}
