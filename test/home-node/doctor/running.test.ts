// What doctor finds of what runs on the machine: Node, the home node by its own word, services, open ports.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test } from 'vitest';
import { ControlServer } from '../../../home-node/control/server.ts';
import type { Check, Verdict } from '../../../home-node/doctor/check.ts';
import { exposureCheck } from '../../../home-node/doctor/checks/exposure.ts';
import { nodeCheck } from '../../../home-node/doctor/checks/node.ts';
import { servicesCheck } from '../../../home-node/doctor/checks/services.ts';
import { nodeVersionCheck } from '../../../home-node/doctor/checks/versions.ts';
import { type Exam, examine } from '../../../home-node/doctor/exam.ts';
import { parseTcpTable } from '../../../home-node/doctor/proc-net.ts';
import { systemPorts } from '../../../home-node/doctor/system-ports.ts';
import { systemClock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import {
  answerOf,
  configOf,
  edgePorts,
  embeddedDown,
  emptySpool,
  examOf,
  findingsOf,
  homeReport,
  nodeReport,
  now,
  portsOf,
  production,
} from './exams.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const ports = edgePorts(async () => await Promise.resolve(answerOf(200, '')));

async function found(check: Check, exam: Exam, with_ = ports): Promise<readonly [Verdict, string, string | null][]> {
  return (await findingsOf(check, exam, with_)).map(({ verdict, found: text, cure }) => [verdict, text, cure]);
}

describe("Node's version", () => {
  test.each([
    ['24.1.0', 'well'],
    ['22.19.0', 'well'],
    ['22.18.0', 'fault'],
    ['20.19.1', 'fault'],
  ])('%s is %s', async (nodeVersion, verdict) => {
    const [finding] = await findingsOf(nodeVersionCheck, examOf(null), portsOf({ nodeVersion }));
    expect([finding?.verdict, finding?.cure === null]).toEqual([verdict, verdict === 'well']);
  });
});

describe('the home node', () => {
  const said = async (report: Parameters<typeof homeReport>[0]) =>
    await findingsOf(nodeCheck, examOf(production, { node: nodeReport({ home: homeReport(report) }) }), ports);
  const about = async (subject: string, report: Parameters<typeof homeReport>[0]) =>
    (await said(report)).filter((finding) => finding.subject === subject);

  test('that does not run is a warning, with what starts it', async () => {
    expect(await found(nodeCheck, examOf(null))).toMatchObject([
      ['warning', expect.anything(), expect.stringContaining('porchlight up')],
    ]);
  });

  test('that does not answer is unchecked, with the reason', async () => {
    expect(await found(nodeCheck, examOf(null, { nodeTrouble: 'it belongs to another user' }))).toMatchObject([
      ['unchecked', 'it belongs to another user', expect.stringContaining('log')],
    ]);
  });

  test('that runs and says nothing holds nobody up', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-running-'));
    cleanups.push(() => rmSync(folder, { recursive: true }));
    const control = await ControlServer.listen(folder, { status: async () => await new Promise(() => undefined) });
    cleanups.push(async () => {
      control.cut();
      await control.close();
    });
    expect(await examine(folder, 50)).toMatchObject({ node: null, nodeTrouble: expect.stringContaining('0.05 s') });
  });

  test('that takes nothing because of its clock says so', async () => {
    expect(await about('deliveries', { clockOff: true })).toMatchObject([
      { verdict: 'fault', cure: expect.stringContaining('clock') },
    ]);
  });

  test('that is awake with everything in order is well', async () => {
    expect((await said({})).map(({ subject, verdict }) => [subject, verdict])).toEqual([
      ['home node', 'well'],
      ['link', 'well'],
      ['snapshot', 'well'],
      ['spool', 'well'],
    ]);
  });

  test('that sleeps is well', async () => {
    const asleep = nodeReport({ state: 'asleep', home: null, wakeAt: now + 3_600_000 });
    expect(await found(nodeCheck, examOf(production, { node: asleep }))).toMatchObject([
      ['well', expect.stringMatching(/asleep .*until 2026-/), null],
    ]);
  });

  test.each([
    ['unknown-home', 'porchlight claim'],
    ['proof-refused', 'backup'],
    ['no-common-version', 'update'],
    ['wrong-edge', 'Set edge'],
    ['link-unreachable', 'dials again'],
  ])('whose link is lost by %s: the cure', async (code, cure) => {
    const trouble = { code, reason: 'the reason', retryAt: now };
    expect(await about('link', { link: { state: 'lost', since: now - 60_000, trouble } })).toMatchObject([
      { verdict: 'fault', found: `lost for 1 min: the reason (${code})`, cure: expect.stringContaining(cure) },
    ]);
  });

  test('that is still dialling is a warning', async () => {
    const link = { state: 'dialling', since: now - 1_000, trouble: null } as const;
    expect(await about('link', { link, spool: null })).toMatchObject([{ verdict: 'warning' }]);
  });

  test('whose service is down', async () => {
    const services = [embeddedDown];
    expect(await about('service home', { services })).toMatchObject([{ verdict: 'fault' }]);
  });

  test('whose snapshot is older than snapshot_hours is warned of, as an alert would be', async () => {
    const hours = (count: number) => ({ snapshotAt: now - count * 3_600_000 });
    expect(await about('snapshot', hours(36))).toMatchObject([{ verdict: 'well' }]);
    expect(await about('snapshot', hours(37))).toMatchObject([
      { verdict: 'warning', found: expect.stringContaining('36 h'), cure: expect.stringContaining('log') },
    ]);
    const node = nodeReport({ home: homeReport(hours(37)) });
    const lax = configOf('domain = "example.org"\n[alerts]\nsnapshot_hours = 48\n');
    expect(await findingsOf(nodeCheck, examOf(lax, { node }), ports)).toContainEqual(
      expect.objectContaining({ subject: 'snapshot', verdict: 'well' }),
    );
  });

  test('that has left no snapshot for limits.snapshotLateMs is warned of', async () => {
    const link = (ms: number) => ({ state: 'open', since: now - ms, trouble: null }) as const;
    expect(await about('snapshot', { snapshotAt: null, link: link(limits.snapshotLateMs - 1) })).toEqual([]);
    expect(await about('snapshot', { snapshotAt: null, link: link(limits.snapshotLateMs) })).toMatchObject([
      { verdict: 'warning' },
    ]);
  });

  test.each([
    ['four fifths full', { databaseBytes: 0.81 * limits.spoolDatabaseBytes }, 'warning', '81 %'],
    ['nearly full', { databaseBytes: 0.96 * limits.spoolDatabaseBytes }, 'fault', '96 %'],
    [
      'with old deliveries',
      { waiting: 3, oldestWaitingAt: now - limits.waitingLongMs - 1 },
      'warning',
      'the oldest for 1 h',
    ],
    ['with young ones', { waiting: 3, oldestWaitingAt: now - limits.waitingLongMs }, 'well', '3 wait'],
    ['with dead letters', { dead: 2 }, 'warning', '2 dead letters'],
  ] as const)('whose spool is %s', async (_, spool, verdict, text) => {
    const all = { ...emptySpool, ...spool };
    expect(await about('spool', { spool: all })).toMatchObject([{ verdict, found: expect.stringContaining(text) }]);
  });

  test('that drains a night is not blamed for how old it is', async () => {
    const spool = { ...emptySpool, waiting: 9, oldestWaitingAt: now - 2 * limits.waitingLongMs };
    const drain = { step: 'taking what waited', done: 1, of: 10 };
    expect(await about('spool', { spool, drain })).toMatchObject([{ verdict: 'well' }]);
  });

  test('whose edge does not say what it holds', async () => {
    expect(await about('spool', { spool: null })).toMatchObject([{ verdict: 'unchecked' }]);
  });
});

describe('services', () => {
  const external = (url: string, more = '') =>
    examOf(
      configOf(
        `domain = "example.org"\n[[services]]\nname = "x"\nkind = "activitypub"\nurl = "${url}"\ninboxes = ["/inbox"]\n${more}`,
      ),
    );

  test('that answer are well, whatever they answer; that fail or are not there are not', async () => {
    const server = createServer((_, response) => response.writeHead(status).end());
    let status = 404;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const real = systemPorts({ clock: systemClock });
    cleanups.push(() => real.close());
    const exam = external(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect(await found(servicesCheck, exam, real)).toMatchObject([
      ['well', expect.stringContaining('answers at'), null],
    ]);
    status = 502;
    expect(await found(servicesCheck, exam, real)).toMatchObject([
      ['fault', expect.stringContaining('502'), expect.stringContaining('log of x')],
    ]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(await found(servicesCheck, exam, real)).toMatchObject([
      ['fault', expect.stringContaining('connection refused'), expect.stringContaining('Start x')],
    ]);
  });

  test.each([
    [204, 'well', null],
    [302, 'well', null],
    [404, 'fault', 'Set health'],
    [503, 'fault', 'log of x'],
  ])(
    'whose owner named a health path are judged by it, as the home node does: %i is %s',
    async (status, verdict, mend) => {
      const asked: unknown[] = [];
      const answering = edgePorts(async ({ target, method }) => {
        asked.push([method, target]);
        return await Promise.resolve(answerOf(target === '/up' ? status : 200));
      });
      const exam = external('http://127.0.0.1:3000', 'health = "/up"\n');
      const [finding] = await found(servicesCheck, exam, answering);
      expect([finding?.[0], finding?.[2]]).toEqual([verdict, mend === null ? null : expect.stringContaining(mend)]);
      expect(asked).toEqual([['GET', '/up']]);
    },
  );

  test('of the home node’s own: only while it runs, where it says they are', async () => {
    const at = (node: Exam['node']) => examOf(production, { node });
    expect(await found(servicesCheck, at(null))).toMatchObject([['unchecked', expect.anything(), null]]);
    expect(await found(servicesCheck, at(nodeReport({ home: null })))).toMatchObject([
      ['unchecked', expect.stringContaining('asleep'), null],
    ]);
    expect(await found(servicesCheck, at(nodeReport()))).toMatchObject([
      ['well', 'answers at http://127.0.0.1:4000', null],
    ]);
    const services = [embeddedDown];
    expect(await found(servicesCheck, at(nodeReport({ home: homeReport({ services }) })))).toMatchObject([
      ['fault', 'it is not running', expect.stringContaining('log')],
    ]);
  });
});

describe('open ports', () => {
  const exam = examOf(production, { node: nodeReport({ pid: 10 }) });
  const listening = (...list: readonly (readonly [pid: number, address: string])[]) =>
    portsOf({
      listeners: async () => await Promise.resolve(list.map(([pid, address]) => ({ pid, address, port: 80 }))),
    });

  test('on loopback alone are well', async () => {
    const some = listening([10, '127.0.0.1'], [11, '::1'], [11, '127.0.0.53'], [11, '::ffff:7f00:1']);
    expect(await found(exposureCheck, exam, some)).toMatchObject([['well', expect.anything(), null]]);
  });

  test.each(['0.0.0.0', '::', '192.168.1.5', '::ffff:c0a8:105', '::ffff:7f5:1'])('on %s are not', async (address) => {
    const findings = await found(exposureCheck, exam, listening([10, address], [11, address]));
    expect(findings.map(([verdict]) => verdict)).toEqual(['fault', 'warning']);
  });

  test('are unchecked where nobody runs, or the system does not tell', async () => {
    expect(await found(exposureCheck, examOf(production))).toMatchObject([['unchecked', 'no home node runs', null]]);
    const silent = portsOf({ listeners: async () => await Promise.resolve(null) });
    expect(await found(exposureCheck, exam, silent)).toMatchObject([['unchecked', expect.anything(), null]]);
  });

  test('of a process and of what it started are found on this system', async () => {
    const grandchild = `require('node:net').createServer().listen(0, '0.0.0.0', function () { console.log(this.address().port) })`;
    const child = spawn(
      process.execPath,
      [
        '-e',
        `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(grandchild)}], { stdio: ['ignore', 'inherit', 'inherit'] })`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'], detached: true },
    );
    cleanups.push(() => process.kill(-(child.pid ?? 0), 'SIGKILL'));
    let port = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      port = Number(line);
      break;
    }
    const real = systemPorts({ clock: systemClock });
    cleanups.push(() => real.close());
    const listeners = await real.listeners(child.pid ?? 0);
    if (process.platform === 'linux') expect(listeners).toMatchObject([{ address: '0.0.0.0', port }]);
    else expect(listeners).toBeNull();
    expect(await real.listeners(2 ** 30)).toBeNull();
  });

  test('are read from the table as Linux writes it, and nothing else is', () => {
    const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 111 1 0000 100 0 0 10 0
   1: 0500A8C0:0050 0100A8C0:D431 01 00000000:00000000 00:00000000 00000000  1000        0 222 1 0000 100 0 0 10 0
   2: 000080FE00000000FF005450CDAB3412:0050 00000000000000000000000000000000:0000 0A 0:0 00:0 0  1000  0 333 1 0
   3: junk`;
    expect(parseTcpTable(table)).toEqual([
      { inode: '111', address: '127.0.0.1', port: 8080 },
      { inode: '333', address: 'fe80::5054:ff:1234:abcd', port: 80 },
    ]);
  });
});
