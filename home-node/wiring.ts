// The only file that constructs the home node: folder, key, claim, services, link, intake, bedtime.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, type Random, systemClock, systemRandom } from '../shared/clock.ts';
import { PorchlightError } from '../shared/errors.ts';
import type { Adapter } from './adapters/adapter.ts';
import { embeddedAdapter } from './adapters/embedded.ts';
import { genericAdapter } from './adapters/generic.ts';
import { Leaver } from './bedtime/leave.ts';
import { LeavingsFile } from './bedtime/leavings-file.ts';
import { type Claimed, claim, readClaim } from './claim.ts';
import { type HomeConfig, type HomeOptions, readConfig, type ServiceConfig } from './config.ts';
import { EdgeApi } from './edge-api/edge-api.ts';
import { SignedCalls } from './edge-api/signed-calls.ts';
import { FolderLock } from './folder-lock.ts';
import { Home, type HomeEvent } from './home.ts';
import { Ledger } from './intake/ledger.ts';
import { openIntake } from './intake/open-intake.ts';
import type { Observe } from './intake/sender-work.ts';
import { type HomeKey, openHomeKey } from './key.ts';
import { LinkClient } from './link/client.ts';
import { systemTimers } from './link/timers.ts';
import { createLog, type Log } from './log.ts';
import { programFiles } from './program-files.ts';
import { createReceipts, type Receipts } from './receipts/receipts.ts';
import { openSecret } from './receipts/secret.ts';
import { createCarrier } from './services/carrier.ts';
import type { Driver } from './services/driver.ts';
import { externalDriver } from './services/external.ts';
import { ProcessDriver } from './services/process.ts';
import { Supervisor } from './services/supervisor.ts';

/** What may be handed in instead of the usual. */
export interface HomeSeams {
  readonly clock?: Clock;
  readonly random?: Random;
  /** Told of each step that a delivery takes through intake. */
  readonly observe?: Observe;
  readonly onEvent?: (event: HomeEvent) => void;
  readonly onSuperseded?: () => void;
}

interface Service {
  readonly config: ServiceConfig;
  readonly driver: Driver;
  readonly adapter: Adapter;
}

/**
 * Makes and starts the home node on its data folder. Throws what stands in its way: `config`, `folder-in-use`,
 * `home-key`, `not-claimed`, `ledger-newer` and what a claim throws.
 */
export async function startHome(options: HomeOptions, seams: HomeSeams = {}): Promise<Home> {
  const { clock = systemClock, random = systemRandom } = seams;
  const { folder, logLevel } = options;
  const log = createLog(logLevel, clock, (line) => process.stderr.write(line));
  const config = readConfig(folder);
  const lock = FolderLock.take(folder);
  const key = await openHomeKey(folder);
  const claimed = await claimedBy(options, config, key);
  const ledger = await Ledger.open(join(folder, 'ledger.sqlite'));

  const secretFile = join(folder, 'receipt-secret');
  const receipts = createReceipts(openSecret(secretFile, random), clock);
  const services = config.services.map((service) => makeService(service, options, config, receipts, secretFile, log));
  const named = services.map(({ config: { name, hosts }, adapter }) => ({
    name,
    hosts,
    adapter,
    origin: () => supervisor.origin(name),
  }));
  const supervisor = new Supervisor({
    drivers: services.map(({ driver }) => driver),
    log,
    onUp: () => home.onServiceUp(),
    onDown: (name) => home.onServiceDown(name),
  });

  const { edge } = config;
  const calls = new SignedCalls({ edge, key: key.privateKey, random });
  const api = new EdgeApi(calls);
  const intake = openIntake({
    api,
    ledger,
    recipients: new Map(named.map((service) => [service.name, service])),
    clock,
    log,
    observe: seams.observe ?? ((point, { id }) => log.debug(`${id}: ${point}`)),
    onSilent: (name) => supervisor.suspect(name),
    onDrained: (deliveries) => home.onDrained(deliveries),
  });
  const leaver = new Leaver({
    clock,
    log,
    language: config.language,
    title: config.title,
    services: named,
    kept: new LeavingsFile(join(folder, 'leavings.json'), log),
    senders: async () => await ledger.senders(),
    nextVersion: async (atLeast) => {
      const next = Math.max(ledger.number('snapshot-version') + 1, atLeast);
      return await ledger.raise('snapshot-version', next);
    },
    send: async (snapshot) => await api.leaveSnapshot(snapshot),
  });
  const carrier = createCarrier(
    services.map(({ config: { name, hosts }, driver }) => ({ name, hosts, origin: () => driver.origin() })),
  );
  const link = new LinkClient({
    edge,
    homeId: claimed.homeId,
    key: key.privateKey,
    random,
    timers: systemTimers,
    serve: carrier.serve,
    onWork: () => home.onWork(),
    onState: (state) => home.onLink(state),
  });
  const home = new Home({
    clock,
    log,
    calls,
    api,
    ledger,
    intake,
    leaver,
    supervisor,
    link,
    wakeAt: options.wakeAt,
    replaySince: options.replaySince,
    onEvent: seams.onEvent ?? (() => undefined),
    onSuperseded: seams.onSuperseded ?? (() => undefined),
    close: async () => {
      await carrier.close();
      lock.release();
    },
  });
  home.start();
  return home;
}

async function claimedBy({ folder, claimCode }: HomeOptions, { edge }: HomeConfig, key: HomeKey): Promise<Claimed> {
  if (claimCode !== null) return await claim(folder, edge, key, claimCode);
  const claimed = readClaim(folder, edge);
  if (claimed !== null) return claimed;
  throw new PorchlightError(
    'not-claimed',
    `Cannot start home: it never claimed at ${edge}; get a code from the edge's operator and add --claim CODE.`,
  );
}

function makeService(
  service: ServiceConfig,
  { folder, logLevel }: HomeOptions,
  config: HomeConfig,
  receipts: Receipts,
  secretFile: string,
  log: Log,
): Service {
  const { name } = service;
  if (service.kind === 'activitypub') {
    return { config: service, driver: externalDriver(name, service.url), adapter: genericAdapter(service) };
  }
  const own = join(folder, name);
  mkdirSync(own, { recursive: true });
  const host = service.hosts[0] ?? config.domain;
  const args = ['--folder', own, '--origin', `${new URL(config.edge).protocol}//${host}`];
  args.push('--receipt-secret-file', secretFile, '--handle', config.handle, '--handle-host', config.domain);
  args.push(`--title=${config.title}`, '--language', config.language, '--log', logLevel, '--tethered');
  if (config.allowPrivateAddresses) args.push('--allow-private-addresses');
  const driver = new ProcessDriver({ name, log, program: programFiles.embedded, args });
  return { config: service, driver, adapter: embeddedAdapter(receipts) };
}
