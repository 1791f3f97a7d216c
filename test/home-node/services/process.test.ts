import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { frugalNodeFlags } from '../../../home-node/frugal.ts';
import { createLog } from '../../../home-node/log.ts';
import { ProcessDriver } from '../../../home-node/services/process.ts';
import { systemClock } from '../../../shared/clock.ts';
import { Program, until } from '../../support/processes.ts';

let driver: ProcessDriver;
let said: string[];
let changes: number;

beforeEach(() => {
  said = [];
  changes = 0;
  driver = new ProcessDriver({
    name: 'small',
    log: createLog('debug', systemClock, (line) => said.push(line)),
    program: join(import.meta.dirname, 'small-program.ts'),
    args: [],
    nodeFlags: frugalNodeFlags,
    restartFirstMs: 20,
    restartMaxMs: 200,
    stopMs: 500,
  });
  driver.start(() => {
    changes += 1;
  });
});

afterEach(async () => {
  await driver.stop();
});

const origin = async (): Promise<string> => await until('it listens', () => driver.origin());
const ask = async (path: string): Promise<string> => await (await fetch(`${await origin()}${path}`)).text();

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a service that the home node runs', () => {
  test('is found where it says that it listens', async () => {
    expect(Number(await ask('/'))).toBe(driver.pid);
    expect(changes).toBe(1);
    expect(said.join()).toContain('a line that is not JSON');
  });

  test('runs on a Node that takes little memory', async () => {
    expect(await ask('/flags')).toBe(frugalNodeFlags.join());
  });

  test('is started again when it ends, and said to be gone meanwhile', async () => {
    const first = driver.pid;
    await ask('/exit').catch(() => undefined);
    await until('it is gone', () => (driver.pid !== first ? true : null));
    expect(Number(await ask('/'))).not.toBe(first);
    expect(said.join()).toContain('Service small ended (code 3)');
  });

  test('ends when it is told to, and is not started again', async () => {
    await origin();
    const { pid } = driver;
    await driver.stop();
    expect(isRunning(pid ?? 0)).toBe(false);
    expect(driver.pid).toBeNull();
    expect(driver.origin()).toBeNull();
  });

  test('is killed when it does not end by itself in time', async () => {
    await ask('/deaf');
    const { pid } = driver;
    await driver.stop();
    expect(isRunning(pid ?? 0)).toBe(false);
  });

  test('ends with the home node, also when that one is killed', async () => {
    const parent = new Program('parent', [join(import.meta.dirname, 'parent-program.ts')]);
    const { pid } = await parent.line<{ pid: number }>((line) => typeof line.pid === 'number');
    expect(isRunning(pid)).toBe(true);
    parent.child.kill('SIGKILL');
    await parent.exited;
    await until('the service is gone', () => (isRunning(pid) ? null : true));
  });
});
