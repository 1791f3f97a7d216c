// The owner says that his service lost what it had taken since a time (--replay-since), with the real edge. Home's own
// folder is whole: its ledger knows everything as delivered, and nothing but the owner's word brings it again.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import type { Domain } from '../../support/domain.ts';
import type { Step } from '../../support/in-flight.ts';
import { ask, until } from '../../support/processes.ts';
import { linesOf, RecordedDomain } from '../../support/recorded-domain.ts';

const names = ['ada', 'bea', 'cyd'] as const;

let stage: RecordedDomain;
let domain: Domain;
/** Everything before it is what the service keeps. */
let since: number;

const record = (): string => stage.record;
const steps = (): string => join(stage.folder, 'home-steps.jsonl');

beforeAll(async () => {
  stage = await RecordedDomain.start('since', names);
  domain = stage.domain;
}, 60_000);

afterAll(async () => {
  await stage?.end();
});

/** The service's disk falls back to its first `kept` lines. */
async function forget(kept: number): Promise<void> {
  await stage.service.kill();
  const lines = linesOf(record()).slice(0, kept);
  writeFileSync(record(), lines.map((line) => `${line}\n`).join(''));
  await stage.restartService();
}

/** Numbers of what the service took of a sender, in its order, after its first `from` lines. */
function taken(name: string, from: number): number[] {
  const own = stage
    .recorded()
    .slice(from)
    .filter((one) => one.sender === stage.actor(name));
  expect(own.every((one) => one.verified)).toBe(true);
  return own.map((one) => Number(one.id.slice(one.id.lastIndexOf('/') + 1)));
}

const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at);

/** Each sender sends its numbers `first` to `last`, one after another. */
async function deliver(first: number, last = first): Promise<void> {
  const all = names.map(async (name) => {
    for (const number of range(first, last)) {
      // Some are too large for a row, and lie in R2.
      const content = `${name} ${number} `.repeat(number % 4 === 1 ? limits.inlineBodyBytes / 4 : 1);
      expect(await stage.deliver(name, `${stage.actor(name)}/activities/${number}`, content)).toBe(202);
    }
  });
  await Promise.all(all);
}

/** Until every sender's `number` was taken after the first `from` lines: what home brings comes in order. */
async function reached(number: number, from: number): Promise<void> {
  await until(`number ${number} of everybody; home said:\n${domain.home.log}`, () =>
    names.every((name) => taken(name, from).includes(number)) ? true : null,
  );
}

async function startHome(args: readonly string[] = []): Promise<void> {
  domain.startHome(args);
  await until('home is connected', () => (domain.home.log.includes('Connected to the edge') ? true : null));
}

const sinceArgs = (): string[] => ['--replay-since', new Date(since).toISOString()];

/** Home finishes what it has in hand, and the edge has heard of all of it. */
async function sleep(): Promise<void> {
  const { home } = domain;
  await domain.sleep();
  expect(home.log).not.toContain('Not everything was finished');
}

test('what a service lost since a time comes again, in order; nothing from before it, and nothing a second time', async () => {
  await startHome();
  const unsigned = { from: 'ada', inbox: `${domain.origin}/inbox`, body: '{}' };
  await until('home has said what it takes', async () =>
    (await ask<number>(stage.peer, 'attempt', unsigned)) === 400 ? true : null,
  );
  await deliver(0, 3);
  await reached(3, 0);
  const answeredAt = Date.now();
  since = await until('the next moment', () => (Date.now() > answeredAt + 1 ? Date.now() : null));
  await deliver(4, 9);
  await reached(9, 0);
  await sleep();
  const before = 4 * names.length;
  for (const name of names) expect(taken(name, 0)).toEqual(range(0, 9));

  // Nobody at home notices by himself.
  await forget(before);
  await startHome();
  await deliver(10);
  await reached(10, before);
  await sleep();
  for (const name of names) expect(taken(name, before)).toEqual([10]);

  // What waits is not overtaken by what comes again, nor the other way round.
  await deliver(11);
  const mark = linesOf(record()).length;
  await startHome(sinceArgs());
  const { home } = domain;
  await reached(11, mark);
  await sleep();
  expect(home.log).toContain(`kept deliveries again: ${7 * names.length} come`);
  expect(home.log).not.toContain('fell back');
  for (const name of names) expect(taken(name, mark)).toEqual(range(4, 11));
  for (const name of names) expect(new Set(taken(name, 0))).toEqual(new Set(range(0, 11)));

  const settled = linesOf(record()).length;
  await startHome();
  await deliver(12);
  await reached(12, settled);
  await sleep();
  for (const name of names) expect(taken(name, settled)).toEqual([12]);
}, 120_000);

test('a replay that a crash broke off goes on by itself, and repeats nothing but what was in flight', async () => {
  const before = 4 * names.length;
  await forget(before);
  const killed = domain.startHome(sinceArgs(), 'test/support/home-with-kill-points.ts', {
    ...{ STEPS: steps(), RUN: '1' },
    ...{ KILL_AT: 'answered', KILL_AFTER: '10' },
  });
  await killed.exited;
  const noted = linesOf(steps()).map((line) => JSON.parse(line) as Step);
  const idsAt = (point: Step['point']): string[] => noted.filter((step) => step.point === point).map(({ id }) => id);
  expect(noted.at(-1)?.point).toBe('killed');
  const answered = new Set(idsAt('answered'));
  const inFlight = idsAt('begun').filter((id) => !answered.has(id)).length;

  await startHome();
  await deliver(13);
  await reached(13, before);
  await sleep();
  for (const name of names) expect([...new Set(taken(name, before))]).toEqual(range(4, 13));
  const repeats = linesOf(record()).length - before - 10 * names.length;
  expect(repeats).toBeLessThanOrEqual(inFlight);
}, 120_000);
