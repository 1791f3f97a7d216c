import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLog } from '../../../home-node/log.ts';
import { createCarrier } from '../../../home-node/services/carrier.ts';
import type { Driver } from '../../../home-node/services/driver.ts';
import { externalDriver } from '../../../home-node/services/external.ts';
import { Supervisor } from '../../../home-node/services/supervisor.ts';
import { systemClock } from '../../../shared/clock.ts';
import { freePort, until } from '../../support/processes.ts';

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

function watch(driver: Driver): Supervisor {
  const made = new Supervisor({
    drivers: [driver],
    log: createLog('error', systemClock, () => undefined),
    onUp: (name) => seen.push(`${name} up`),
    onDown: (name) => seen.push(`${name} down`),
    downFirstMs: 10,
    downMaxMs: 40,
    upMs: 20,
    answerMs: 200,
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
