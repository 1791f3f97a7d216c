// The package as an owner gets it: packed by npm from this working tree, and installed from the tarball into an empty
// folder, with an empty HOME and without network.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { oneAtATime } from './one-at-a-time.ts';

const root = join(import.meta.dirname, '..', '..');

export interface Packed {
  /** Holds everything of this; removed by `remove`. */
  readonly folder: string;
  readonly tarball: string;
  readonly tarballBytes: number;
  remove(): void;
}

export interface Installed {
  /** What an owner's shell finds. */
  readonly bin: string;
  /** Where npm put the package. */
  readonly package: string;
  /** An empty home, and nothing that another npm was told. */
  readonly environment: Readonly<Record<string, string>>;
}

export function pack(): Packed {
  const folder = mkdtempSync(join(tmpdir(), 'porchlight-package-'));
  // npm builds first, in the folder dist/ of the working tree, which has one place for it.
  oneAtATime(`npm pack of ${root}`, () =>
    npm(process.execPath, ['pack', '--pack-destination', folder], { cwd: root, env: process.env }),
  );
  const [name = ''] = readdirSync(folder).filter((file) => file.endsWith('.tgz'));
  const tarball = join(folder, name);
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  return { folder, tarball, tarballBytes: statSync(tarball).size, remove };
}

/** `npm install -g`, run by this Node. */
export function install({ folder, tarball }: Packed, node: string): Installed {
  const own = mkdtempSync(join(folder, 'owner-'));
  const home = join(own, 'home');
  const prefix = join(own, 'prefix');
  mkdirSync(home);
  const environment = {
    HOME: home,
    PATH: [dirname(node), '/usr/bin', '/bin'].join(delimiter),
    // Nothing answers there: whatever npm wants to fetch, fails.
    npm_config_registry: 'http://127.0.0.1:9/',
    npm_config_userconfig: join(home, '.npmrc'),
  };
  const args = [
    'install',
    '-g',
    '--offline',
    '--engine-strict',
    '--prefix',
    prefix,
    '--no-audit',
    '--no-fund',
    tarball,
  ];
  npm(node, args, { cwd: home, env: environment });
  const installed = join(prefix, 'lib', 'node_modules', 'porchlight');
  return { bin: join(prefix, 'bin', 'porchlight'), package: installed, environment };
}

/** Paths from the folder of all files in it and below. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort((a, b) => (a < b ? -1 : 1));
}

function npm(node: string, args: readonly string[], options: { cwd: string; env: NodeJS.ProcessEnv }): void {
  execFileSync(node, [npmProgram(), ...args], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** npm's own program, so that any Node can run it. */
function npmProgram(): string {
  const said = process.env.npm_execpath;
  if (said?.endsWith('npm-cli.js') === true) return said;
  return realpathSync(execFileSync('which', ['npm']).toString().trim());
}
