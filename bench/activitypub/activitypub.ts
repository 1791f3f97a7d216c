// What peers deliver and ask, through a sleeping home's edge and home again: all figures of the lane.

import { availableParallelism, loadavg } from 'node:os';
import type { Figure, Findings } from '../figure.ts';
import { answers } from './answers.ts';
import { drain } from './drain.ts';
import { flood } from './flood.ts';
import { House } from './house.ts';
import { inbox } from './inbox.ts';
import { progress } from './progress.ts';
import { Senders } from './senders.ts';

export interface ActivityPubOptions {
  readonly rounds?: string | undefined;
  /** Parts by name, with commas between: inbox, answers, drain, flood. */
  readonly parts?: string | undefined;
}

const parts: readonly string[] = ['inbox', 'answers', 'drain', 'flood'];

export async function activityPub(options: ActivityPubOptions): Promise<Findings> {
  const rounds = Number(options.rounds ?? 9);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`Cannot measure "${options.rounds}" rounds.`);
  const wanted = options.parts?.split(',') ?? parts;
  const unknown = wanted.filter((name) => !parts.includes(name));
  if (unknown.length > 0) throw new Error(`Cannot measure ${unknown.join(', ')}: there are ${parts.join(', ')}.`);
  const [processors, load = 0] = [availableParallelism(), loadavg()[0]];
  const figures: Figure[] = [];
  if (wanted.includes('inbox') || wanted.includes('answers')) {
    progress('starting edge and home');
    const senders = await Senders.open();
    const house = await House.open([senders.origin], '');
    try {
      await house.startHome();
      await house.stopHome();
      if (wanted.includes('inbox')) figures.push(...(await inbox(house, senders, rounds)));
      if (wanted.includes('answers')) figures.push(...(await answers(house, rounds)));
    } finally {
      await house.close();
      senders.close();
    }
  }
  if (wanted.includes('drain')) figures.push(...(await drain(Math.ceil(rounds / 2))));
  if (wanted.includes('flood')) figures.push(...(await flood()));
  return {
    figures,
    notes: [
      `the machine: ${processors} processors for everything, load ${load.toFixed(1)} at the start`,
      'requests go to the Worker itself over open connections, without what Miniflare puts before it; both sides of a share in turns',
    ],
  };
}
