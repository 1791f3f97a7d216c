// What a home costs its owner while nothing happens, and how long commands let them wait. Idle figures are of a window
// that holds at least one of everything that happens every few minutes; what happens less often is added by its period.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { cpuSecondsOf } from '../cpu.ts';
import { type Figure, judged, median } from '../figure.ts';
import { childrenOf, memoryOf } from '../processes.ts';
import { InstalledHome } from './installed.ts';

const bench = 'owner';
const settleMs = 5_000;
/** A little more than the longest of the short periods: a turn that nothing asked for comes every five minutes. */
const windowMs = 310_000;
const daySeconds = 86_400;
const rounds = 9;

/** Once a quarter of an hour home looks whether its owner must be told of something, and asks the edge what waits. */
const alertLooksADay = 96;
/** 200 pages at most, 20 in a call. */
const warmCallsADay = 10;
/** A connection that is opened anew: socket, turn, settings, snapshot, what waits. */
const callsAConnection = 5;

/** The free plan, a day: requests to Workers, and to Durable Objects, each. */
const freeRequests = 100_000;

const command = join(import.meta.dirname, '..', '..', 'dist', 'porchlight.js');

export async function owner(): Promise<readonly Figure[]> {
  const home = await InstalledHome.open();
  try {
    const idle = await idleFigures(home);
    const commands = await commandFigures(home);
    return [...commands, ...idle, ...bedtimeFigures(home)];
  } finally {
    await home.close();
  }
}

/** Until the first byte of the result, as a multiple of a Node that does nothing, in turns. */
async function commandFigures(home: InstalledHome): Promise<readonly Figure[]> {
  const at = ['--home', home.home];
  const commands: Readonly<Record<string, readonly string[]>> = {
    '--help': ['--help'],
    status: ['status', ...at],
    config: ['config'],
    'config check': ['config', 'check', ...at],
    'spool list': ['spool', 'list', ...at],
    'service list': ['service', 'list', ...at],
    'key show': ['key', 'show', ...at],
    doctor: ['doctor', ...at],
  };
  const figures: Figure[] = [];
  for (const [name, args] of Object.entries(commands)) {
    const own: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      bare.push(await firstOutputMs(['-e', 'process.stdout.write("x")']));
      own.push(await firstOutputMs([command, ...args]));
    }
    const value = median(own) / median(bare);
    const goal = name === 'doctor' ? {} : { goal: '<= 4' };
    figures.push(
      judged({ bench, figure: `porchlight ${name}: first output`, value, unit: 'x', ratioTo: 'node -e', ...goal }),
    );
  }
  return figures;
}

async function firstOutputMs(args: readonly string[]): Promise<number> {
  const begin = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let first: number | null = null;
  child.stdout.once('data', () => {
    first = performance.now() - begin;
  });
  await new Promise((resolve) => child.once('close', resolve));
  if (first === null) throw new Error(`${args.join(' ')} said nothing.`);
  return first;
}

async function idleFigures(home: InstalledHome): Promise<readonly Figure[]> {
  await pause(settleMs);
  const cpuBefore = cpuSecondsOf(home.pid);
  const before = home.wire.counted;
  await pause(windowMs);
  const share = ((cpuSecondsOf(home.pid) - cpuBefore) / (windowMs / 1000)) * 100;
  const { up, down, requests } = home.wire.counted;
  const days = windowMs / 1000 / daySeconds;
  const perDay = (value: number): number => value / days;
  const bytes = perDay(up - before.up + down - before.down);
  const calls = perDay(requests - before.requests) + alertLooksADay + warmCallsADay + callsAConnection;
  const { residentMb, anonymousMb } = memoryOf(home.pid);
  const children = childrenOf(home.pid).map((child) => memoryOf(child).residentMb);
  const node = `Node ${process.versions.node}`;
  return [
    judged({ bench, figure: `home node, idle, resident (${node})`, value: residentMb, unit: 'MB', goal: '<= 80' }),
    { bench, figure: 'of it its own alone', value: anonymousMb, unit: 'MB' },
    { bench, figure: 'embedded home beside it, resident', value: children.reduce((a, b) => a + b, 0), unit: 'MB' },
    judged({ bench, figure: 'home node, idle, of a core', value: share, unit: '%', goal: '<= 0.2' }),
    { bench, figure: 'link, an idle day, both ways', value: bytes / 1e6, unit: 'MB' },
    judged({
      bench,
      figure: 'requests of an idle day',
      value: (calls / freeRequests) * 100,
      unit: '%',
      ratioTo: 'the free plan’s 100,000',
      goal: '<= 1',
    }),
  ];
}

/** How long an owner waits for a home that has nothing to do. */
function bedtimeFigures(home: InstalledHome): readonly Figure[] {
  const seconds = (args: readonly string[]): number => {
    const begin = performance.now();
    home.run([...args, '--home', home.home]);
    return (performance.now() - begin) / 1000;
  };
  return [
    { bench, figure: 'porchlight sleep', value: seconds(['sleep']), unit: 's' },
    { bench, figure: 'porchlight wake', value: seconds(['wake']), unit: 's' },
  ];
}
