// The embedded home: what serves the domain at home when no heavier service is installed. A site, which is a folder of
// files, and a single person in the fediverse. A process of its own, started and watched by the home node; it may be
// killed at any moment. When it is ready it says so in one line of JSON on standard output.

import { mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../shared/clock.ts';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { FolderLock } from '../folder-lock.ts';
import { compileParserOnce, tidyMemory } from '../frugal.ts';
import { createLog } from '../log.ts';
import { readOptions } from './options.ts';
import { guardOutgoing } from './outgoing.ts';
import { actorFolder, openEmbeddedHome } from './wiring.ts';

/** A predecessor that was told to end, or killed, may still be about to let go. */
const lockTries = 50;
const lockRetryMs = 100;

/** What is being sent may take its time; it is sent again after the next start. */
const patienceMs = 3000;

async function takeLock(folder: string): Promise<FolderLock> {
  mkdirSync(folder, { recursive: true });
  for (let tried = 1; ; tried += 1) {
    try {
      return FolderLock.take(folder);
    } catch (thrown) {
      const inUse = thrown instanceof PorchlightError && thrown.code === 'folder-in-use';
      if (!inUse || tried === lockTries) throw thrown;
      await delay(lockRetryMs);
    }
  }
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
  const lock = await takeLock(join(options.folder, actorFolder));
  guardOutgoing(options.allowPrivateAddresses);
  const home = await openEmbeddedHome(options, systemClock, log);
  const ending = new AbortController();
  const end = (): void => ending.abort();
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  // Whoever started this is gone and may start another one at once: make room. Being killed harms nothing.
  if (options.tethered) process.stdin.resume().once('close', () => process.exit());
  const running = home.run(ending.signal);

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
  lock.release();
  process.exit();
}

try {
  await main();
} catch (thrown) {
  process.stderr.write(`${causeOf(thrown)}\n`);
  process.exitCode = 1;
}
