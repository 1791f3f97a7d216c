// A program of somebody else, run by the home node: found where the configuration says, ended whole, and never left
// behind.

import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLog } from '../../../home-node/log.ts';
import { eachLine } from '../../../home-node/services/lines.ts';
import { ProcessDriver } from '../../../home-node/services/process.ts';
import { Supervisor } from '../../../home-node/services/supervisor.ts';
import { systemClock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import { freePort } from '../../support/ports.ts';
import { Program, until } from '../../support/processes.ts';

const program = join(import.meta.dirname, 'foreign-program.ts');
let port: number;
let said: string[];
let driver: ProcessDriver;

function make(command: readonly string[], stopMs = 1_000): ProcessDriver {
  return new ProcessDriver({
    name: 'foreign',
    log: createLog('info', systemClock, (line) => said.push(line)),
    command,
    origin: `http://127.0.0.1:${port}`,
    restartFirstMs: 20,
    restartMaxMs: 100,
    stopMs,
  });
}

interface Pids {
  readonly pid: number;
  readonly worker: number;
}

async function answer(path: string): Promise<Pids> {
  return await until(`an answer to ${path}`, async () => {
    try {
      return (await (await fetch(`http://127.0.0.1:${port}${path}`)).json()) as Pids;
    } catch {
      return null;
    }
  });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const gone = async (...pids: readonly number[]): Promise<unknown> =>
  await until(`${pids.join(', ')} are gone`, () => (pids.some(isRunning) ? null : true));

beforeEach(async () => {
  port = await freePort();
  said = [];
  driver = make([process.execPath, program, String(port)]);
});

afterEach(async () => {
  await driver.stop();
});

describe('a foreign program', () => {
  test('that could not even begin is stopped at once, and holds no bedtime up', async () => {
    const folder = '/nowhere/at/all';
    const log = createLog('info', systemClock, (line) => said.push(line));
    driver = new ProcessDriver({ name: 'foreign', log, command: ['true'], origin: 'http://127.0.0.1:1', folder });
    driver.start(() => undefined);
    await driver.stop();
    expect(driver.pid).toBeNull();
  });

  test('is where the configuration says, and what it says on both outputs is in the log under its name', async () => {
    let changes = 0;
    driver.start(() => {
      changes += 1;
    });
    expect(driver.origin()).toBe(`http://127.0.0.1:${port}`);
    await answer('/');
    expect(changes).toBe(1);
    await until('both lines', () => (said.length === 2 ? true : null));
    expect(said.join('')).toContain('foreign: ready to serve');
    expect(said.join('')).toContain('foreign: a word of warning');
  });

  test('is up when its health path says so, and down when it does not', async () => {
    const seen: string[] = [];
    const supervisor = new Supervisor({
      services: [{ driver, kind: 'activitypub', hosts: ['a.example'], health: '/health' }],
      clock: systemClock,
      log: createLog('error', systemClock, () => undefined),
      onUp: () => seen.push('up'),
      onDown: () => seen.push('down'),
      downFirstMs: 10,
      downMaxMs: 20,
      upMs: 20,
    });
    supervisor.start();
    await answer('/');
    await answer('/health');
    expect(supervisor.origin('foreign')).toBeNull();
    await answer('/well');
    await until('up', () => supervisor.origin('foreign'));
    await answer('/ill');
    await until('down', () => (supervisor.origin('foreign') === null ? true : null));
    expect(seen).toEqual(['up', 'down']);
    await supervisor.stop();
  });

  test('is ended whole when it is stopped, and runs again when it is started again', async () => {
    driver.start(() => undefined);
    const first = await answer('/');
    await driver.stop();
    await gone(first.pid, first.worker);
    expect([driver.pid, driver.origin()]).toEqual([null, null]);
    driver.start(() => undefined);
    expect((await answer('/')).pid).not.toBe(first.pid);
  });

  test('is killed whole when it does not end in time', async () => {
    driver.start(() => undefined);
    const { pid, worker } = await answer('/deaf');
    await driver.stop();
    await gone(pid, worker);
  });

  test('that ends is started again, and what it left behind is not', async () => {
    driver.start(() => undefined);
    const first = await answer('/');
    await fetch(`http://127.0.0.1:${port}/exit`).catch(() => undefined);
    await gone(first.pid, first.worker);
    expect((await answer('/')).pid).not.toBe(first.pid);
    expect(said.join('')).toContain('Service foreign ended (code 7)');
  });

  test('that is not there is said to be missing, and asked for again ever later', async () => {
    driver = make(['no-such-program-anywhere']);
    driver.start(() => undefined);
    await until('two tries', () => (said.join('').match(/ended \(code 127\)/g)?.length === 2 ? true : null));
    expect(said.join('')).toContain('no-such-program-anywhere');
  });

  test('is given its arguments as they are, not as a shell would read them', async () => {
    driver = make([
      process.execPath,
      '-e',
      'console.log(JSON.stringify(process.argv.slice(1)))',
      '$(id) "a b"',
      '; exit',
    ]);
    driver.start(() => undefined);
    await until('its arguments', () =>
      said.some((line) => line.includes('["$(id) \\"a b\\"","; exit"]')) ? true : null,
    );
  });

  test.each([
    ['at once', '/'],
    ['by force when it does not listen', '/deaf'],
  ])('does not outlive a home node that is killed: it goes %s', async (_, path) => {
    const home = new Program('home', [join(import.meta.dirname, 'foreign-parent.ts'), String(port)]);
    const { pid: keeper } = await home.line<{ pid: number }>((line) => typeof line.pid === 'number');
    const { pid, worker } = await answer(path);
    home.child.kill('SIGKILL');
    await home.exited;
    await gone(pid, worker, keeper);
  });
});

describe('a line', () => {
  async function lines(...chunks: readonly string[]): Promise<string[]> {
    const stream = new PassThrough();
    const heard: string[] = [];
    eachLine(stream, (line) => heard.push(line));
    for (const chunk of chunks) stream.write(chunk);
    stream.end();
    await new Promise((resolve) => stream.once('end', resolve));
    return heard;
  }

  test('is heard whole, however it comes, and the last one without its end too', async () => {
    expect(await lines('a', 'b\r\n\nc', '\nd')).toEqual(['ab', 'c', 'd']);
  });

  test('without end is heard in pieces of limits.serviceLineBytes', async () => {
    const long = 'x'.repeat(limits.serviceLineBytes);
    expect(await lines(long, long, 'y', '\nz\n')).toEqual([long, long, 'y', 'z']);
  });
});
