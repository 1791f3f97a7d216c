// The violent night: many senders deliver while home node, edge, wire and service are killed with SIGKILL at seeded
// random moments, and the home node also at named points between two steps of its work. Nothing may be lost, order per
// sender must hold, and a delivery may be repeated at most once for each kill while that very delivery was in flight
// (test/support/in-flight.ts): one that was in flight during none is received exactly once.
//
// PORCHLIGHT_SEED=n throws a night's dice again (which step each kill meets is the machine's own); PORCHLIGHT_KILLS and
// PORCHLIGHT_PER_SENDER make it longer.

import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest';
import { limits } from '../../shared/limits.ts';
import { makeCertificates } from '../support/certificates.ts';
import { Domain } from '../support/domain.ts';
import { KillBook, type Seen } from '../support/kill-book.ts';
import { freePort } from '../support/ports.ts';
import { ask, Program, until } from '../support/processes.ts';
import { linesOf } from '../support/recorded-domain.ts';
import { Seeded } from '../support/seeded.ts';

const senders = 20;
const perSender = Number(process.env.PORCHLIGHT_PER_SENDER ?? 25);
const wantedKills = Number(process.env.PORCHLIGHT_KILLS ?? 56);
const dice = new Seeded(Number(process.env.PORCHLIGHT_SEED ?? Date.now() % 1_000_000));
const killPoints = ['leased', 'begun', 'sent', 'answered'] as const;

let folder: string;
let domain: Domain;
let book: KillBook;
let peer: Program;
let service: Program;
let servicePort: number;
let peerOrigin: string;
let environment: Record<string, string>;
const hits = new Map<string, number>();
let kills = 0;
let attemptsBeyondFirst = 0;

const record = (): string => join(folder, 'home-service.jsonl');
const seen = (): Seen[] => linesOf(record()).map((line) => JSON.parse(line) as Seen);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-violent-'));
  const certificates = await makeCertificates(folder);
  environment = { NODE_EXTRA_CA_CERTS: certificates.caFile };
  const peerPort = await freePort();
  servicePort = await freePort();
  peerOrigin = `https://localhost:${peerPort}`;
  const names = Array.from({ length: senders }, (_, at) => `sender-${at}`);
  peer = new Program(
    'peer',
    [
      'test/support/peers/signing-peer.ts',
      ...['--port', String(peerPort), '--key', certificates.keyFile, '--cert', certificates.certFile],
      ...['--actors', names.join(',')],
    ],
    environment,
  );
  await peer.line((line) => line.ready === true);
  await startService();
  domain = await Domain.start({
    folder,
    certificates,
    peerOrigins: [peerOrigin],
    servicesToml: `[[services]]\nname = "recorder"\nkind = "activitypub"\nurl = "http://127.0.0.1:${servicePort}"\ninboxes = ["/inbox"]\nsignatures = ["cavage"]\n`,
  });
  book = new KillBook(domain, folder);
});

afterAll(async () => {
  await domain?.end();
  await peer?.kill();
  await service?.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function startService(): Promise<void> {
  const args = ['test/support/peers/recording-service.ts', '--port', String(servicePort), '--record', record()];
  service = new Program('service', args, environment);
  await service.line((line) => line.ready === true);
}

/** Starts home, most often with a kill point armed: it ends by its own SIGKILL at the n-th passing of that point. */
function startHome(armed: boolean): void {
  // The point that was hit least so far: all are hit by name before the night is over.
  const point = killPoints.reduce((least, each) => ((hits.get(each) ?? 0) < (hits.get(least) ?? 0) ? each : least));
  const arming = armed ? { KILL_AT: point, KILL_AFTER: String(dice.between(1, 5)) } : {};
  book.startHome([], arming, () => {
    hits.set(point, (hits.get(point) ?? 0) + 1);
    kills += 1;
  });
}

function activity(sender: number, at: number, actor: string): { readonly id: string } {
  const id = `${actor}/activities/${at}`;
  // Every twelfth is larger than a row takes, so that it goes by way of R2.
  const content = `${sender}/${at} `.repeat(at % 12 === 5 ? limits.inlineBodyBytes / 4 : dice.between(1, 200));
  const object = { type: 'Note', id: `${id}/note`, attributedTo: actor, content };
  return { '@context': 'https://www.w3.org/ns/activitystreams', id, type: 'Create', actor, object } as { id: string };
}

async function send(sender: number, first: number, end: number): Promise<void> {
  const name = `sender-${sender}`;
  const actor = `${peerOrigin}/accounts/${name}`;
  for (let at = first; at < end; at += 1) {
    // Spread over the whole night: the next one leaves when enough has been killed meanwhile.
    await until(
      `kill ${Math.floor((at * wantedKills) / perSender)}`,
      () => (kills >= (at * wantedKills) / perSender - 1 ? true : null),
      280_000,
    );
    attemptsBeyondFirst += (await book.deliver(peer, name, activity(sender, at, actor))) - 1;
  }
}

async function killOne(): Promise<void> {
  const victim = dice.pick(['home', 'home', 'edge', 'service', 'wire'] as const);
  if (victim === 'wire') {
    await book.killing('wire', () => domain.cutWire());
  } else if (victim === 'service') {
    await book.killing('service', async () => await service.kill());
    await startService();
  } else if (victim === 'edge') {
    await book.killing('edge', async () => await domain.killEdge());
    await domain.startEdge();
  } else {
    await domain.killHome();
  }
  kills += 1;
  hits.set(victim, (hits.get(victim) ?? 0) + 1);
}

test('nothing is lost and order holds while everything is killed again and again', async () => {
  const night = `seed ${dice.seed}`;
  onTestFailed(() => console.error(`The same dice again: PORCHLIGHT_SEED=${dice.seed}`));
  startHome(false);
  const unsigned = { from: 'sender-0', inbox: `${domain.origin}/inbox`, body: '{}' };
  await until('home has claimed, and said what it takes', async () =>
    (await ask<number>(peer, 'attempt', unsigned)) === 400 ? true : null,
  );
  let sending = true;
  const all = async (first: number, end: number): Promise<unknown> =>
    await Promise.all(Array.from({ length: senders }, (_, sender) => send(sender, first, end)));
  const sent = all(0, perSender - 1).finally(() => {
    sending = false;
  });
  sent.catch(() => undefined);
  let backup: string | null = null;
  let backupAt = 0;
  while (sending || kills < wantedKills) {
    await new Promise((resolve) => setTimeout(resolve, dice.between(100, 900)));
    if (domain.home.child.exitCode !== null || domain.home.child.signalCode !== null) startHome(true);
    else await killOne();
    if (!domain.homeIsRunning) startHome(true);
    if (backup === null && kills >= wantedKills / 2) {
      // A copy of all that home has, as a backup takes it while nothing runs.
      await domain.killHome();
      await book.killing('service', async () => await service.kill());
      backup = join(folder, 'backup');
      backupAt = Date.now();
      cpSync(domain.homeFolder, join(backup, 'home'), { recursive: true });
      cpSync(record(), join(backup, 'record'));
      await startService();
      startHome(true);
    }
  }
  await sent;
  await domain.killHome();
  startHome(false);
  // The last of each sender comes when nothing is killed any more: once it is here, what was before it comes no more.
  await all(perSender - 1, perSender);
  const total = senders * perSender;
  await until(
    `all ${total} deliveries (${night})`,
    () => (new Set(seen().map((one) => one.id)).size === total ? true : null),
    120_000,
  ).catch((thrown: unknown) => {
    throw new Error(
      `${String(thrown)}; ${new Set(seen().map((one) => one.id)).size} arrived. Home said:\n${domain.home.log.slice(-4000)}`,
    );
  });

  book.checkOrder(seen(), night);
  const { repeats, excused } = book.checkRepeats(seen(), night);
  console.log(
    `${night}: ${total} deliveries, ${kills} kills ${JSON.stringify(Object.fromEntries(hits))}, ` +
      `${repeats} repeats at the service of ${excused} that kills in flight excuse, ${attemptsBeyondFirst} repeated by the peer`,
  );
  expect(book.endedOtherwise, night).toEqual([]);
  expect(kills).toBeGreaterThanOrEqual(50);
  for (const point of killPoints) expect(hits.get(point) ?? 0, `${night}: kill point ${point}`).toBeGreaterThan(0);

  // Home's disk falls back to the copy: what its service had taken since then is gone, and asked for again.
  await domain.killHome();
  await service.kill();
  if (backup === null) throw new Error('no backup was made');
  rmSync(domain.homeFolder, { recursive: true });
  cpSync(join(backup, 'home'), domain.homeFolder, { recursive: true });
  cpSync(join(backup, 'record'), record());
  const before = new Set(seen().map((one) => one.id)).size;
  expect(before).toBeLessThan(total);
  await startService();
  domain.startHome(['--replay-since', new Date(backupAt - 3_600_000).toISOString()]);
  await until(
    `the ${total - before} missing deliveries (${night})`,
    () => (new Set(seen().map((one) => one.id)).size === total ? true : null),
    120_000,
  );
  book.checkOrder(seen(), `${night}, after the replay`);
}, 900_000);
