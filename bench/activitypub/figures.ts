// What two sides come to, as figures.

import { type Figure, judged } from '../figure.ts';
import type { Compared } from './exchange.ts';

export const bench = 'activitypub';

export function figuresOf(found: Compared, figure: string, ratioTo: string, goal: string): readonly Figure[] {
  return [
    { bench, figure, value: found.perSecond, unit: '/s' },
    judged({ bench, figure: `${figure}, share`, value: found.share, unit: '×', ratioTo, goal }),
    { bench, figure: `${figure}, share by the edge’s CPU`, value: found.cpuShare, unit: '×', ratioTo },
  ];
}
