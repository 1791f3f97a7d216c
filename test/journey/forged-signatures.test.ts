// Forged signatures of both kinds against the real Worker: each is told 401 and leaves no row, and the same letter without
// what is wrong with it is taken, so that it is known what it was refused for. Home sleeps meanwhile.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cavageForgeries } from '../support/forged/cavage.ts';
import { Letters } from '../support/forged/letters.ts';
import { rfc9421Forgeries } from '../support/forged/rfc9421.ts';
import { send } from '../support/forger.ts';
import { SleepingEdge } from '../support/sleeping-edge.ts';

let stage: SleepingEdge;
let letters: Letters;

beforeAll(async () => {
  stage = await SleepingEdge.start();
  letters = new Letters(stage);
});

afterAll(async () => await stage?.stop());

test.each([
  ['draft-cavage', cavageForgeries],
  ['RFC 9421', rfc9421Forgeries],
])('%s: there are at least 40, each another', (_, forgeries) => {
  expect(new Set(forgeries.map(([name]) => name)).size).toBe(forgeries.length);
  expect(forgeries.length).toBeGreaterThanOrEqual(40);
});

describe.each([
  ['draft-cavage', cavageForgeries],
  ['RFC 9421', rfc9421Forgeries],
])('%s: refused is', (_, forgeries) => {
  test.each(forgeries)('%s', async (_name, make) => {
    const { forged, control } = make(letters);
    const before = await stage.rows();
    expect(await send(stage.edge.port, forged)).toBe(401);
    expect(await stage.rows()).toBe(before);
    expect(await send(stage.edge.port, control)).toBe(202);
    expect(await stage.rows()).toBe(before + 1);
  });
});
