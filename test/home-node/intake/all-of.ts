import { until } from '../../support/processes.ts';
import type { House } from './house.ts';

/** Waits until every delivery at the edge is in this state. */
export async function allOf(house: House, state: string): Promise<true> {
  return await until(`everything ${state}`, () => (house.edge.states().every((one) => one === state) ? true : null));
}
