// What a home node has to say in figures: from its own report (control/report.ts) and what the process itself costs. Pure.

import type { NodeReport, NodeState } from '../control/report.ts';
import type { Metric, Sample } from './exposition.ts';

export interface ProcessFigures {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

const states: readonly NodeState[] = ['waking', 'awake', 'going to bed', 'asleep'];

/** Of this process, now. */
export function processFigures(): ProcessFigures {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss() };
}

export function metricsOf(report: NodeReport, { cpuSeconds, residentBytes }: ProcessFigures): readonly Metric[] {
  const { home, now } = report;
  const spool = home?.spool ?? null;
  const one = (value: number): readonly Sample[] => [{ value }];
  const known = (value: number | null | undefined): readonly Sample[] =>
    value === null || value === undefined ? [] : [{ value }];
  return [
    gauge('porchlight_info', 'Which Porchlight this is.', [{ labels: { version: report.version }, value: 1 }]),
    gauge(
      'porchlight_state',
      'What home is doing: 1 for the state it is in.',
      states.map((state) => ({ labels: { state }, value: Number(state === report.state) })),
    ),
    gauge('porchlight_link_open', 'The link to the edge is open.', one(Number(home?.link.state === 'open'))),
    gauge(
      'porchlight_service_up',
      'The service answers.',
      (home?.services ?? []).map(({ name, state }) => ({ labels: { service: name }, value: Number(state === 'up') })),
    ),
    counter(
      'porchlight_deliveries_finished_total',
      'Deliveries that came to an end since home woke: taken by a service, or dead.',
      known(home?.finished),
    ),
    gauge('porchlight_spool_waiting', 'Deliveries that wait at the edge.', known(spool?.waiting)),
    gauge('porchlight_spool_dead', 'Dead letters at the edge.', known(spool?.dead)),
    gauge('porchlight_spool_database_bytes', "Bytes of the edge's database of this home.", known(spool?.databaseBytes)),
    gauge(
      'porchlight_spool_oldest_seconds',
      'How long the oldest delivery waits.',
      known(ageSeconds(spool?.oldestWaitingAt, now)),
    ),
    gauge(
      'porchlight_snapshot_age_seconds',
      'Age of the newest snapshot left by this process.',
      known(ageSeconds(home?.snapshotAt, now)),
    ),
    gauge(
      'porchlight_clock_wrong',
      "Home's clock is too far off for deliveries.",
      known(home === null ? null : Number(home.clockOff)),
    ),
    counter('process_cpu_seconds_total', 'Processor time of the home node.', one(cpuSeconds)),
    gauge('process_resident_memory_bytes', 'Resident memory of the home node.', one(residentBytes)),
    gauge(
      'process_start_time_seconds',
      'When the home node was started, since the epoch.',
      one(report.startedAt / 1000),
    ),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: 'gauge', help, samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: 'counter', help, samples };
}

function ageSeconds(at: number | null | undefined, now: number): number | null {
  return at === null || at === undefined ? null : Math.max(0, (now - at) / 1000);
}
