// Exams and ports for tests of single checks: a home in development whose edge is wherever the test says, and a world
// that answers as the test says. What a test does not hand in fails loudly.

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HomeConfig, parseConfig } from '../../../home-node/config.ts';
import type { NodeReport } from '../../../home-node/control/report.ts';
import type { Check, Finding } from '../../../home-node/doctor/check.ts';
import { runDoctor } from '../../../home-node/doctor/doctor.ts';
import type { Exam } from '../../../home-node/doctor/exam.ts';
import type { Answer, DoctorPorts } from '../../../home-node/doctor/ports.ts';
import type { ServiceEntry } from '../../../home-node/services/supervisor.ts';
import type { SpoolSummary } from '../../../shared/lease/messages.ts';
import { limits } from '../../../shared/limits.ts';

export const now = Date.UTC(2026, 10, 23, 7, 30);

export function configOf(toml: string): HomeConfig {
  return parseConfig(toml, 'porchlight.toml');
}

export const production = configOf('domain = "example.org"\n');

/** A home whose edge is at this origin, with the embedded service alone. */
export function development(edge: string): HomeConfig {
  const { host } = new URL(edge);
  return configOf(`domain = "${host}"\nedge = "${edge}"\n[development]\nallow_private_addresses = true\n`);
}

export function examOf(config: HomeConfig | null, changes: Partial<Exam> = {}): Exam {
  const hosts = config === null ? [] : [config.domain, ...config.services.flatMap((service) => service.hosts)];
  return {
    folder: join(tmpdir(), 'porchlight-no-folder'),
    programVersion: '1.2.3',
    config,
    configTrouble: config === null ? 'Cannot use porchlight.toml: 1 to mend' : null,
    claimed: config === null ? null : { homeId: 'h1', edge: config.edge, hosts, codeHash: '' },
    claimTrouble: null,
    node: null,
    nodeTrouble: null,
    hosts: [...new Set(hosts)],
    accounts: new Map(
      config?.services.map(({ name, kind }) => [
        name,
        kind === 'embedded' ? [`acct:${config.handle}@${config.domain}`] : null,
      ]),
    ),
    accountFaults: [],
    ...changes,
  };
}

export function answerOf(status: number, body: unknown = '', headers: Readonly<Record<string, string>> = {}): Answer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'string' ? 'text/plain' : 'application/json';
  return {
    status,
    headers: { 'content-type': type, ...headers },
    body: text,
    certificateEndsAt: null,
    askedAt: now,
    answeredAt: now,
  };
}

export function problemOf(status: number, code: string): Answer {
  return answerOf(status, { code }, { 'content-type': 'application/problem+json' });
}

export const theEdge = { software: 'porchlight', version: '1.2.3', build: 'abc', linkVersions: [1] };

export function portsOf(ports: Partial<DoctorPorts> = {}): DoctorPorts {
  const notMeant = (what: string) => async (): Promise<never> =>
    await Promise.reject(new Error(`${what} was not meant to be asked in this test`));
  return {
    clock: { now: () => now },
    nodeVersion: '24.1.0',
    lookup: notMeant('a name server'),
    ask: notMeant('anybody'),
    disk: notMeant('the disk'),
    listeners: notMeant('the system'),
    ...ports,
  };
}

/** An edge that answers its own questions well, and everything else as `ask` says. */
export function edgePorts(ask: DoctorPorts['ask'], changes: Partial<DoctorPorts> = {}): DoctorPorts {
  return portsOf({
    lookup: async () => await Promise.resolve(['104.16.0.1']),
    ask: async (question) =>
      question.target === '/.porchlight/v1/edge' ? answerOf(200, theEdge) : await ask(question),
    ...changes,
  });
}

/** The findings of one check, without its name. */
export async function findingsOf(
  check: Check,
  exam: Exam,
  ports: DoctorPorts,
): Promise<readonly Omit<Finding, 'check'>[]> {
  const findings = await runDoctor({ exam, ports, checks: [check] });
  return findings.map(({ check: _, ...finding }) => finding);
}

export function nodeReport(changes: Partial<NodeReport> = {}): NodeReport {
  return {
    version: '1.2.3',
    pid: 4242,
    isManaged: false,
    handsOver: true,
    folder: 'data',
    domain: 'example.org',
    edge: 'https://example.org',
    startedAt: now - 3_600_000,
    now,
    state: 'awake',
    since: now - 3_600_000,
    wakeAt: null,
    progress: null,
    settingsWaiting: [],
    alerts: [],
    home: homeReport(),
    ...changes,
  };
}

export const embeddedUp: ServiceEntry = {
  name: 'home',
  kind: 'embedded',
  driver: 'process',
  hosts: ['example.org'],
  state: 'up',
  why: null,
  since: now - 3_000_000,
  until: null,
  origin: 'http://127.0.0.1:4000',
};

export const embeddedDown: ServiceEntry = { ...embeddedUp, state: 'down', why: 'failing', origin: null };

export const emptySpool: SpoolSummary = {
  waiting: 0,
  oldestWaitingAt: null,
  services: [],
  kept: 0,
  dead: 0,
  databaseBytes: 0,
  databaseLimitBytes: limits.spoolDatabaseBytes,
  largeBytes: 0,
  largeLimitBytes: limits.spoolLargeBytes,
  snapshotAt: null,
};

type HomeReport = NonNullable<NodeReport['home']>;

export function homeReport(changes: Partial<HomeReport> = {}): HomeReport {
  return {
    homeId: 'h1',
    hosts: ['example.org'],
    link: { state: 'open', since: now - 3_000_000, trouble: null },
    services: [embeddedUp],
    finished: 0,
    drain: null,
    clockOff: false,
    snapshotAt: now - 60_000,
    spool: emptySpool,
    ...changes,
  };
}
