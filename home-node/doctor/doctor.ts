// Runs the checks: all at the same time, each bounded, each told as soon as it is done, and none able to spoil another.

import { causeOf } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { Check, ConfiguredExam, Finding, Result } from './check.ts';
import { fault, unchecked } from './check.ts';
import { type Exam, originOf } from './exam.ts';
import { nameTroubleOf } from './names.ts';
import { hasNetwork } from './network.ts';
import type { DoctorPorts } from './ports.ts';
import { type Reached, reach } from './reach.ts';

export interface DoctorOptions {
  readonly exam: Exam;
  readonly ports: DoctorPorts;
  readonly checks: readonly Check[];
  /** The findings of one check when it is done. */
  readonly onFindings?: (findings: readonly Finding[]) => void;
  /** Longest that one check may take, ms. */
  readonly checkMs?: number;
}

/** All findings, in the order of the checks. Never rejects because of a check. */
export async function runDoctor(options: DoctorOptions): Promise<readonly Finding[]> {
  const { exam, ports, checks, onFindings = () => undefined, checkMs = limits.doctorCheckMs } = options;
  const configured = exam.config === null ? null : configuredExam(exam, exam.config, ports);
  // Begun by the first check that needs it: those before it read the disk, and no answer should wait for that meanwhile.
  let asked: Promise<Result | null> | null = null;
  const network = async (given: ConfiguredExam): Promise<Result | null> => {
    asked ??= networkResult(given, ports);
    return await asked;
  };
  const done = async (name: string, results: Promise<readonly Result[]>): Promise<readonly Finding[]> => {
    const findings = (await results).map((result) => ({ check: name, ...result }));
    onFindings(findings);
    return findings;
  };
  const examined = checks.map(async (check) => {
    const results = bounded(checkMs, async () => await examineBy(check, exam, configured, network, ports));
    return await done(check.name, results);
  });
  const line =
    configured === null
      ? []
      : await done(
          'network',
          bounded(checkMs, async () => asList(await network(configured))),
        );
  return [...line, ...(await Promise.all(examined)).flat()];
}

async function examineBy(
  check: Check,
  exam: Exam,
  configured: ConfiguredExam | null,
  network: (exam: ConfiguredExam) => Promise<Result | null>,
  ports: DoctorPorts,
): Promise<readonly Result[]> {
  if (check.needs === 'nothing') return await check.run(exam, ports);
  if (configured === null) return [unchecked(check.about, 'porchlight.toml cannot be read')];
  if (check.needs === 'network' && (await network(configured)) !== null)
    return [unchecked(check.about, 'there is no network')];
  return await check.run(configured, ports);
}

function configuredExam(exam: Exam, config: ConfiguredExam['config'], ports: DoctorPorts): ConfiguredExam {
  const asked = new Map<string, Promise<Reached>>();
  return {
    ...exam,
    config,
    reach: async (host) => {
      const answer = asked.get(host) ?? reach(ports, originOf(host, config));
      asked.set(host, answer);
      return await answer;
    },
  };
}

/** null: there is a network. */
async function networkResult({ config, reach: reachHost }: ConfiguredExam, ports: DoctorPorts): Promise<Result | null> {
  const { host, hostname } = new URL(config.edge);
  const asked = ports.lookup(hostname).then(
    () => null,
    (thrown: unknown) => nameTroubleOf(thrown),
  );
  const reached = await reachHost(host);
  if (reached.reached !== 'nothing' || hasNetwork({ name: await asked, trouble: reached.trouble })) return null;
  return fault(
    'this machine',
    `no network: no name server answers; ${host}: ${reached.trouble.found}`,
    'See whether this machine is connected: cable, Wi-Fi, the router and its own connection. The rest that needs the network was not checked.',
  );
}

function asList(result: Result | null): readonly Result[] {
  return result === null ? [] : [result];
}

async function bounded(ms: number, work: () => Promise<readonly Result[]>): Promise<readonly Result[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly Result[]>((resolve) => {
    timer = setTimeout(() => resolve([unchecked('all of it', `it took longer than ${ms / 1000} s`, tryAgain)]), ms);
  });
  try {
    return await Promise.race([work(), late]);
  } catch (thrown) {
    return [unchecked('all of it', `the check itself failed: ${causeOf(thrown)}`, reportIt)];
  } finally {
    clearTimeout(timer);
  }
}

const tryAgain = 'Run porchlight doctor again.';
const reportIt = 'This is a fault of porchlight doctor, not of your home: please report it with this line.';
