// `npm start`: a whole domain on this machine, for a first look and for writing on Porchlight. Needs no network.

import { relative } from 'node:path';
import { causeOf } from '../shared/errors.ts';
import { StartDomain } from './start-domain.ts';
import { listen } from './start-keys.ts';
import { readStartOptions, type StartOptions, usage } from './start-options.ts';

const keyHelp = 's  home goes to sleep    w  home wakes    f  somebody follows you    q  quit';
/** npm, a shell and a terminal each pass one Ctrl-C on: what comes this soon after the first is the first, ms. */
const sameSignalMs = 1_000;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(thrown: unknown): void {
  process.stderr.write(`Cannot start: ${causeOf(thrown)}\n`);
  process.exitCode = 1;
}

function sayAddresses({ domain, handle, folder }: StartOptions): void {
  const near = relative('.', folder);
  const place = near.startsWith('..') ? folder : near || '.';
  say(`
Porchlight is running.

  site     http://${domain}/
  handle   @${handle}@${domain}
  actor    http://${domain}/users/owner

  ${place}/home/site         your pages: change them, they are served at once
  ${place}/home/actor        followers and posts
  ${place}/porchlight.toml   settings; beside it home's key and its ledger of deliveries
  ${place}/edge              what the edge holds, kept by workerd
  ${place}/*.log             what home and edge have to say

  ${keyHelp}
`);
}

async function press(key: string, domain: StartDomain): Promise<void> {
  switch (key) {
    case 's':
      if (!domain.homeIsAwake) return say('Home sleeps already.');
      say('Home goes to sleep ...');
      return await domain.sleep();
    case 'w':
      if (domain.homeIsAwake) return say('Home is awake already.');
      say('Home wakes ...');
      await domain.wake();
      return say('Home is awake.');
    case 'f':
      say('Somebody on another server looks for you ...');
      return await domain.follow();
    case '':
    case '\r':
      return;
    default:
      say(keyHelp);
  }
}

/** Says each step before it is taken: the first takes a second or two, and whoever waits wants to know for what. */
async function open(domain: StartDomain, options: StartOptions, onEdgeLost: () => void): Promise<void> {
  say('Starting the edge ...');
  await domain.open(onEdgeLost);
  say('Starting home ...');
  await domain.wake();
  sayAddresses(options);
}

async function main(options: StartOptions): Promise<void> {
  const domain = new StartDomain(options, say);
  let endingSince: number | null = null;
  const quit = (): void => {
    if (endingSince !== null) {
      if (performance.now() - endingSince < sameSignalMs) return;
      domain.kill();
      process.exit(1);
    }
    endingSince = performance.now();
    say('Ending: home says good night, then the edge stops ...');
    domain.end().then(
      () => {
        keys.end();
        process.exit(process.exitCode ?? 0);
      },
      (thrown: unknown) => {
        fail(thrown);
        domain.kill();
        process.exit(1);
      },
    );
  };
  const failed = (thrown: unknown): void => {
    if (endingSince !== null) return;
    fail(thrown);
    quit();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, quit);
  // Keys count from the first moment, one after another: none is lost because something else is going on.
  let last = Promise.resolve();
  const keys = listen(process.stdin, (key) => {
    if (key === 'q') return quit();
    last = last.then(async () => await press(key, domain)).catch((thrown: unknown) => say(causeOf(thrown)));
  });
  last = open(domain, options, () => failed(new Error('the edge ended.'))).catch(failed);
  await last;
}

try {
  const options = readStartOptions(process.argv.slice(2));
  if (options === null) say(usage);
  else await main(options);
} catch (thrown) {
  fail(thrown);
}
