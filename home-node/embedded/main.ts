// The embedded home: what serves the domain at home when no heavier service is installed. A site, which is a folder of
// files, and a single person in the fediverse. A process of its own, started and watched by the home node; it may be
// killed at any moment. When it is ready it says so in one line of JSON on standard output.

import { mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../shared/clock.ts';
import { causeOf } from '../../shared/errors.ts';
import { FolderLock } from '../folder-lock.ts';
import { compileParserOnce, tidyMemory } from '../frugal.ts';
import { createLog, type Log } from '../log.ts';
import { isOfToday } from './database.ts';
import { readOptions } from './options.ts';
import { guardOutgoing } from './outgoing.ts';
import { actorFile, actorFolder, openEmbeddedHome } from './wiring.ts';

/** A predecessor that was told to end, or killed, may still be about to let go; or it answers until home's newer link is open. */
const lockRetryMs = 100;
/** Nothing holds it for so long that should, ms: draining and stopping are over by then. */
const longMs = 60_000;

/** What is being sent may take its time; it is sent again after the next start. */
const patienceMs = 3000;

/** Resolves when no other process sends for this actor; to null when `signal` is aborted before. */
async function takeLock(folder: string, log: Log, signal: AbortSignal): Promise<FolderLock | null> {
  for (let waited = 0; !signal.aborted; waited += lockRetryMs) {
    const lock = FolderLock.takeIfFree(folder);
    if (lock !== null) return lock;
    if (waited === longMs) log.warn(`Another process works on ${folder}: nothing is sent from here until it ends.`);
    await delay(lockRetryMs);
  }
  return null;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

async function main(): Promise<void> {
  compileParserOnce();
  tidyMemory();
  const options = readOptions();
  const log = createLog(options.logLevel, systemClock, (line) => process.stderr.write(line));
  const ending = new AbortController();
  const end = (): void => ending.abort();
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  // Whoever started this is gone and may start another one at once: make room. Being killed harms nothing.
  if (options.tethered) process.stdin.resume().once('close', () => process.exit());
  const folder = join(options.folder, actorFolder);
  mkdirSync(folder, { recursive: true });
  guardOutgoing(options.allowPrivateAddresses);
  let lock = FolderLock.takeIfFree(folder);
  // While another process is at work here, this one answers and takes what comes, but sends nothing: that would be sent
  // twice. It must not change the database under the other, either.
  if (lock === null && !isOfToday(join(folder, actorFile))) lock = await takeLock(folder, log, ending.signal);
  if (ending.signal.aborted) process.exit();
  const home = await openEmbeddedHome(options, systemClock, log);
  const run = async (): Promise<void> => {
    lock ??= await takeLock(folder, log, ending.signal);
    if (lock !== null) await home.run(ending.signal);
  };
  const running = run();

  home.server.listen(options.port, '127.0.0.1', () => {
    const { port } = home.server.address() as AddressInfo;
    process.stdout.write(`${JSON.stringify({ listening: port })}\n`);
  });
  home.server.once('error', (cause) => {
    log.error(`Cannot listen on port ${options.port}: ${causeOf(cause)}; choose another by --port.`);
    process.exitCode = 1;
    end();
  });
  await aborted(ending.signal);
  home.server.close();
  await Promise.race([running, delay(patienceMs)]);
  home.close();
  lock?.release();
  process.exit();
}

try {
  await main();
} catch (thrown) {
  process.stderr.write(`${causeOf(thrown)}\n`);
  process.exitCode = 1;
}
