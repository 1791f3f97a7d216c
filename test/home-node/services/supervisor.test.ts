import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLog } from '../../../home-node/log.ts';
import { createCarrier } from '../../../home-node/services/carrier.ts';
import type { Driver } from '../../../home-node/services/driver.ts';
import { externalDriver } from '../../../home-node/services/external.ts';
import { Supervisor, type SupervisorOptions } from '../../../home-node/services/supervisor.ts';
import { systemClock } from '../../../shared/clock.ts';
import { freePort } from '../../support/ports.ts';
import { until } from '../../support/processes.ts';

let server: Server | null;
let port: number;
let status: number;
let asked: number;
let supervisor: Supervisor;
let seen: string[];

beforeEach(async () => {
  server = null;
  port = await freePort();
  status = 200;
  asked = 0;
  seen = [];
  supervisor = watch(externalDriver('s', `http://127.0.0.1:${port}`));
});

afterEach(async () => {
  await supervisor.stop();
  await stopServer();
});

function watch(driver: Driver, more: Partial<SupervisorOptions> = {}): Supervisor {
  const made = new Supervisor({
    services: [{ driver, kind: 'activitypub', hosts: ['a.example'] }],
    clock: systemClock,
    log: createLog('error', systemClock, () => undefined),
    onUp: (name) => seen.push(`${name} up`),
    onDown: (name) => seen.push(`${name} down`),
    downFirstMs: 10,
    downMaxMs: 40,
    upMs: 20,
    answerMs: 200,
    ...more,
  });
  made.start();
  return made;
}

async function startServer(): Promise<void> {
  server = createServer((_, response) => {
    asked += 1;
    if (status !== 0) response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve));
}

async function stopServer(): Promise<void> {
  server?.closeAllConnections();
  await new Promise<void>((resolve) => (server === null ? resolve() : server.close(() => resolve())));
  server = null;
}

const isUp = async (): Promise<string> => await until('it is up', () => supervisor.origin('s'));
const isDown = async (): Promise<true> =>
  await until('it is down', () => (supervisor.origin('s') === null ? true : null));

describe('a service', () => {
  test('is down until it answers, and found when it does', async () => {
    expect(supervisor.origin('s')).toBeNull();
    expect(supervisor.allUp()).toBe(false);
    await startServer();
    expect(await isUp()).toBe(`http://127.0.0.1:${port}`);
    expect(supervisor.allUp()).toBe(true);
    expect(seen).toEqual(['s up']);
  });

  test('that answers 404 is up; one that answers 500 or nothing is not', async () => {
    status = 500;
    await startServer();
    await until('two questions', () => (asked >= 2 ? true : null));
    expect(seen).toEqual([]);
    status = 404;
    await isUp();
    status = 0;
    await isDown();
    expect(seen).toEqual(['s up', 's down']);
  });

  test('that stops and comes back is told each time, once', async () => {
    await startServer();
    await isUp();
    await stopServer();
    await isDown();
    await startServer();
    await isUp();
    expect(seen).toEqual(['s up', 's down', 's up']);
  });

  test('that somebody found silent counts as down at once, until it answers again', async () => {
    await startServer();
    await isUp();
    supervisor.suspect('s');
    expect(supervisor.origin('s')).toBeNull();
    await isUp();
    expect(seen).toEqual(['s up', 's down', 's up']);
  });

  test('whose process ends is down in the same moment', async () => {
    await supervisor.stop();
    await startServer();
    let origin: string | null = `http://127.0.0.1:${port}`;
    let changed: () => void = () => undefined;
    const driver: Driver = {
      name: 's',
      driver: 'process',
      start: (onChange) => {
        changed = onChange;
      },
      origin: () => origin,
      stop: async () => undefined,
    };
    supervisor = watch(driver);
    await isUp();
    origin = null;
    changed();
    expect(supervisor.origin('s')).toBeNull();
  });
});

/** A driver that notes what is asked of it. */
function noted(calls: string[], ending: () => Promise<void> = async () => undefined): Driver {
  let runs = false;
  return {
    name: 's',
    driver: 'process',
    start: () => {
      runs = true;
      calls.push('start');
    },
    origin: () => (runs ? `http://127.0.0.1:${port}` : null),
    stop: async () => {
      runs = false;
      calls.push('stop');
      await ending();
    },
  };
}

describe('an owner', () => {
  test('stops a service and starts it again: what runs it ends, and it is not used meanwhile', async () => {
    await supervisor.stop();
    await startServer();
    const calls: string[] = [];
    let changes = 0;
    const changed = (): void => {
      changes += 1;
    };
    supervisor = watch(noted(calls), { onChange: () => changed() });
    await isUp();
    const before = changes;
    await supervisor.stopService('s', 1_900_000_000_000);
    expect(calls).toEqual(['start', 'stop']);
    expect([supervisor.origin('s'), supervisor.reach('s'), supervisor.stopped()]).toEqual([null, null, ['s']]);
    expect(supervisor.states()).toMatchObject([{ state: 'down', why: 'stopped', until: 1_900_000_000_000 }]);
    expect(supervisor.allUp()).toBe(true);
    expect(changes).toBe(before + 1);
    supervisor.suspect('s');
    await supervisor.startService('s');
    expect(supervisor.states()).toMatchObject([{ state: 'down', why: 'starting', until: null }]);
    await isUp();
    expect(calls).toEqual(['start', 'stop', 'start']);
    expect([seen, supervisor.stopped()]).toEqual([['s up', 's down', 's up'], []]);
  });

  test('stops one that somebody else runs: it is only not used', async () => {
    await startServer();
    await isUp();
    await supervisor.stopService('s');
    expect([supervisor.origin('s'), supervisor.reach('s')]).toEqual([null, null]);
    expect((await fetch(`http://127.0.0.1:${port}`)).status).toBe(200);
    await supervisor.startService('s');
    expect(supervisor.reach('s')).toBe(`http://127.0.0.1:${port}`);
    await isUp();
  });

  test('is shown each service: its kind, who runs it, where, and how it is since when', async () => {
    await supervisor.stop();
    await startServer();
    let now = 100;
    supervisor = watch(externalDriver('s', `http://127.0.0.1:${port}`), { clock: { now: () => now } });
    const entry = { name: 's', hosts: ['a.example'], kind: 'activitypub', driver: 'external', until: null };
    const origin = `http://127.0.0.1:${port}`;
    expect(supervisor.list()).toEqual([{ ...entry, origin, state: 'down', since: 100, why: 'starting' }]);
    now = 200;
    await isUp();
    expect(supervisor.list()).toEqual([{ ...entry, origin, state: 'up', since: 200, why: null }]);
    now = 300;
    status = 500;
    await isDown();
    expect(supervisor.list()).toEqual([{ ...entry, origin, state: 'down', since: 300, why: 'failing' }]);
  });

  test('hears of a service that is still not up after a while that it fails, down since it was to start', async () => {
    await supervisor.stop();
    let now = 100;
    let changes = 0;
    const changed = (): void => {
      changes += 1;
    };
    const silent: Driver = { ...noted([]), origin: () => null };
    supervisor = watch(silent, { clock: { now: () => now }, startingMs: 50, onChange: () => changed() });
    expect(supervisor.states()).toMatchObject([{ why: 'starting', since: 100 }]);
    now = 150;
    await until('it fails', () => (supervisor.states()[0]?.why === 'failing' ? true : null));
    expect([supervisor.states()[0]?.since, changes]).toEqual([100, 2]);
  });

  test('who stopped a service before the last start finds it stopped, until it is started', async () => {
    await supervisor.stop();
    await startServer();
    const calls: string[] = [];
    supervisor = watch(noted(calls), { stopped: ['s', 'gone'] });
    expect([calls, supervisor.stopped()]).toEqual([[], ['s']]);
    expect(supervisor.states()).toMatchObject([{ state: 'down', why: 'stopped' }]);
    await supervisor.startService('s');
    await isUp();
    expect(calls).toEqual(['start']);
  });

  test('who changes his mind while a service ends gets what he said last', async () => {
    await supervisor.stop();
    await startServer();
    const calls: string[] = [];
    let end: () => void = () => undefined;
    supervisor = watch(
      noted(
        calls,
        async () =>
          await new Promise((resolve) => {
            end = resolve;
          }),
      ),
    );
    await isUp();
    const stopped = supervisor.stopService('s');
    const started = supervisor.startService('s');
    const stoppedAgain = supervisor.stopService('s');
    end();
    await Promise.all([stopped, started, stoppedAgain]);
    expect([calls, supervisor.stopped()]).toEqual([['start', 'stop'], ['s']]);
    await supervisor.startService('s');
    await isUp();
    const once = supervisor.stopService('s');
    const again = supervisor.startService('s');
    expect(calls).toEqual(['start', 'stop', 'start', 'stop']);
    end();
    await Promise.all([once, again]);
    await isUp();
    expect(calls).toEqual(['start', 'stop', 'start', 'stop', 'start']);
    const last = supervisor.stop();
    end();
    await last;
  });

  test('who names no service of his is told which there are', async () => {
    await expect(supervisor.stopService('x')).rejects.toMatchObject({ code: 'no-such-service' });
    await expect(supervisor.startService('x')).rejects.toMatchObject({
      message: expect.stringContaining('this home has s'),
    });
  });
});

test('a home that rests and wakes starts again what its owner did not stop', async () => {
  await supervisor.stop();
  await startServer();
  const calls: string[] = [];
  supervisor = watch(noted(calls));
  await isUp();
  await supervisor.stop();
  expect([supervisor.origin('s'), supervisor.stopped()]).toEqual([null, []]);
  supervisor.start();
  await isUp();
  await supervisor.stopService('s');
  await supervisor.stop();
  supervisor.start();
  expect([calls, supervisor.stopped()]).toEqual([['start', 'stop', 'start', 'stop'], ['s']]);
});

describe('a carried request', () => {
  test('goes to the service with its host, also after that service moved to another port', async () => {
    await startServer();
    let origin: string | null = null;
    const carrier = createCarrier([{ name: 's', hosts: ['a.example'], origin: () => origin }]);
    const request = { method: 'GET', path: '/', host: 'A.example', headers: [], body: null };
    const { signal } = new AbortController();
    await expect(carrier.serve(request, signal)).rejects.toMatchObject({ code: 'service-down' });
    origin = `http://127.0.0.1:${port}`;
    expect((await carrier.serve(request, signal)).status).toBe(200);
    await stopServer();
    port = await freePort();
    await startServer();
    origin = `http://127.0.0.1:${(server?.address() as AddressInfo | undefined)?.port ?? 0}`;
    expect((await carrier.serve(request, signal)).status).toBe(200);
    await expect(carrier.serve({ ...request, host: 'b.example' }, signal)).rejects.toMatchObject({
      code: 'not-served',
    });
    await carrier.close();
  });
});
