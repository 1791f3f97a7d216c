// The test command: types, lint and format, then every test. Ends with one plain line of counts, and says loudly
// what was skipped. Arguments are handed to vitest (`npm test -- test/journey`); with any, only tests run.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Nodes {
  /** Name → `npm:package@version`. */
  readonly devDependencies: Readonly<Record<string, string>>;
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

const root = join(import.meta.dirname, '..');
const wanted = process.argv.slice(2);

function run(title: string, script: string, args: readonly string[]): boolean {
  console.log(`\n— ${title}`);
  const done = spawnSync(process.execPath, [join(root, script), ...args], { cwd: root, stdio: 'inherit' });
  return done.status === 0;
}

/**
 * Nodes that owners may have, for the tests of the package; apart from the project's own, and one of them is for another
 * processor. Where they cannot be had, those tests are skipped and say so.
 */
function installOtherNodes(): void {
  const cwd = join(root, 'test', 'nodes');
  const { devDependencies } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8')) as Nodes;
  const isThere = ([name, wanted]: readonly [string, string]): boolean => {
    const file = join(cwd, 'node_modules', name, 'package.json');
    if (!existsSync(file)) return false;
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string };
    return wanted.endsWith(`@${version}`);
  };
  if (Object.entries(devDependencies).every(isThere)) return;
  console.log('\n— other Nodes for the tests of the package, once');
  const args = ['install', '--no-save', '--force', '--no-bin-links', '--no-audit', '--no-fund', '--loglevel=error'];
  spawnSync('npm', args, { cwd, stdio: 'inherit' });
}

installOtherNodes();
const good = wanted.length > 0 || run('types, lint and format', 'local/check.ts', []);

const folder = mkdtempSync(join(tmpdir(), 'porchlight-test-'));
const reportFile = join(folder, 'report.json');
const testsPassed = run('tests', 'node_modules/vitest/vitest.mjs', [
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${reportFile}`,
  ...wanted,
]);
const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Report;
rmSync(folder, { recursive: true });

const skipped = report.testResults.flatMap((file) =>
  file.assertionResults.filter((one) => one.status !== 'passed' && one.status !== 'failed'),
);
for (const one of skipped) console.log(`SKIPPED: ${one.fullName}`);
if (!good) console.log('\nTypes, lint or format failed: see above.');
const failed = report.numFailedTests + (testsPassed || report.numFailedTests > 0 ? 0 : 1) + (good ? 0 : 1);
console.log(`\n${report.numPassedTests} passed, ${failed} failed, ${skipped.length} skipped`);
if (report.numPassedTests === 0) console.log('No test ran.');
process.exitCode = good && testsPassed && report.numPassedTests > 0 ? 0 : 1;
