// The first thing every npm script runs, on whatever Node the machine has (20 or later) and with nothing installed:
// installs what package-lock.json names if it is not there, then runs the wanted program on the Node that the project
// brings along. Plain JavaScript and nothing but Node itself.
//
//   node local/bootstrap.mjs PROGRAM.ts [ARGUMENT...]

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const broughtNode = join(root, 'node_modules', '.bin', 'node');
/** The Node that the project brings along is for Linux; elsewhere the machine's own must be as new. */
const newEnough = Number(process.versions.node.split('.')[0]) >= 24;
const ownNode = () => (existsSync(broughtNode) || !newEnough ? broughtNode : process.execPath);

/** What stands in the way of a start without installing; null if nothing does. */
function missing() {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const installed = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (installed === null) return 'nothing is installed yet';
  for (const [path, { version, optional }] of Object.entries(wanted ?? {})) {
    // The first entry is the project itself; optional ones are for other machines.
    if (path === '' || (optional && !(path in installed))) continue;
    if (installed[path]?.version !== version) return `${path} is not the one that package-lock.json names`;
  }
  return existsSync(ownNode()) ? null : 'there is no Node 24 yet; where the project brings none, install it';
}

/** npm's lists, of what is wanted and of what it installed, have one form. */
function packagesOf(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : null;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Runs it to its end, and hands on the signals that come meanwhile: `told` is the last of them. */
async function run(command, args, options) {
  const child = spawn(command, args, options);
  let told = null;
  const handOn = (signal) => {
    told = signal;
    child.kill(signal);
  };
  for (const signal of signals) process.on(signal, handOn);
  const [code, signal] = await new Promise((resolve, reject) => {
    child.once('error', (error) => reject(error));
    child.once('exit', (...ended) => resolve(ended));
  }).catch((error) => fail(error.message));
  for (const each of signals) process.off(each, handOn);
  return { code: code ?? 128 + (constants.signals[signal] ?? 0), told };
}

async function install(why) {
  console.error(`Installing what the project needs, once (${why}) ...`);
  // Not `npm ci`: it refuses a lock file that was written where packages for other platforms could not be had.
  // `--no-save` leaves the lock file as it is, and what was installed is compared with it below. Whatever npm was told
  // elsewhere (NODE_ENV=production, omit=dev), everything is wanted: the programs here are development tools.
  const args = ['install', '--no-save', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
  const npm = process.env.npm_execpath;
  const [command, ...before] = npm === undefined ? ['npm'] : [process.execPath, npm];
  // npm's own words go to standard error: standard output belongs to the program.
  const stdio = ['ignore', process.stderr.fd, process.stderr.fd];
  const { code, told } = await run(command, [...before, ...args, '--loglevel=error'], { cwd: root, stdio });
  if (told !== null) process.exit(128 + constants.signals[told]);
  if (code !== 0) fail('npm could not install it; see above, and try again with a network.');
  const still = missing();
  if (still !== null) fail(`after installing, ${still}.`);
}

function fail(found) {
  console.error(`Cannot start: ${found}`);
  process.exit(1);
}

const [program, ...rest] = process.argv.slice(2);
if (program === undefined) fail('no program is named; call it as: node local/bootstrap.mjs PROGRAM.ts');

const why = missing();
if (why !== null) await install(why);

const modules = join(root, 'node_modules');
const env = {
  ...process.env,
  // Programs of the project come first, whoever looks for them.
  PATH: `${join(modules, '.bin')}:${process.env.PATH}`,
  // Every process of ours starts in half the time, and 30 MB smaller, when its TypeScript was stripped before.
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(modules, '.cache', 'node'),
};
const { code } = await run(ownNode(), [join(root, program), ...rest], { stdio: 'inherit', env });
process.exit(code);
