import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { programFiles, programVersion } from '../../home-node/program-files.ts';
import { hasOtherNodes, otherNodes, skipUnless } from '../support/other-nodes.ts';

skipUnless(hasOtherNodes, 'tests of what an older Node says', 'Other Nodes are not in test/nodes');

const root = join(import.meta.dirname, '..', '..');

test('from source, every file of the program is where it is said to be', () => {
  for (const path of Object.values(programFiles)) expect(existsSync(path), path).toBe(true);
});

test('the version is the one in package.json', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  expect(programVersion()).toBe(version);
});

test.skipIf(!hasOtherNodes)('on Node 22 the warning of SQLite is kept back, and no other one', () => {
  const sqlite = JSON.stringify(pathToFileURL(join(root, 'home-node', 'sqlite.ts')).href);
  const ask = (load: string): string => {
    const code = `process.emitWarning('before', 'ExperimentalWarning');${load};process.emitWarning('after');`;
    return spawnSync(otherNodes.lowest, ['--input-type=module', '-e', code]).stderr.toString();
  };
  const quiet = ask(`const { DatabaseSync } = await import(${sqlite});new DatabaseSync(':memory:').close()`);
  expect(quiet).toContain('ExperimentalWarning: before');
  expect(quiet).toContain('Warning: after');
  expect(quiet).not.toContain('SQLite');
  // It would be there.
  expect(ask("await import('node:sqlite')")).toContain('ExperimentalWarning: SQLite');
});
