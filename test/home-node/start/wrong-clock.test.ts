// Home wakes with a wrong clock, with the real edge: what waits there goes on waiting, and is delivered when it is set.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Domain } from '../../support/domain.ts';
import { until } from '../../support/processes.ts';
import { RecordedDomain } from '../../support/recorded-domain.ts';

let stage: RecordedDomain;
let domain: Domain;
const clockOff = (): string => join(stage.folder, 'clock-off');
const thirtyYearsMs = 30 * 365 * 24 * 3_600_000;
const taken = (): string[] => stage.recorded().map(({ id }) => id);

beforeAll(async () => {
  stage = await RecordedDomain.start('clock', ['ada']);
  domain = stage.domain;
}, 60_000);

afterAll(async () => {
  await stage?.end();
});

function startHome(offMs: number): void {
  writeFileSync(clockOff(), String(offMs));
  domain.startHome(['--log', 'debug'], 'test/support/home-with-set-clock.ts', { CLOCK_OFF: clockOff() });
}

async function deliver(name: string): Promise<string> {
  const id = `${stage.actor('ada')}/${name}`;
  expect(await stage.deliver('ada', id)).toBe(202);
  return id;
}

const says = async (text: string): Promise<true> =>
  await until(`home says "${text}"; it said:\n${domain.home.log}`, () =>
    domain.home.log.includes(text) ? true : null,
  );

describe('a home that wakes with a wrong clock takes nothing, loses nothing, and goes on when it is set', () => {
  const twentyDaysMs = 20 * 24 * 3_600_000;
  const cases = [
    ['30 years behind', -thirtyYearsMs, '10950 days behind the edge'],
    ['20 days ahead', twentyDaysMs, '20 days ahead of the edge'],
  ] as const;

  test.each(cases)(
    '%s',
    async (name, offMs, said) => {
      const before = taken();
      startHome(0);
      await says('is up at');
      const ids = [await deliver(`evening, ${name}`)];
      await until('the evening', () => (taken().length === before.length + 1 ? true : null));
      await domain.sleep();
      ids.push(await deliver(`night 1, ${name}`), await deliver(`night 2, ${name}`));

      startHome(offMs);
      await says(said);
      ids.push(await deliver(`morning, ${name}`));
      expect(taken()).toEqual([...before, ...ids.slice(0, 1)]);

      writeFileSync(clockOff(), '0');
      await until(`all; home said:\n${domain.home.log}`, () =>
        taken().length === before.length + ids.length ? true : null,
      );
      expect(taken()).toEqual([...before, ...ids]);
      const { log } = domain.home;
      expect(log.split('Cannot take deliveries')).toHaveLength(2);
      expect(log).not.toMatch(/: (later|dead), /);
      await domain.sleep();
    },
    120_000,
  );
});
