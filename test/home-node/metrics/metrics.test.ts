// Figures and health on loopback: the text that Prometheus reads, by an independent checker where there is one, and who
// may ask.

import { spawnSync } from 'node:child_process';
import { request } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import type { NodeReport } from '../../../home-node/control/report.ts';
import { exposition } from '../../../home-node/metrics/exposition.ts';
import { healthOf } from '../../../home-node/metrics/health.ts';
import { metricsOf } from '../../../home-node/metrics/metrics.ts';
import { MetricsServer } from '../../../home-node/metrics/server.ts';
import { limits } from '../../../shared/limits.ts';
import { isThere } from '../../support/needed.ts';

const now = 1_800_000_000_000;
const service = {
  name: 'home',
  kind: 'embedded',
  driver: 'process',
  hosts: ['a.example'],
  state: 'up',
  why: null,
  since: now,
  until: null,
  origin: 'http://127.0.0.1:1',
} as const;
const down = { ...service, state: 'down', why: 'failing' } as const;
const awake: NodeReport = {
  version: '1.2.3',
  pid: 1,
  isManaged: false,
  handsOver: true,
  folder: '/f',
  domain: 'a.example',
  edge: 'https://a.example',
  startedAt: now - 60_000,
  now,
  state: 'awake',
  since: now - 50_000,
  wakeAt: null,
  progress: null,
  settingsWaiting: [],
  alerts: [],
  home: {
    homeId: 'abc',
    hosts: ['a.example'],
    link: { state: 'open', since: now - 40_000, trouble: null },
    services: [service],
    finished: 7,
    drain: null,
    clockOff: false,
    snapshotAt: now - 30_000,
    spool: {
      waiting: 3,
      oldestWaitingAt: now - 20_000,
      services: [],
      kept: 0,
      dead: 1,
      databaseBytes: 4096,
      databaseLimitBytes: limits.spoolDatabaseBytes,
      largeBytes: 0,
      largeLimitBytes: limits.spoolLargeBytes,
      snapshotAt: now - 30_000,
    },
  },
};
const home = awake.home as NonNullable<NodeReport['home']>;
const asleep: NodeReport = { ...awake, state: 'asleep', home: null };
const figures = { cpuSeconds: 1.5, residentBytes: 50e6 };

describe('figures', () => {
  const text = exposition(metricsOf(awake, figures));

  test('say what the report says', () => {
    expect(text).toContain('porchlight_info{version="1.2.3"} 1\n');
    expect(text).toContain('porchlight_state{state="awake"} 1\n');
    expect(text).toContain('porchlight_state{state="asleep"} 0\n');
    expect(text).toContain('porchlight_service_up{service="home"} 1\n');
    expect(text).toContain('porchlight_deliveries_finished_total 7\n');
    expect(text).toContain('porchlight_spool_oldest_seconds 20\n');
    expect(text).toContain('process_cpu_seconds_total 1.5\n');
  });

  test('asleep, what is not known has no sample, rather than a nought', () => {
    const sleeping = exposition(metricsOf(asleep, figures));
    expect(sleeping).not.toMatch(/^porchlight_spool_waiting /m);
    expect(sleeping).toContain('porchlight_state{state="asleep"} 1\n');
  });

  test('labels are escaped', () => {
    const odd = exposition([
      {
        name: 'x',
        type: 'gauge',
        help: 'a\nb\\',
        samples: [{ labels: { l: 'q"\\\n' }, value: Number.POSITIVE_INFINITY }],
      },
    ]);
    expect(odd).toBe('# HELP x a\\nb\\\\\n# TYPE x gauge\nx{l="q\\"\\\\\\n"} +Inf\n');
  });

  const hasPromtool = isThere(
    spawnSync('promtool', ['--version']).status === 0,
    'promtool (Debian: prometheus) is missing',
  );
  test.skipIf(!hasPromtool)('promtool finds no fault in them (Debian package prometheus)', () => {
    for (const report of [awake, asleep]) {
      const checked = spawnSync('promtool', ['check', 'metrics'], { input: exposition(metricsOf(report, figures)) });
      expect({ status: checked.status, said: checked.stderr.toString() }).toEqual({ status: 0, said: '' });
    }
  });
});

describe('health', () => {
  test.each<[string, NodeReport, boolean]>([
    ['awake with everything up', awake, true],
    ['asleep', asleep, true],
    [
      'a service that its owner stopped',
      { ...awake, home: { ...home, services: [{ ...down, why: 'stopped' }] } },
      true,
    ],
    ['a service that is down', { ...awake, home: { ...home, services: [down] } }, false],
    ['the same while it wakes', { ...awake, state: 'waking', home: { ...home, services: [down] } }, true],
    [
      'a lost link',
      {
        ...awake,
        home: { ...home, link: { state: 'lost', since: now, trouble: { code: 'x', reason: 'y', retryAt: now } } },
      },
      false,
    ],
    ['a wrong clock', { ...awake, home: { ...home, clockOff: true } }, false],
  ])('%s', (_, report, well) => {
    expect(healthOf(report)).toMatchObject({ well, troubles: { length: well ? 0 : 1 } });
  });
});

describe('on loopback', () => {
  let server: MetricsServer | null = null;
  afterEach(async () => await server?.close());

  async function ask(
    path: string,
    options: { host?: string; method?: string } = {},
  ): Promise<{ status: number; body: string }> {
    const port = server?.port ?? 0;
    return await new Promise((resolve, reject) => {
      const headers = { Host: options.host ?? `127.0.0.1:${port}` };
      const asked = request({ host: '127.0.0.1', port, path, method: options.method ?? 'GET', headers }, (response) => {
        let body = '';
        response.on('data', (part: Buffer) => {
          body += part.toString();
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      });
      asked.once('error', reject);
      asked.end();
    });
  }

  let time = now;
  let asked = 0;
  const options = (report: NodeReport, port = 0) => ({
    listen: { host: '127.0.0.1', port },
    report: async () => {
      asked += 1;
      return await Promise.resolve(report);
    },
    figures: () => figures,
    clock: { now: () => time },
  });
  const listen = async (report: NodeReport): Promise<void> => {
    asked = 0;
    server = await MetricsServer.listen(options(report));
  };

  test('answers metrics and health, and nothing else', async () => {
    await listen(awake);
    expect((await ask('/metrics')).body).toContain('porchlight_link_open 1');
    expect(await ask('/health')).toEqual({ status: 200, body: '{"well":true,"state":"awake","troubles":[]}\n' });
    expect((await ask('/status')).status).toBe(404);
    expect((await ask('/metrics', { method: 'POST' })).status).toBe(405);
  });

  test('health is 503 when home is not well', async () => {
    await listen({ ...awake, home: { ...home, clockOff: true } });
    expect((await ask('/health')).status).toBe(503);
  });

  test('a page elsewhere whose name points to loopback reads nothing (DNS rebinding)', async () => {
    await listen(awake);
    const asked = await ask('/metrics', { host: 'evil.example' });
    expect(asked.status).toBe(421);
    expect(asked.body).not.toContain('porchlight_');
  });

  test('however often a page of a browser calls, the edge is asked once in limits.metricsFreshMs', async () => {
    await listen(awake);
    await Promise.all(Array.from({ length: 20 }, async (_, n) => await ask(n % 2 === 0 ? '/metrics' : '/health')));
    expect(asked).toBe(1);
    time += limits.metricsFreshMs;
    await ask('/metrics');
    expect(asked).toBe(2);
  });

  test('a port that is taken is named, with what to set', async () => {
    await listen(awake);
    const port = server?.port ?? 0;
    const again = MetricsServer.listen(options(awake, port));
    await expect(again).rejects.toThrow(expect.objectContaining({ code: 'metrics-listen' }));
  });
});
