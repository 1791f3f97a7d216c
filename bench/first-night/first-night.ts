// All figures of the first night: start, carry. What peers deliver and ask is bench/activitypub/.

import type { Figure } from '../figure.ts';
import { link } from './link.ts';
import { start } from './start.ts';

export async function firstNight(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const part of [start, link]) figures.push(...(await part()));
  return figures;
}
