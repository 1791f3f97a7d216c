// The figures of the first night that are measured nowhere else: how long the first start takes. What peers deliver and
// ask is bench/activitypub/, what the link carries bench/link/.

import type { Figure } from '../figure.ts';
import { start } from './start.ts';

export async function firstNight(): Promise<readonly Figure[]> {
  return await start();
}
