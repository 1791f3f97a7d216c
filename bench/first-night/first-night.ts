// All figures of the first night: start, carry, accept, deliver.

import type { Figure } from '../figure.ts';
import { arrival } from './arrival.ts';
import { inboxRate } from './inbox-rate.ts';
import { link } from './link.ts';
import { start } from './start.ts';

export async function firstNight(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const part of [start, link, inboxRate, arrival]) figures.push(...(await part()));
  return figures;
}
