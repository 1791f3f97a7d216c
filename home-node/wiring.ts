// The only file that constructs the home node: folder, key, claim, services, link, intake, bedtime.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeKeyChange } from '../shared/claim/key-change.ts';
import { type Clock, type Random, systemClock, systemRandom } from '../shared/clock.ts';
import { softwareOf } from '../shared/config/software.ts';
import { PorchlightError } from '../shared/errors.ts';
import type { Adapter } from './adapters/adapter.ts';
import { embeddedAdapter } from './adapters/embedded.ts';
import type { DayTimes } from './bedtime/day-round.ts';
import { GivenFile } from './bedtime/given-file.ts';
import { greetPeers } from './bedtime/greet.ts';
import { Leaver } from './bedtime/leave.ts';
import { LeavingsFile } from './bedtime/leavings-file.ts';
import { versionsOf } from './bedtime/rising-version.ts';
import { Warmer } from './bedtime/warmer.ts';
import { claimWithKeys } from './claim.ts';
import { type Claimed, readClaim } from './claim-file.ts';
import type { ActivityPubServiceConfig, HomeConfig, HomeOptions, ServiceConfig } from './config.ts';
import { EdgeApi } from './edge-api/edge-api.ts';
import { SignedCalls } from './edge-api/signed-calls.ts';
import { frugalNodeFlags } from './frugal.ts';
import { ended } from './handover.ts';
import { Home } from './home.ts';
import type { HomeEvent } from './home-parts.ts';
import { Ledger, ledgerFileName } from './intake/ledger.ts';
import { openIntake } from './intake/open-intake.ts';
import { fullPace, type Pace } from './intake/pace.ts';
import type { Observe } from './intake/sender-work.ts';
import { HomeKeys, type ObserveKeys } from './key.ts';
import { KeyRotation } from './key-rotation.ts';
import { LinkClient } from './link/client.ts';
import { systemTimers } from './link/timers.ts';
import type { Log } from './log.ts';
import type { Missed } from './owner-deeds.ts';
import { programFiles } from './program-files.ts';
import type { OnProgress } from './progress.ts';
import { AbsenceFile } from './receipts/absence-file.ts';
import { AbsenceWatch } from './receipts/absence-watch.ts';
import { tokenOf } from './receipts/receipts.ts';
import { openSecret } from './receipts/secret.ts';
import { type Issuer, issuerFor, serviceSecret } from './receipts/service-receipts.ts';
import { windowOf } from './receipts/window.ts';
import { adapterOf } from './service-adapters.ts';
import { createCarrier } from './services/carrier.ts';
import type { Driver } from './services/driver.ts';
import { externalDriver } from './services/external.ts';
import { ProcessDriver } from './services/process.ts';
import { stoppedAtRest } from './services/settled.ts';
import { StoppedFile } from './services/stopped-file.ts';
import { Supervisor } from './services/supervisor.ts';
import { ConfigLeaver } from './settings/leave-config.ts';
import type { Settings } from './settings/settings.ts';

/** What may be handed in instead of the usual. */
export interface HomeSeams {
  readonly clock?: Clock;
  readonly random?: Random;
  /** Told of each step that a delivery takes through intake. */
  readonly observe?: Observe;
  readonly onEvent?: (event: HomeEvent) => void;
  /** Told of each step of waking. */
  readonly onWaking?: OnProgress;
  readonly onSuperseded?: () => void;
  /** When it leaves what strangers are answered with while it is awake. */
  readonly dayTimes?: Partial<DayTimes>;
  /** Of a home node that is asked to give up its place. */
  readonly onProgress?: OnProgress;
  /** The folder was given to a home node that died; this one goes on. */
  readonly onTakenBack?: () => Promise<void>;
  /** Where lines of the log go; standard error unless given. */
  readonly writeLog?: (line: string) => void;
  /** Of the owner's alert command; nothing unless given. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Told of each step that is taken with home's keys. */
  readonly onKeyStep?: ObserveKeys;
}

const dayMs = 24 * 3600_000;

interface Service {
  readonly config: ServiceConfig;
  readonly driver: Driver;
  readonly adapter: Adapter;
}

/**
 * `older`: the process that this one takes over from, and that answers visitors until this one's link is open. Makes and starts a home on its data folder, which its caller holds (folder-lock.ts). Throws what stands in its way:
 * `home-key`, `not-claimed`, `ledger-newer` and what a claim throws.
 */
export async function startHome(
  options: HomeOptions,
  { log, settings, older }: { readonly log: Log; readonly settings: Settings; readonly older: number | null },
  seams: HomeSeams = {},
): Promise<Home> {
  const { clock = systemClock, random = systemRandom } = seams;
  const { folder } = options;
  const config = settings.current();
  const observeKeys: ObserveKeys = seams.onKeyStep ?? ((step) => log.debug(`Keys: ${step}`));
  const keys = await HomeKeys.open(folder, observeKeys);
  const claimed = await claimedBy(options, config, keys, observeKeys);
  const ledger = await Ledger.open(join(folder, ledgerFileName));

  const secretFile = join(folder, 'receipt-secret');
  const secret = openSecret(secretFile, random);
  const days = config.services.map((service) => (service.kind === 'embedded' ? 0 : service.receiptDays));
  const absences = new AbsenceFile(join(folder, 'absences.json'), log, (Math.max(0, ...days) + 1) * dayMs);
  // The embedded home takes what waited however long: it has no other copy, and checks by home's own secret.
  const issuer = (service: ServiceConfig): Issuer =>
    issuerFor({
      ...{ clock, absences, service: service.name, window: windowOf(service.kind) },
      secret: service.kind === 'embedded' ? secret : serviceSecret(secret, service.name),
      maxAgeMs: service.kind === 'embedded' ? Number.POSITIVE_INFINITY : service.receiptDays * dayMs,
    });
  const olderEnds = older === null ? null : ended(older);
  const services = config.services.map((service) =>
    makeService(service, options, config, { token: tokenOf(secret), issuer, secretFile }, log, olderEnds, clock),
  );
  const named = services.map(({ config: service, adapter }) => ({
    name: service.name,
    hosts: service.hosts,
    get accountDomain() {
      return settings.current().services.find(({ name }) => name === service.name)?.accountDomain ?? null;
    },
    adapter,
    authorizedFetch: service.authorizedFetch,
    defers: service.kind !== 'embedded' && service.defer,
    origin: () => supervisor.origin(service.name),
  }));
  const stoppedFile = new StoppedFile(folder);
  const supervisor = new Supervisor({
    services: services.map(({ config: { kind, hosts, health }, driver }) => ({ driver, kind, hosts, health })),
    stopped: stoppedFile.read(),
    clock,
    log,
    onUp: () => home.onServiceUp(),
    onDown: (name) => home.onServiceDown(name),
    onChange: () => {
      link.tellServices();
      home.onServices();
    },
  });

  const { edge } = config;
  const calls = new SignedCalls({ edge, key: keys.current.privateKey, random });
  const api = new EdgeApi(calls);
  const intake = openIntake({
    api,
    ledger,
    recipients: new Map(named.map((service) => [service.name, service])),
    clock,
    log,
    observe: (point, delivery, outcome) => {
      log.debug('A step of a delivery.', { delivery: delivery.id, step: point });
      // What is to be tried again has not come to its end.
      if (outcome?.outcome === 'delivered' || outcome?.outcome === 'dead') home.onFinished();
      if (outcome?.outcome === 'later') absences.putOff(delivery.service, delivery.receivedAt, clock.now());
      seams.observe?.(point, delivery, outcome);
    },
    onSilent: (name) => supervisor.suspect(name),
    onDrained: (deliveries) => home.onDrained(deliveries),
    // The edge may name another service than these: what comes for it is released.
    paceOf: (name) => paceOf(config.services.find((one) => one.name === name)),
  });
  const absenceWatch = new AbsenceWatch({
    clock,
    absences,
    services: named.map(({ name }) => name),
    isCurrent: (name) => intake.intake.isCurrent(name),
  });
  const leavings = new LeavingsFile(join(folder, 'leavings.json'), log, clock);
  const leaver = new Leaver({
    clock,
    log,
    words: settings.current,
    services: named,
    links: () => settings.current().links,
    kept: leavings,
    senders: async () => await ledger.senders(),
    nextVersion: versionsOf(ledger, 'snapshot-version'),
    send: async (snapshot) => await api.leaveSnapshot(snapshot),
  });
  const warmer = new Warmer({
    log,
    edge,
    services: named.map(({ hosts, adapter, name, origin, authorizedFetch }) => ({
      hosts,
      origin,
      actors: () => leaver.actors(name),
      authorizedFetch,
      showcase: async () => (await adapter.showcase?.()) ?? null,
      pages: () => (adapter.knowsPages ? leaver.pages(name) : null),
    })),
    most: () => settings.current().site.warmPages,
    warm: async (host, paths, as, signal, given) => await api.warm(host, paths, as, signal, given),
    given: new GivenFile(join(folder, 'given.json'), log, clock),
  });
  const configLeaver = new ConfigLeaver({
    clock,
    log,
    config: settings.current,
    edge,
    homeId: claimed.homeId,
    key: () => keys.current.privateKey,
    nextVersion: versionsOf(ledger, 'config-version'),
    send: async (jws) => await api.leaveConfig(jws),
  });
  const carrier = createCarrier(
    services.map(({ config: { name, hosts } }) => ({ name, hosts, origin: () => supervisor.reach(name) })),
  );
  const link = new LinkClient({
    edge,
    homeId: claimed.homeId,
    key: keys.current.privateKey,
    random,
    timers: systemTimers,
    serve: carrier.serve,
    services: () => supervisor.states(),
    onWork: () => home.onWork(),
    onState: (state) => home.onLink(state),
  });
  const rotation = new KeyRotation({
    keys,
    log,
    observe: observeKeys,
    request: async (from, next) => {
      const meant = { edge, homeId: claimed.homeId, from: from.publicKey };
      return await makeKeyChange(meant, next.publicKey, next.privateKey);
    },
    send: async (request) => await api.changeKey(request),
    use: ({ privateKey }) => {
      link.useKey(privateKey);
      calls.useKey(privateKey);
    },
    redial: () => {
      // Calls of the old key's session would be refused; they wait for the new one instead.
      calls.use(null);
      link.redial();
    },
  });
  const missed: Missed = {
    since: (time) => absences.missed(named, time, clock.now()),
    at: (time) => absences.wantedAgain(time),
  };
  if (options.replaySince !== null) missed.since(options.replaySince);
  const home = new Home({
    clock,
    log,
    // A further code adds hosts while home runs.
    claimed: () => readClaim(folder, edge) ?? claimed,
    calls,
    api,
    ledger,
    intake: {
      intake: intake.intake,
      // At the end, or when another home node takes the folder: from then on the files are not this one's.
      close: async () => {
        absenceWatch.stop();
        leaver.end();
        await intake.close();
        absences.close(clock.now());
        leavings.close();
      },
    },
    leaver,
    warmer,
    dayTimes: seams.dayTimes ?? {},
    greet: async (signal, onProgress) => {
      const greeting = services.map(({ config: service, adapter }) => {
        const { name } = service;
        return { name, greeter: adapter.greeter, pace: paceOf(service), origin: () => supervisor.origin(name) };
      });
      return await greetPeers({ log, services: greeting, now: () => clock.now() }, signal, onProgress);
    },
    settings,
    configLeaver,
    supervisor,
    stoppedFile,
    link,
    rotation,
    replaySince: options.replaySince,
    missed,
    olderEnds,
    onEvent: seams.onEvent ?? (() => undefined),
    onProgress: seams.onWaking ?? (() => undefined),
    onSuperseded: seams.onSuperseded ?? (() => undefined),
    close: async () => await carrier.close(),
  });
  home.start();
  absenceWatch.start();
  return home;
}

async function claimedBy(
  { folder, claimCode }: HomeOptions,
  { edge }: HomeConfig,
  keys: HomeKeys,
  observe: ObserveKeys,
): Promise<Claimed> {
  if (claimCode !== null) return await claimWithKeys(folder, edge, keys, claimCode, observe);
  const claimed = readClaim(folder, edge);
  if (claimed !== null) return claimed;
  throw new PorchlightError(
    'not-claimed',
    `Cannot start home: it never claimed at ${edge}; get a code from the edge's operator and run: porchlight claim CODE`,
  );
}

interface ReceiptParts {
  /** For the embedded home, and so is the file. */
  readonly token: string;
  readonly secretFile: string;
  readonly issuer: (service: ServiceConfig) => Issuer;
}

function paceOf(service: ServiceConfig | undefined): Pace {
  if (service === undefined) return fullPace;
  const { drainParallel: parallel, drainPerSecond: perSecond } = service;
  // An owner who named a pace knows what the service was told.
  const perSecondOfAddress = perSecond === null ? (softwareOf(service.kind)?.perSecondOfAddress ?? null) : null;
  return { parallel, perSecond, perSecondOfAddress, settleMs: softwareOf(service.kind)?.settleMs ?? 0 };
}

function activityPubDriver(
  { name, url, driver, command }: ActivityPubServiceConfig,
  log: Log,
  olderEnds: Promise<void> | null,
): Driver {
  if (driver === 'external' || command === null) return externalDriver(name, url);
  return new ProcessDriver({ name, log, command, origin: url, ...(olderEnds === null ? {} : { after: olderEnds }) });
}

function makeService(
  service: ServiceConfig,
  { folder, logLevel }: HomeOptions,
  config: HomeConfig,
  { token, issuer, secretFile }: ReceiptParts,
  log: Log,
  olderEnds: Promise<void> | null,
  clock: Clock,
): Service {
  const { name } = service;
  if (service.kind !== 'embedded') {
    const adapter = adapterOf(service, { clock, domain: config.domain, receipts: issuer(service) });
    const plain = activityPubDriver(service, log, olderEnds);
    const { work } = adapter;
    const driver = work === undefined ? plain : stoppedAtRest(plain, { work, clock, log });
    return { config: service, driver, adapter };
  }
  const own = join(folder, name);
  mkdirSync(own, { recursive: true });
  const host = service.hosts[0] ?? config.domain;
  const args = ['--folder', own, '--origin', `${new URL(config.edge).protocol}//${host}`];
  args.push('--receipt-secret-file', secretFile, '--handle', config.handle, '--handle-host', config.domain);
  args.push(
    `--title=${config.title}`,
    '--language',
    config.language,
    '--log',
    logLevel ?? config.log.level,
    '--tethered',
  );
  if (config.allowPrivateAddresses) args.push('--allow-private-addresses');
  const driver = new ProcessDriver({ name, log, program: programFiles.embedded, args, nodeFlags: frugalNodeFlags });
  return { config: service, driver, adapter: embeddedAdapter({ receipts: issuer(service), token }) };
}
