// One delivery through both logs: by the id that the edge gave it, from its arrival through home to the ack. At the levels
// that an owner has who changed nothing.

import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/processes.ts';
import { RecordedDomain } from '../support/recorded-domain.ts';

let house: RecordedDomain;

beforeAll(async () => {
  house = await RecordedDomain.start('followed-id', ['ada', 'ben']);
  appendFileSync(join(house.domain.homeFolder, 'porchlight.toml'), '\n[log]\nformat = "json"\n');
}, 60_000);

afterAll(async () => await house?.end());

type Line = Readonly<Record<string, unknown>>;

/** Lines of a log that are JSON. */
function linesOf(log: string): readonly Line[] {
  return log.split('\n').flatMap((line) => {
    try {
      const read: unknown = JSON.parse(line.slice(line.indexOf('{')));
      return typeof read === 'object' && read !== null ? [read as Line] : [];
    } catch {
      return [];
    }
  });
}

const ofEdge = (event: string): readonly Line[] =>
  linesOf(house.domain.edge.log).filter((line) => line.event === event);

test('a delivery can be followed by its id, at the edge and at home, from arrival to ack', async () => {
  house.domain.startHome();
  const first = `${house.peerOrigin}/creates/ada`;
  await until('an arrival is taken', async () => ((await house.deliver('ada', first)) === 202 ? true : null));
  await until('the first is acknowledged', () => (ofEdge('delivery-answered').length === 1 ? true : null));
  expect(await house.deliver('ben', `${house.peerOrigin}/creates/ben`)).toBe(202);
  await until('both are acknowledged', () => (ofEdge('delivery-answered').length === 2 ? true : null));

  const arrived = ofEdge('delivery-stored');
  expect(arrived.map(({ path }) => path)).toEqual(['/inbox', '/inbox']);
  const ids = arrived.map(({ delivery }) => String(delivery));
  for (const id of ids) {
    expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
    const atHome = linesOf(house.domain.home.log).filter(({ delivery }) => delivery === id);
    expect(atHome).toMatchObject([
      { level: 'info', message: 'Delivered.', service: 'recorder', outcome: 'delivered', waitedMs: expect.any(Number) },
    ]);
    expect(ofEdge('delivery-answered').filter(({ delivery }) => delivery === id)).toEqual([
      { event: 'delivery-answered', delivery: id, outcome: 'delivered' },
    ]);
  }
  expect(new Set(ids).size).toBe(2);
  expect(house.recorded()).toHaveLength(2);
});
