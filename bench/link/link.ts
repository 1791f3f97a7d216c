// Our link beside the peers that are on the PATH: the same origin, the same load, the same machine, in turns. Everything
// is encrypted as at a real home, between visitor and edge as well as between edge and home; once more without TLS
// towards visitors, for the links alone.

import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { makeCertificates } from '../../test/support/certificates.ts';
import type { Figure, Findings } from '../figure.ts';
import { Sheet } from '../sheet.ts';
import { start, told } from './child.ts';
import { Contender } from './contender.ts';
import { goals } from './goals.ts';
import { ownFigures } from './own.ts';
import { peers } from './peers/all.ts';
import type { Ground } from './peers/peer.ts';
import { porchlight } from './peers/porchlight.ts';
import { progress } from './progress.ts';
import { type Course, measureInTurns, warm } from './rounds.ts';
import { order, rows } from './rows.ts';

export interface LinkOptions {
  /** Names of peers, with commas between. */
  readonly only?: string | undefined;
  readonly rounds?: string | undefined;
}

const fairness = [
  'visitors come by HTTPS; ours is ended by workerd itself, in the thread that carries, and before each peer stands a second workerd that does nothing else, whose CPU is nobody’s',
  'without TLS to visitors nothing stands before a peer, and ours has no Worker of Miniflare’s before it',
  'edge is workerd with all its databases for ours, one program for a peer; home is the link alone for ours, without what else a home node does',
  'requests over a connection that is open already; bore and rathole connect once for each visitor’s connection',
];

export async function link(options: LinkOptions): Promise<Findings> {
  const rounds = Number(options.rounds ?? 3);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`Cannot measure "${options.rounds}" rounds.`);
  const folder = mkdtempSync(join(tmpdir(), 'porchlight-bench-link-'));
  const origin = start(join(import.meta.dirname, 'origin-process.ts'));
  const contenders: Contender[] = [];
  const notes = new Set<string>([machine()]);
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  try {
    const { port = 0 } = await told(origin, (message) => message.port !== undefined);
    const certificates = await makeCertificates(folder);
    const ground = { folder, originPort: port, certificates };
    await openAll(options.only, ground, contenders, notes);
    const sheet = new Sheet(contenders.map((one) => one.name));
    const arrived = async (): Promise<number> => await arrivedAt(origin);
    const trouble = (text: string): void => void notes.add(text);
    const always = (one: Contender): boolean => one.name === porchlight.name;
    const course: Course = { contenders, rounds, always, sheet, trouble, arrived };
    await memoryAtRest(contenders, sheet);
    const own = await warmAll(course, ground);
    await measureInTurns(course);
    for (const one of contenders) {
      const memory = one.memory('peakMb');
      if (memory === null) continue;
      sheet.add(one.name, rows.homePeak, memory.homeMb);
      sheet.add(one.name, rows.edgePeak, memory.edgeMb);
    }
    return { figures: [...own, ...goals(sheet), ...sheet.figures('link', order)], notes: [...notes, ...fairness] };
  } finally {
    for (const one of contenders) await one.close();
    origin.disconnect();
  }
}

/** Rates and waits mean little where others compute, and less for a tunnel that needs several threads for one request. */
function machine(): string {
  const [processors, load = 0] = [availableParallelism(), loadavg()[0]];
  const busy = load > processors / 4 ? ': it has other work, so trust CPU seconds more than rates' : '';
  return `the machine: ${processors} processors, load ${load.toFixed(1)} at the start${busy}`;
}

async function openAll(
  only: string | undefined,
  ground: Ground,
  contenders: Contender[],
  notes: Set<string>,
): Promise<void> {
  const ca = readFileSync(ground.certificates.caFile, 'utf8');
  const wanted = only?.split(',');
  const names = peers.map((one) => one.name);
  const unknown = wanted?.filter((name) => name !== 'none' && !names.includes(name)) ?? [];
  if (unknown.length > 0) {
    throw new Error(`Cannot measure beside ${unknown.join(', ')}: no such peer; there are ${names.join(', ')}.`);
  }
  for (const peer of [porchlight, ...peers]) {
    if (peer !== porchlight && wanted !== undefined && !wanted.includes(peer.name)) continue;
    const version = peer.version();
    if (version === null) {
      notes.add(`${peer.name}: missing, it is not on the PATH (bench/link/install-peers.sh)`);
      continue;
    }
    progress(`starting ${peer.name}`);
    try {
      contenders.push(await Contender.open(peer, ground, ca));
      notes.add(`${peer.name}: ${version}${peer.note === undefined ? '' : `; ${peer.note}`}`);
    } catch (thrown) {
      if (peer === porchlight) throw thrown;
      notes.add(`${peer.name} ${version}: missing, it did not start: ${(thrown as Error).message}`);
    }
  }
}

/** Of tunnels that are open and have carried one request. */
async function memoryAtRest(contenders: readonly Contender[], sheet: Sheet): Promise<void> {
  await pause(2_000);
  for (const one of contenders) {
    const memory = one.memory('residentMb');
    if (memory === null) continue;
    sheet.add(one.name, rows.homeRest, memory.homeMb);
    sheet.add(one.name, rows.edgeRest, memory.edgeMb);
  }
}

async function warmAll(course: Course, ground: Ground): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const one of course.contenders) {
    try {
      await warm(one, course);
      if (one.name === porchlight.name) figures.push(...(await ownFigures(one, course.rounds, ground)));
    } catch (thrown) {
      course.trouble(`${one.name}: ${(thrown as Error).message}`);
    }
  }
  return figures;
}

async function arrivedAt(origin: ChildProcess): Promise<number> {
  const answer = told<{ arrived?: number }>(origin, (message) => message.arrived !== undefined);
  origin.send('arrived');
  return (await answer).arrived ?? 0;
}
