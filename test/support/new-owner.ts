// The stage of a new owner, from a bare computer on: an empty HOME in which the repository is cloned, a terminal, a stand-in
// for Cloudflare's API that brings the uploaded Worker to life on this machine, neighbours on other servers, and a stand-in
// for systemd. Nothing reaches the network: what the clone would install is that of this working tree, linked.

import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { DeploymentRig } from './cloudflare/deployment-rig.ts';
import { eveningZone } from './first-evening.ts';
import { freePort } from './ports.ts';
import { ask, Program, until } from './processes.ts';
import { TmuxTerminal, type TmuxWindow } from './tmux-terminal.ts';

const root = join(import.meta.dirname, '..', '..');
const names = join(import.meta.dirname, 'cloudflare', 'names-on-loopback.ts');
const domain = 'example.org';

/** As systemd would, as far as the owner of one unit sees it: `enable --now` starts what the unit says. */
const systemctl = `#!/bin/sh
echo "systemctl $*" >> "$HOME/systemd.log"
begin() {
  command=$(sed -n 's/^ExecStart=//p' "$HOME/.config/systemd/user/porchlight.service")
  eval "exec setsid $command" < /dev/null > "$HOME/journal" 2>&1 &
  echo $! > "$HOME/service.pid"
}
end() {
  kill "$(cat "$HOME/service.pid")"
  while kill -0 "$(cat "$HOME/service.pid")" 2> /dev/null; do sleep 0.1; done
}
case "$*" in
  --version) echo 'systemd 252 (252.39-1~deb12u1)' ;;
  '--user enable --now porchlight.service') begin ;;
  '--user restart porchlight.service') end; begin ;;
esac
`;
const loginctl = '#!/bin/sh\necho "loginctl $*" >> "$HOME/systemd.log"\n';

export class NewOwner {
  readonly rig: DeploymentRig;
  readonly home: string;
  /** Where the owner clones the repository. */
  readonly clone: string;
  readonly terminal: TmuxTerminal;
  readonly here: TmuxWindow;
  readonly up: TmuxWindow;
  readonly #behind: TmuxWindow;
  readonly #folder: string;
  readonly #neighbour: Program;
  readonly #peer: Program;
  readonly #peerOrigin: string;
  readonly #social: Server;
  /** What the owner's other server answers to a delivery. */
  socialAnswer = 400;

  private constructor(parts: {
    rig: DeploymentRig;
    home: string;
    terminal: TmuxTerminal;
    windows: readonly [TmuxWindow, TmuxWindow, TmuxWindow];
    folder: string;
    neighbour: Program;
    peer: Program;
    peerOrigin: string;
  }) {
    this.rig = parts.rig;
    this.home = parts.home;
    this.clone = join(parts.home, 'source');
    this.terminal = parts.terminal;
    [this.here, this.up, this.#behind] = parts.windows;
    this.#folder = parts.folder;
    this.#neighbour = parts.neighbour;
    this.#peer = parts.peer;
    this.#peerOrigin = parts.peerOrigin;
    this.#social = createServer((request, response) => {
      request.resume();
      response.writeHead(request.method === 'POST' ? this.socialAnswer : 200).end();
    });
  }

  /** `node`: what the owner installed. */
  static async begin(node: string, npm: string): Promise<NewOwner> {
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-new-owner-'));
    const [home, tools] = [join(folder, 'home'), join(folder, 'tools')];
    for (const made of [home, tools]) mkdirSync(made);
    for (const [name, text] of Object.entries({ systemctl, loginctl })) {
      writeFileSync(join(tools, name), text);
      chmodSync(join(tools, name), 0o755);
    }
    const rig = await DeploymentRig.open();
    const { caFile, keyFile, certFile } = rig.certificates;
    const found = {
      NODE_EXTRA_CA_CERTS: caFile,
      NODE_OPTIONS: `--import=${names}`,
      PORCHLIGHT_TEST_NAMES: rig.env.PORCHLIGHT_TEST_NAMES ?? '',
    };
    const tls = ['--tls-key', keyFile, '--tls-cert', certFile];
    const neighbour = new Program('neighbour', ['local/neighbour.ts', ...tls], found);
    const { origin } = await neighbour.line<{ origin: string }>((line) => line.listening !== undefined);
    const port = await freePort();
    const peerArgs = ['--port', String(port), '--actors', 'alice', '--key', keyFile, '--cert', certFile];
    const peer = new Program('peer', ['test/support/peers/signing-peer.ts', ...peerArgs], found);
    const { origin: peerOrigin } = await peer.line<{ origin: string }>((line) => line.ready === true);
    rig.devKeyOrigins = [origin, peerOrigin];
    const shell = {
      ...found,
      HOME: home,
      PATH: [tools, join(home, '.local', 'bin'), dirname(node), dirname(npm), '/usr/bin', '/bin'].join(delimiter),
      LANG: 'C.UTF-8',
      TZ: eveningZone(),
      // The repository is this user's, or root's.
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*',
      npm_config_prefix: join(home, '.local'),
      // Nothing answers there: whatever npm wants to fetch, fails.
      npm_config_registry: 'http://127.0.0.1:9/',
      npm_config_update_notifier: 'false',
    };
    const terminal = new TmuxTerminal({ environment: shell, folder: home });
    const windows = [await terminal.open('here'), await terminal.open('up'), await terminal.open('behind')] as const;
    const made = new NewOwner({ rig, home, terminal, windows, folder, neighbour, peer, peerOrigin });
    await new Promise<void>((resolve) => made.#social.listen(0, '127.0.0.1', resolve));
    return made;
  }

  /** What `npm install` would bring into the clone. */
  linkModules(): void {
    symlinkSync(join(root, 'node_modules'), join(this.clone, 'node_modules'));
  }

  /** What no owner has to set: the neighbours are on this machine. */
  allowNeighbours(): void {
    this.#changeSettings((text) => text.replace(/^# allow_private_addresses = .*$/m, 'allow_private_addresses = true'));
  }

  /** Another server of the owner's, beside the embedded home and at the same name. */
  addSocial(): void {
    const { port } = this.#social.address() as AddressInfo;
    const services = [
      ['name = "home"', 'kind = "embedded"'],
      ['name = "social"', 'kind = "activitypub"', `url = "http://127.0.0.1:${port}"`, 'inboxes = ["/social/inbox"]'],
    ];
    this.#changeSettings((text) => text + services.map((lines) => `\n[[services]]\n${lines.join('\n')}\n`).join(''));
  }

  /** Somebody on another server follows the owner; resolves when they heard that it was accepted. */
  async follow(): Promise<void> {
    const { actor } = await ask<{ actor: string }>(this.#neighbour, 'resolve', { handle: `@owner@${domain}` });
    await this.#taken(this.#neighbour, 'follow', { to: actor });
    await this.#neighbour.line((line) => (line.received as { type?: string } | undefined)?.type === 'Accept');
  }

  /** They write to the owner. */
  async write(): Promise<void> {
    await this.#taken(this.#neighbour, 'create', { to: `https://${domain}/users/owner`, content: 'Good evening!' });
  }

  /** Somebody writes to the owner's other server. */
  async writeToSocial(nth: number): Promise<void> {
    const actor = `${this.#peerOrigin}/accounts/alice`;
    const object = { type: 'Note', id: `${actor}/notes/${nth}`, attributedTo: actor, content: 'Hello.' };
    const context = 'https://www.w3.org/ns/activitystreams';
    const activity = { '@context': context, id: `${actor}/creates/${nth}`, type: 'Create', actor, object };
    const inbox = `https://${domain}/social/inbox`;
    // Until home has told the edge of a service that is new, its address is one of the site's, which takes no POST: 405.
    await until('an edge that knows of the service', async () => {
      const body = JSON.stringify(activity);
      const { status } = await ask<{ status: number }>(this.#peer, 'deliver', { from: 'alice', inbox, body });
      if (status !== 202 && status !== 405) throw new Error(`The edge answered ${status}.`);
      return status === 202 ? true : null;
    });
  }

  /** Until what a command prints, typed in a window that nobody looks at, fits. */
  async untilPrinted(command: string, fits: RegExp): Promise<void> {
    await until(
      `${String(fits)} of ${command}`,
      async () => (fits.test((await this.#behind.run(command)).screen) ? true : null),
      60_000,
    );
  }

  /** What was asked of systemd. */
  get systemd(): readonly string[] {
    return readFileSync(join(this.home, 'systemd.log'), 'utf8').trimEnd().split('\n');
  }

  async end(): Promise<void> {
    try {
      process.kill(Number(readFileSync(join(this.home, 'service.pid'), 'utf8')), 'SIGKILL');
    } catch {
      // It was never started, or has ended.
    }
    this.terminal.end();
    await this.#neighbour.kill();
    await this.#peer.kill();
    this.#social.closeAllConnections();
    this.#social.close();
    await this.rig.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #taken(program: Program, op: string, details: Readonly<Record<string, unknown>>): Promise<void> {
    const { status } = await ask<{ status: number }>(program, op, details);
    if (status !== 202) throw new Error(`The edge answered ${status}.`);
  }

  #changeSettings(change: (text: string) => string): void {
    const path = join(this.home, 'porchlight', 'porchlight.toml');
    const text = readFileSync(path, 'utf8');
    if (change(text) === text) throw new Error(`Nothing was to be changed in ${path}.`);
    writeFileSync(path, change(text));
  }
}
