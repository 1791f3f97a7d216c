// What an edge of the version before (test/vectors/before/) makes of inboxes with `{name}` and of `defer`, which it does not
// know: it takes what it understands, loses nothing, and knows the rest once it is updated.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask } from '../support/processes.ts';
import { UpdateStage } from '../support/update-stage.ts';

let stage: UpdateStage;
let count = 0;
const taken: string[] = [];

beforeAll(async () => {
  stage = await UpdateStage.start('inboxes');
  const file = join(stage.house.domain.homeFolder, 'porchlight.toml');
  const inboxes = 'inboxes = ["/inbox", "/users/{name}/inbox", "/users/alice/inbox"]\ndefer = true';
  writeFileSync(file, readFileSync(file, 'utf8').replace('inboxes = ["/inbox"]', inboxes));
  stage.house.domain.startHome();
  await stage.knowsInboxes();
  await stage.carries();
}, 120_000);

afterAll(async () => await stage?.house.end());

/** A Create by Bob. Resolves to the status of the edge. */
async function post(path: string): Promise<number> {
  count += 1;
  const id = `${stage.house.actor('bob')}/to-inboxes/${count}`;
  const body = JSON.stringify({ id, type: 'Create', actor: stage.house.actor('bob'), object: { id: `${id}/note` } });
  const order = { from: 'bob', inbox: `${stage.house.domain.origin}${path}`, body };
  const status = await ask<number>(stage.house.peer, 'attempt', order);
  if (status < 300) taken.push(id);
  return status;
}

async function allIsThere(): Promise<void> {
  await expect.poll(() => stage.house.recorded().map(({ id }) => id), { timeout: 60_000 }).toEqual(taken);
}

const paths = ['/inbox', '/users/alice/inbox', '/users/bob/inbox'];

test('the old edge takes deliveries at exact inboxes while home sleeps; who posts where it knows of none comes again', async () => {
  await stage.house.domain.sleep();
  await stage.isAsleep();
  const statuses: number[] = [];
  for (const path of paths) statuses.push(await post(path));
  expect(statuses).toEqual([202, 202, 503]);
  stage.house.domain.startHome();
  await stage.carries();
  await allIsThere();
});

test('the edge of today takes them at all inboxes while home is up', async () => {
  await stage.updateEdge();
  await stage.carries();
  const statuses: number[] = [];
  for (const path of paths) statuses.push(await post(path));
  expect(statuses).toEqual([202, 202, 202]);
  await allIsThere();
});

test('and, as its owner wants, puts them off at all of them while home sleeps', async () => {
  await stage.house.domain.sleep();
  await stage.isAsleep();
  const statuses: number[] = [];
  for (const path of paths) statuses.push(await post(path));
  expect(statuses).toEqual([503, 503, 503]);
  stage.house.domain.startHome();
  await stage.carries();
  expect(await post('/inbox')).toBe(202);
  await allIsThere();
});

test('a step back of the edge takes what it understands again', async () => {
  await stage.house.domain.sleep();
  await stage.rollBackEdge();
  await stage.isAsleep();
  expect([await post('/users/alice/inbox'), await post('/users/bob/inbox')]).toEqual([202, 503]);
  stage.house.domain.startHome();
  await allIsThere();
});
