// `npm run build`, and what npm runs before `npm pack`: makes dist/, the program as an owner's machine gets it. Plain
// JavaScript for any processor, with every library in it, so that an install fetches and compiles nothing.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildProgram } from './build-program.ts';
import { thirdPartyLicences } from './third-party.ts';

const root = join(import.meta.dirname, '..');

interface Manifest {
  readonly version: string;
  readonly engines: { readonly node: string };
}

/** Of home's schemas: what the program reads, not the tests' or the edge's. */
const migrations = join('migrations', 'home');

async function build(): Promise<void> {
  const { version, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  const folder = join(root, 'dist');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const bundled = await buildProgram({ root, folder, version, oldestNode: engines.node.replace('>=', '') });
  cpSync(join(root, 'home-node', 'embedded', 'starter'), join(folder, 'starter'), { recursive: true });
  cpSync(join(root, 'home-node', 'hooks'), join(folder, 'hooks'), {
    recursive: true,
    filter: (path) => !path.endsWith('.ts'),
  });
  cpSync(join(root, migrations), join(folder, migrations), { recursive: true });
  writeFileSync(join(folder, 'THIRD-PARTY-LICENSES.txt'), thirdPartyLicences(root, bundled));
}

await build();
