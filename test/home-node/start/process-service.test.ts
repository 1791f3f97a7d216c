// A service that home itself runs, as porchlight.toml says: started, stopped by its owner with what comes kept, started
// again, and gone with a home node that is killed. With the real edge.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { porchlight } from '../../support/porchlight.ts';
import { until } from '../../support/processes.ts';
import { RecordedDomain } from '../../support/recorded-domain.ts';
import { trustingFetch } from '../../support/trusting-fetch.ts';

let stage: RecordedDomain;
let url: string;

beforeAll(async () => {
  stage = await RecordedDomain.start('process-service', ['ada']);
  // The same program as before, but now it is home's to run.
  await stage.service.kill();
  const file = join(stage.domain.homeFolder, 'porchlight.toml');
  const toml = readFileSync(file, 'utf8');
  url = /url = "([^"]+)"/.exec(toml)?.[1] ?? '';
  const program = join(import.meta.dirname, '..', '..', 'support', 'peers', 'recording-service.ts');
  // It ends when its standard input does, so something must hold that open.
  const started = [process.execPath, program, '--port', new URL(url).port, '--record', stage.record].join(' ');
  const command = ['/bin/sh', '-c', `sleep 3600 | ${started}`];
  writeFileSync(file, `${toml}driver = "process"\ncommand = ${JSON.stringify(command)}\n`);
}, 60_000);

afterAll(async () => await stage?.end());

const run = async (...args: string[]) =>
  await porchlight([...args, '--home', stage.domain.homeFolder], {
    env: { NODE_EXTRA_CA_CERTS: stage.domain.caFile },
  });

const answers = async (): Promise<boolean> =>
  await fetch(url).then(
    () => true,
    () => false,
  );

const create = (name: string): string => `${stage.peerOrigin}/creates/${name}`;
const taken = (): string[] => stage.recorded().map(({ id }) => id);

test('a service of a command: home runs it, its owner rests it, and nothing outlives home', {
  timeout: 90_000,
}, async () => {
  const get = trustingFetch(readFileSync(stage.domain.caFile, 'utf8'));
  expect(await answers()).toBe(false);
  stage.domain.startHome();
  await until('the service is run', async () => ((await answers()) ? true : null));
  await until('a delivery', async () => ((await stage.deliver('ada', create('one'))) === 202 ? true : null));
  await until('it is taken', () => (taken().length === 1 ? true : null));

  const stopped = await run('service', 'stop', 'recorder', '--until', '2h');
  expect(stopped).toMatchObject({ code: 0 });
  await until('it is gone', async () => ((await answers()) ? null : true));
  expect((await run('service', 'list')).out).toMatch(/recorder +activitypub +stopped, back at/);
  expect(await stage.deliver('ada', create('two'))).toBe(202);
  const page = await get(`${stage.domain.origin}/nobody-was-here`, { Accept: 'text/html' });
  expect(page.status).toBe(503);
  expect(Number(page.headers.get('Retry-After'))).toBeGreaterThan(1.9 * 3600);
  expect(await page.text()).toContain('is resting');

  // Its owner's word outlives the process.
  await stage.domain.sleep();
  stage.domain.startHome();
  await until('home is back', async () => ((await run('service', 'list')).out.includes('stopped') ? true : null));
  expect(await answers()).toBe(false);
  expect(taken()).toEqual([create('one')]);

  expect(await run('service', 'start', 'recorder')).toMatchObject({ code: 0 });
  await until('what came meanwhile is taken', () => (taken().length === 2 ? true : null));
  expect(taken()).toEqual([create('one'), create('two')]);
  expect(await run('service', 'stop', 'nothing')).toMatchObject({ code: 1, err: expect.stringContaining('nothing') });

  await stage.domain.killHome();
  await until('nothing outlives home', async () => ((await answers()) ? null : true));
});
