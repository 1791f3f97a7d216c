// `porchlight up` takes the place of a home node that runs, while visitors come and peers deliver: nobody is failed, nothing is
// delivered twice, and whoever is killed at whatever step, one of the two serves.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFailed, test } from 'vitest';
import { askNode } from '../../home-node/control/client.ts';
import type { NodeReport } from '../../home-node/control/report.ts';
import { supersededExitCode } from '../../home-node/ended.ts';
import { FolderLock } from '../../home-node/folder-lock.ts';
import { makeCertificates } from '../support/certificates.ts';
import { Domain } from '../support/domain.ts';
import { porchlight } from '../support/porchlight.ts';
import { freePort } from '../support/ports.ts';
import { Program, until } from '../support/processes.ts';
import { trustingFetch } from '../support/trusting-fetch.ts';
import { tally, Visitors } from '../support/visitors.ts';

const cli = join(import.meta.dirname, '..', '..', 'home-node', 'cli', 'index.ts');

let folder: string;
let pages: Server;
let domain: Domain;
let visitors: Visitors | null = null;
let isBroken = false;
let endSlow: (() => void) | null = null;
const started: Program[] = [];

async function openDomain(name: string, servicesToml?: (url: string) => string): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), `porchlight-${name}-`));
  pages = createServer((request, response) => {
    if (isBroken) {
      response.writeHead(500).end();
      return;
    }
    if (request.url === '/slow') {
      response.write('begun');
      endSlow = () => response.end(' and ended');
      return;
    }
    request.resume().once('end', () => setTimeout(() => response.end(request.url), Math.random() * 80));
  });
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
  const certificates = await makeCertificates(folder);
  const toml = servicesToml === undefined ? {} : { servicesToml: servicesToml(url) };
  domain = await Domain.start({ folder, certificates, peerOrigins: [], ...toml });
}

async function closeDomain(): Promise<void> {
  await Promise.all(started.splice(0).map(async (program) => await program.kill()));
  await domain?.end();
  pages?.closeAllConnections();
  pages?.close();
  rmSync(folder, { recursive: true, force: true });
}

/** `porchlight up` in a terminal of its own. */
function up(
  args: readonly string[] = ['--claim', domain.claimCode],
  env: Readonly<Record<string, string>> = {},
): Program {
  const all = [cli, 'up', '--home', domain.homeFolder, ...args];
  const program = new Program('up', all, { NODE_EXTRA_CA_CERTS: domain.caFile, ...env });
  started.push(program);
  return program;
}

async function report(): Promise<NodeReport | null> {
  return await askNode<NodeReport>(domain.homeFolder, 'status').catch(() => null);
}

async function holds(program: Program): Promise<void> {
  await until(`${program.name} has the folder`, async () =>
    (await report())?.pid === program.child.pid ? true : null,
  );
}

async function awake(program: Program): Promise<void> {
  await until(`${program.name} awake`, async () => {
    const said = await report();
    return said?.pid === program.child.pid && said?.state === 'awake' ? true : null;
  });
}

function come(postsPerSecond = 4): void {
  const ca = readFileSync(domain.caFile, 'utf8');
  visitors = new Visitors({ port: domain.edgePort, host: domain.host, ca, getsPerSecond: 20, postsPerSecond });
}

async function served(): Promise<void> {
  const from = visitors?.served('GET') ?? 0;
  await until('visitors who are served', () => ((visitors?.served('GET') ?? 0) > from + 10 ? true : null));
}

function sayOnFailure(): void {
  onTestFailed(() => {
    console.error(JSON.stringify(tally(visitors?.visits ?? [])));
    for (const { child, log } of started) console.error(`\nprocess ${child.pid}:\n${log}`);
  });
}

afterEach(async () => {
  isBroken = false;
  await visitors?.end();
  visitors = null;
});

describe('over services that somebody else runs', () => {
  beforeAll(async () => {
    await openDomain(
      'replacing',
      (url) =>
        `[[services]]\nname = "pages"\nkind = "activitypub"\nurl = "${url}"\ninboxes = ["/inbox"]\nsignatures = ["cavage"]\n`,
    );
  });
  afterAll(closeDomain);

  test('up replaces the home node that runs, several times, without one request that fails, and says so', async () => {
    sayOnFailure();
    let running = up();
    await awake(running);
    come();
    await served();
    for (let n = 0; n < 4; n += 1) {
      const newer = up();
      await awake(newer);
      expect(await running.exited).toBe(supersededExitCode);
      expect(newer.log).toContain(`Took over the data folder from process ${running.child.pid}`);
      await served();
      running = newer;
    }
    const visits = await visitors?.end();
    expect(tally(visits ?? [])).toEqual({ 'GET 200': expect.any(Number), 'POST 200': expect.any(Number) });
  });

  test('a slow answer that has begun is finished by the older one', async () => {
    sayOnFailure();
    const [older] = started.slice(-1);
    come();
    const slow = trustingFetch(readFileSync(domain.caFile, 'utf8'))(`${domain.origin}/slow`);
    await until('the slow answer', () => endSlow);
    const newer = up();
    await awake(newer);
    await served();
    expect(older?.child.exitCode).toBeNull();
    endSlow?.();
    expect(await (await slow).text()).toBe('begun and ended');
    expect(await older?.exited).toBe(supersededExitCode);
    const visits = (await visitors?.end()) ?? [];
    expect(visits.filter(({ status }) => status !== 200)).toEqual([]);
  });

  test('one that systemd runs is left alone, and the message says what to do; with --replace it is not', async () => {
    sayOnFailure();
    const [plain] = started.slice(-1);
    const managed = up(undefined, { INVOCATION_ID: 'f00d' });
    await awake(managed);
    await plain?.exited;
    const env = { NODE_EXTRA_CA_CERTS: domain.caFile };
    const refused = await porchlight(['up', '--home', domain.homeFolder], { env });
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('systemctl restart porchlight');
    expect(refused.err).toContain('--replace');
    expect((await report())?.pid).toBe(managed.child.pid);
    const newer = up(['--replace']);
    await awake(newer);
    expect(await managed.exited).toBe(supersededExitCode);
  });

  test.each(['newer', 'older'] as const)('whenever the %s one is killed, one of them serves', async (who) => {
    sayOnFailure();
    let [running] = started.slice(-1);
    if (running === undefined) throw new Error('nothing runs');
    come();
    await served();
    // From before it asks until after it has opened its link.
    for (const ms of [150, 300, 450, 600, 800, 1_000]) {
      const newer = up();
      await new Promise((resolve) => setTimeout(resolve, ms));
      const [killed, other]: [Program, Program] = who === 'newer' ? [newer, running] : [running, newer];
      await killed.kill();
      await until('the other one', async () => {
        const said = await report();
        if (said?.state === 'awake' && said.pid === other.child.pid) return true;
        // It had no place to take over, or had given its own away for good: whoever starts next does.
        return other.child.exitCode === null && other.child.signalCode === null ? null : true;
      });
      if (other.child.exitCode !== null) {
        running = up();
        await awake(running);
      } else running = other;
      await served();
      expect(() => FolderLock.take(domain.homeFolder)).toThrow('another home node');
    }
    const gets = (await visitors?.end())?.filter(({ method }) => method === 'GET') ?? [];
    expect(tally(gets)).toEqual({ 'GET 200': gets.length });
  });
});

describe('a home node that is replaced before its link was ever open', () => {
  beforeAll(async () => {
    await openDomain(
      'replacing-early',
      (url) => `[[services]]\nname = "pages"\nkind = "activitypub"\nurl = "${url}"\ninboxes = ["/inbox"]\n`,
    );
  });
  afterAll(closeDomain);

  test('ends; the one before it answers on, and when the newest is told to end nothing runs any more', async () => {
    sayOnFailure();
    const first = up();
    await awake(first);
    // Who comes waits for it, and opens no link meanwhile.
    isBroken = true;
    const second = up();
    await holds(second);
    const third = up();
    await holds(third);
    expect(await second.exited).toBe(supersededExitCode);
    expect(third.log).toContain(`Took over the data folder from process ${first.child.pid}, which answers`);
    expect(first.child.exitCode).toBeNull();
    expect(await third.stop()).toBe(0);
    expect(await first.exited).toBe(supersededExitCode);
    expect(first.log).toContain('Good night');
    expect(await report()).toBeNull();
    FolderLock.take(domain.homeFolder).release();
  });

  test('opens none when the edge can be reached again: the newest serves', async () => {
    sayOnFailure();
    await domain.killEdge();
    const older = up([]);
    await holds(older);
    await until('it dials', async () => ((await report())?.home?.link.state === 'lost' ? true : null));
    const newer = up([]);
    await holds(newer);
    expect(await older.exited).toBe(supersededExitCode);
    await domain.startEdge();
    await awake(newer);
    come();
    await served();
    expect(newer.child.exitCode).toBeNull();
    expect((await report())?.pid).toBe(newer.child.pid);
  });
});

describe('with the embedded home', () => {
  beforeAll(async () => await openDomain('replacing-embedded'));
  afterAll(closeDomain);

  test('up replaces the home node, several times, without one page that fails', async () => {
    sayOnFailure();
    let running = up();
    await awake(running);
    const ca = readFileSync(domain.caFile, 'utf8');
    visitors = new Visitors({
      ...{ port: domain.edgePort, host: domain.host, ca, getsPerSecond: 20, postsPerSecond: 0.01 },
      path: '/',
    });
    await served();
    for (let n = 0; n < 3; n += 1) {
      const newer = up();
      await awake(newer);
      expect(await running.exited).toBe(supersededExitCode);
      await served();
      running = newer;
    }
    expect(tally((await visitors.end()) ?? [])).toEqual({ 'GET 200': expect.any(Number) });
  });
});

describe('with a service that home runs itself', () => {
  let port: number;
  beforeAll(async () => {
    port = await freePort();
    const program = join(import.meta.dirname, '..', 'support', 'small-service.mjs');
    const command = JSON.stringify([process.execPath, program, String(port)]);
    await openDomain(
      'replacing-process',
      () =>
        `[[services]]\nname = "pages"\nkind = "activitypub"\ndriver = "process"\ncommand = ${command}\nurl = "http://127.0.0.1:${port}"\ninboxes = ["/inbox"]\nsignatures = ["cavage"]\n`,
    );
  });
  afterAll(closeDomain);

  test('up replaces the home node; the service is started anew, and pages wait for it', async () => {
    sayOnFailure();
    const running = up();
    await awake(running);
    come();
    await served();
    const newer = up();
    await awake(newer);
    expect(await running.exited).toBe(supersededExitCode);
    await served();
    const visits = (await visitors?.end()) ?? [];
    const gets = visits.filter(({ method }) => method === 'GET');
    expect(tally(gets)).toEqual({ 'GET 200': gets.length });
    for (const { method, status } of visits) if (method === 'POST') expect([200, 503]).toContain(status);
  });
});
