// `npm run check`: types, lint and format of everything, without the tests. Exits with 1 when something is wrong.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

const programs: readonly (readonly string[])[] = [
  ...['shared', 'edge', 'home-node', 'bench', 'test', 'test/edge'].map((project) => [
    'typescript/bin/tsc',
    '-p',
    project,
  ]),
  ['@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'],
];

for (const [program = '', ...args] of programs) {
  console.log(`— ${[program.split('/').at(-1), ...args].join(' ')}`);
  const options = { cwd: root, stdio: 'inherit' } as const;
  const done = spawnSync(process.execPath, [join(root, 'node_modules', program), ...args], options);
  if (done.status !== 0) process.exitCode = 1;
}
