// What the edge says of this home, for `porchlight status` while home sleeps or does not run: one cell of its table.

import type { EdgeWord, PublicHome } from '../edge-api/public-status.ts';
import type { Cell } from './table.ts';
import { time } from './words.ts';

export function edgeCell(edge: string, { says, silence }: EdgeWord): Cell {
  if (says === null) return { text: `${edge} says nothing of it: ${silence ?? ''}`, style: 'yellow' };
  return { text: `says: ${stateText(says)}` };
}

/** null: nothing waits. It is what strangers are told, so it is no exact number. */
export function waitingCell({ says }: EdgeWord): Cell | null {
  if (says === null || says.waitingUpTo === 0) return null;
  return { text: `up to ${says.waitingUpTo} deliveries; home fetches them when it wakes` };
}

function stateText({ state, since, expectedBack }: PublicHome): string {
  const from = since === null ? '' : ` since ${time(since)}`;
  const back = expectedBack === null ? '' : `, back at ${time(expectedBack)}`;
  switch (state) {
    case 'awake':
      return `awake${from}`;
    case 'asleep':
      return `asleep${from}${back}`;
    case 'lost':
      return `out of reach${from}`;
    case 'never':
      return 'it was never connected';
  }
}
