// How long each command lets its owner wait for the first it says, as a multiple of a Node that does nothing, in turns.
// Every command that there is; what must be there for it is made before each run.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { postAll } from '../activitypub/posting.ts';
import { type Figure, judged, median } from '../figure.ts';
import type { InstalledHome } from './installed.ts';

const bench = 'owner';
const rounds = 5;

const command = join(import.meta.dirname, '..', '..', 'dist', 'porchlight.js');

interface Measured {
  readonly name: string;
  /** After what had to be there was made. */
  readonly args: (round: number) => readonly string[] | Promise<readonly string[]>;
  /** It waits for others: the network, or as many checks as there are. */
  readonly waits?: boolean;
  /** It goes on until it is ended, and says so on standard error. */
  readonly endless?: boolean;
  /** With what it ends besides 0. */
  readonly code?: number;
}

export async function commandFigures(home: InstalledHome): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const one of commandsOf(home)) {
    const own: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const args = await one.args(round);
      bare.push(await firstOutputMs(['-e', 'process.stdout.write("x")'], {}));
      own.push(await firstOutputMs([command, ...args], one));
    }
    const figure = `porchlight ${one.name}: first output`;
    const measured = { bench, figure, value: median(own) / median(bare), unit: 'x', ratioTo: 'node -e' };
    figures.push(one.waits === true ? measured : judged({ ...measured, goal: '<= 4' }));
  }
  return figures;
}

function commandsOf(home: InstalledHome): readonly Measured[] {
  const at = ['--home', home.home];
  const second = ['--home', home.second];
  const edge = ['--edge', home.edge.origin, '--key', home.operatorKey];
  const file = (name: string, round: number): string => join(home.folder, `${name}-${round}`);
  const plain = (name: string, more: readonly string[] = at): Measured => ({
    name,
    args: () => [...name.split(' '), ...more],
  });
  const code = async (): Promise<string> => await home.edge.issueClaimCode([home.secondHost]);
  const claimed = async (): Promise<void> => {
    await home.run(['claim', await code(), ...second]);
  };
  const waiting: string[] = [];
  const next = (): string => waiting.shift() ?? '';
  return [
    plain('--help', []),
    plain('completion bash', []),
    { name: 'init', args: (round) => ['init', '--yes', '--domain', 'example.org', '--home', file('init', round)] },
    { name: 'claim', waits: true, args: async () => ['claim', await code(), ...second] },
    {
      name: 'up',
      waits: true,
      endless: true,
      args: async () => {
        await claimed();
        return ['up', ...second];
      },
    },
    plain('status'),
    { ...plain('doctor'), waits: true, code: 5 },
    plain('config', []),
    plain('config check'),
    plain('config show'),
    plain('service list'),
    plain('service stop home'),
    plain('service start home'),
    {
      name: 'spool list',
      args: async (round) => {
        if (round === 0) waiting.push(...(await held(home)));
        return ['spool', 'list', ...at];
      },
    },
    plain('spool list --dead'),
    { name: 'spool show', args: () => ['spool', 'show', waiting[0] ?? '', ...at] },
    { name: 'spool retry', args: () => ['spool', 'retry', waiting[0] ?? '', ...at] },
    { name: 'spool discard', args: () => ['spool', 'discard', next(), '--yes', ...at] },
    plain('spool replay --since 1h'),
    plain('key show'),
    { name: 'key backup', args: (round) => ['key', 'backup', file('key', round), ...at] },
    {
      name: 'key restore',
      args: async (round) => {
        await home.run(['key', 'backup', file('second-key', round), ...second]);
        return ['key', 'restore', file('second-key', round), ...second];
      },
    },
    { ...plain('key rotate'), waits: true },
    { name: 'backup', args: (round) => ['backup', file('backup', round), ...at] },
    { name: 'restore', args: (round) => ['restore', file('backup', round), '--home', file('restored', round)] },
    { name: 'edge code', waits: true, args: () => ['edge', 'code', '--hosts', 'other.example', ...edge] },
    { ...plain('edge codes', edge), waits: true },
    { name: 'edge drop', waits: true, args: async () => ['edge', 'drop', await code(), ...edge] },
    { ...plain('edge homes', edge), waits: true },
    ...['revoke', 'release'].map((name) => ({
      name: `edge ${name}`,
      waits: true,
      args: async () => {
        await claimed();
        return ['edge', name, home.secondHost, '--yes', ...edge];
      },
    })),
  ];
}

/** Deliveries that wait, because their service was put to rest: their numbers. */
async function held(home: InstalledHome): Promise<string[]> {
  await home.run(['service', 'stop', 'home', '--home', home.home]);
  const posts = Array.from({ length: rounds + 1 }, () => home.senders.post('friend', home.host));
  await postAll(`http://${home.host}`, posts, 1);
  const listed = JSON.parse(await home.run(['spool', 'list', '--json', '--home', home.home])) as {
    deliveries: { seq: number }[];
  };
  return listed.deliveries.map(({ seq }) => String(seq));
}

async function firstOutputMs(
  args: readonly string[],
  { endless = false, code: expected = 0 }: Pick<Measured, 'endless' | 'code'>,
): Promise<number> {
  const begin = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let first: number | null = null;
  let trouble = '';
  const heard = (): void => {
    first ??= performance.now() - begin;
    if (endless) child.kill('SIGTERM');
  };
  child.stdout.on('data', heard);
  child.stderr.on('data', (part: Buffer) => {
    trouble += part.toString();
    if (endless) heard();
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (first === null) throw new Error(`${args.join(' ')} said nothing: ${trouble}`);
  if (!endless && code !== 0 && code !== expected) throw new Error(`${args.join(' ')} ended with ${code}: ${trouble}`);
  return first;
}
