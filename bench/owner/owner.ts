// What a home costs its owner while nothing happens, and how long commands let them wait. Idle figures are of a window
// that holds at least one of everything that happens every few minutes; what happens less often is added by its period.

import { setTimeout as pause } from 'node:timers/promises';
import { cpuSecondsOf } from '../cpu.ts';
import { type Figure, judged } from '../figure.ts';
import { childrenOf, memoryOf, together } from '../processes.ts';
import { commandFigures } from './commands.ts';
import { InstalledHome } from './installed.ts';

const bench = 'owner';
const settleMs = 5_000;
/** A little more than the longest of the short periods: a turn that nothing asked for comes every five minutes. */
const windowMs = 310_000;
const daySeconds = 86_400;

/** Once a quarter of an hour home looks whether its owner must be told of something, and asks the edge what waits. */
const alertLooksADay = 96;
/** 200 pages at most, 20 in a call. */
const warmCallsADay = 10;
/** A connection that is opened anew: socket, turn, settings, snapshot, what waits. */
const callsAConnection = 5;

/** Messages that come in on a WebSocket are counted so many for one request to a Durable Object. */
const messagesARequest = 20;

/** The free plan, a day: requests to Workers, and to Durable Objects, each. */
const freeRequests = 100_000;

export async function owner(): Promise<readonly Figure[]> {
  const home = await InstalledHome.open();
  try {
    const idle = await idleFigures(home);
    const commands = await commandFigures(home);
    return [...commands, ...idle, ...(await bedtimeFigures(home))];
  } finally {
    await home.close();
  }
}

async function idleFigures(home: InstalledHome): Promise<readonly Figure[]> {
  await pause(settleMs);
  const children = childrenOf(home.pid);
  const cpuOf = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + cpuSecondsOf(pid), 0);
  const cpuBefore = [cpuOf([home.pid]), cpuOf(children)] as const;
  const before = home.wire.counted;
  await pause(windowMs);
  const share = (pids: readonly number[], at: number): number => ((cpuOf(pids) - at) / (windowMs / 1000)) * 100;
  const [own, child] = [share([home.pid], cpuBefore[0]), share(children, cpuBefore[1])];
  const after = home.wire.counted;
  const days = windowMs / 1000 / daySeconds;
  const perDay = (value: number): number => value / days;
  const bytes = perDay(after.up - before.up + after.down - before.down);
  const messages = perDay(after.messages - before.messages);
  const calls = perDay(after.requests - before.requests) + alertLooksADay + warmCallsADay + callsAConnection;
  const memory = memoryOf(home.pid);
  const childMemory = children.map(memoryOf);
  const resident = childMemory.reduce((sum, { residentMb }) => sum + residentMb, 0);
  const node = `Node ${process.versions.node}`;
  const plan = { unit: '%', ratioTo: 'the free plan’s 100,000', goal: '<= 1' } as const;
  return [
    judged({
      bench,
      figure: `home node, idle, resident (${node})`,
      value: memory.residentMb,
      unit: 'MB',
      goal: '<= 80',
    }),
    { bench, figure: 'of it its own alone', value: memory.anonymousMb, unit: 'MB' },
    { bench, figure: 'embedded home beside it, idle, resident', value: resident, unit: 'MB' },
    {
      bench,
      figure: 'both, what they share of Node once',
      value: together([memory, ...childMemory]),
      unit: 'MB',
    },
    judged({ bench, figure: 'home node, idle, of a core', value: own, unit: '%', goal: '<= 0.2' }),
    { bench, figure: 'embedded home beside it, idle, of a core', value: child, unit: '%' },
    judged({ bench, figure: 'both, idle, of a core', value: own + child, unit: '%', goal: '<= 0.2' }),
    { bench, figure: 'link, an idle day, both ways', value: bytes / 1e6, unit: 'MB' },
    { bench, figure: 'messages of an idle day, pings too', value: messages, unit: 'messages' },
    judged({ bench, figure: 'requests of an idle day', value: (calls / freeRequests) * 100, ...plan }),
    judged({
      bench,
      figure: `the same with messages, ${messagesARequest} for one`,
      value: ((calls + messages / messagesARequest) / freeRequests) * 100,
      ...plan,
    }),
  ];
}

/** How long an owner waits for a home that has nothing to do. */
async function bedtimeFigures(home: InstalledHome): Promise<readonly Figure[]> {
  const seconds = async (args: readonly string[]): Promise<number> => {
    const begin = performance.now();
    await home.run([...args, '--home', home.home]);
    return (performance.now() - begin) / 1000;
  };
  return [
    { bench, figure: 'porchlight sleep', value: await seconds(['sleep']), unit: 's' },
    { bench, figure: 'porchlight wake', value: await seconds(['wake']), unit: 's' },
  ];
}
