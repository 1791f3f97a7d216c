// A data folder that fell back to an earlier state, with the real edge: home notices, and asks for what it has forgotten.

import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Domain } from '../../support/domain.ts';
import { until } from '../../support/processes.ts';
import { RecordedDomain } from '../../support/recorded-domain.ts';

let stage: RecordedDomain;
let domain: Domain;
const actor = (): string => stage.actor('ada');
const taken = (): string[] => stage.recorded().map(({ id }) => id);

beforeAll(async () => {
  stage = await RecordedDomain.start('back', ['ada']);
  domain = stage.domain;
}, 60_000);

afterAll(async () => {
  await stage?.end();
});

async function deliver(name: string): Promise<void> {
  expect(await stage.deliver('ada', `${actor()}/${name}`)).toBe(202);
}

const reached = async (name: string, times: number): Promise<true> =>
  await until(`${name} is taken ${times} times; home said:\n${domain.home.log}`, () =>
    taken().filter((id) => id === `${actor()}/${name}`).length === times ? true : null,
  );

test('home notices that its data folder fell back, and delivers again what it has forgotten, and only that', async () => {
  domain.startHome();
  await until('home is connected', () => (domain.home.log.includes('is up at') ? true : null));
  await deliver('remembered');
  await reached('remembered', 1);
  await domain.sleep();
  const backup = join(stage.folder, 'backup');
  cpSync(domain.homeFolder, backup, { recursive: true });

  domain.startHome();
  await deliver('forgotten');
  await reached('forgotten', 1);
  await domain.sleep();
  rmSync(domain.homeFolder, { recursive: true });
  cpSync(backup, domain.homeFolder, { recursive: true });

  domain.startHome();
  await reached('forgotten', 2);
  expect(domain.home.log).toContain('fell back to an earlier state');
  await deliver('last');
  await reached('last', 1);
  expect(taken().filter((id) => id.endsWith('/remembered'))).toHaveLength(1);
  await domain.sleep();

  // What it has asked for once it does not miss any more.
  domain.startHome();
  await deliver('after all');
  await reached('after all', 1);
  expect(domain.home.log).not.toContain('fell back');
  expect(taken().filter((id) => id.endsWith('/forgotten'))).toHaveLength(2);
}, 120_000);
