// What home brings the edge of a service that shows what it has to who signs alone: what is for all, in calls that the edge
// bears; and what it takes back, and when.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Showcase, Shown } from '../../../home-node/adapters/adapter.ts';
import { GivenFile } from '../../../home-node/bedtime/given-file.ts';
import { Giving } from '../../../home-node/bedtime/giving.ts';
import { createLog } from '../../../home-node/log.ts';
import { PorchlightError } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import type { Given } from '../../../shared/warming.ts';

const host = 'social.example';
const base = new URL('http://127.0.0.1:1');
let folder: string;
let now: number;
let said: string[];
/** Calls to the edge: paths, and what was given for them. */
let calls: { readonly paths: readonly string[]; readonly given: Given | undefined }[];
/** What the service shows, by path. */
let shows: Record<string, Shown | 'fails'>;
let asked: string[];
let isPublic: (post: string) => boolean;
/** An edge of an earlier version does not know what is given. */
let knowsGiven: boolean;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-giving-'));
  now = 1_795_000_000_000;
  [said, calls, asked] = [[], [], []];
  shows = {};
  isPublic = () => true;
  knowsGiven = true;
});
afterEach(() => rmSync(folder, { recursive: true }));

function document(path: string, { bytes = 100, post = null as string | null, isList = false } = {}): void {
  shows[path] = {
    answer: { status: 200, contentType: 'application/activity+json', body: 'x'.repeat(bytes) },
    post,
    isList,
  };
}

function giving(signal = AbortSignal.timeout(5_000)): Giving {
  const log = createLog('debug', { now: () => now }, (line) => said.push(line));
  const showcase: Showcase = {
    posts: [],
    isPublic: (_host, post) => isPublic(post),
    shown: async (_base, _host, path) => {
      asked.push(path);
      const shown = shows[path] ?? { answer: { status: 404, contentType: '', body: '' }, post: null, isList: false };
      if (shown === 'fails') throw new PorchlightError('service-leavings', `Cannot learn it: ${path} answered 500.`);
      return await Promise.resolve(shown);
    },
  };
  return new Giving({
    log,
    hosts: [host],
    showcase,
    file: new GivenFile(join(folder, 'given.json'), log, { now: () => now }),
    signal,
    warm: async (at, paths, as, given) => {
      expect([at, as]).toEqual([host, 'activitypub']);
      calls.push({ paths, given });
      const links = Object.fromEntries(paths.map((path) => [path, []]));
      return await Promise.resolve({ refused: [], links, ...(knowsGiven ? { given: true as const } : {}) });
    },
  });
}

const takenBack = (): string[] =>
  calls.flatMap(({ given = {} }) =>
    Object.entries(given).flatMap(([path, { status }]) => (status === 404 ? path : [])),
  );
const given = (): string[] =>
  calls.flatMap(({ given = {} }) =>
    Object.entries(given).flatMap(([path, { status }]) => (status === 200 ? path : [])),
  );

const quiet = () => createLog('error', { now: () => now }, () => undefined);

/** A whole evening. */
async function evening(...paths: string[]): Promise<void> {
  calls = [];
  const one = giving();
  await one.begin();
  await one.give(base, host, paths);
  await one.end();
}

describe('what the service shows', () => {
  test('is brought to the edge, and with it that it is not there', async () => {
    document('/a');
    const { links } = await giving().give(base, host, ['/a', '/b']);
    expect(calls.map(({ paths }) => paths)).toEqual([['/a', '/b']]);
    expect([given(), takenBack()]).toEqual([['/a'], ['/b']]);
    expect(Object.keys(links ?? {})).toEqual(['/a', '/b']);
    const noted = JSON.parse(readFileSync(join(folder, 'given.json'), 'utf8')) as { path: string }[];
    expect(noted.map(({ path }) => path)).toEqual(['/a']);
  });

  test('goes in calls of limits.givenBytes at most, of which the first is short, and one document goes in any case', async () => {
    const paths = Array.from({ length: 40 }, (_, n) => `/${n}`);
    for (const path of paths) document(path, { bytes: 20_000 });
    document('/39', { bytes: 2 * limits.givenBytes });
    await giving().give(base, host, paths);
    expect(given()).toEqual(paths);
    const bytes = calls.map(({ given: one = {} }) =>
      Object.values(one).reduce((sum, { body }) => sum + body.length, 0),
    );
    expect(bytes[0]).toBeLessThanOrEqual(32 * 1024);
    expect(bytes.slice(0, -1).filter((sum) => sum > limits.givenBytes)).toEqual([]);
    expect(bytes.at(-1)).toBe(2 * limits.givenBytes);
    expect(calls.filter(({ paths: some }) => some.length > limits.warmPaths)).toEqual([]);
  });

  test('is asked for by the edge itself where that does not know what is given, a few at a time', async () => {
    knowsGiven = false;
    const paths = Array.from({ length: 12 }, (_, n) => `/${n}`);
    for (const path of paths) document(path);
    const one = giving();
    await one.give(base, host, paths);
    expect(calls.flatMap(({ paths: some }) => some)).toEqual(paths);
    expect(calls.filter(({ paths: some }) => some.length > limits.warmSignedPaths)).toEqual([]);
    expect(calls.slice(1).filter(({ given: more }) => more !== undefined)).toEqual([]);
    const before = asked.length;
    await one.give(base, host, ['/more']);
    expect(asked.length).toBe(before);
    await one.end();
    expect(takenBack()).toEqual([]);
  });

  test('is not asked for any more when the service fails again and again', async () => {
    const paths = Array.from({ length: 200 }, (_, n) => `/${n}`);
    for (const path of paths) shows[path] = 'fails';
    const { refused } = await giving().give(base, host, paths);
    expect(asked.length).toBeLessThan(20);
    expect(refused.length).toBe(200);
    expect(calls).toEqual([]);
  });

  test('is not asked for once its time is over', async () => {
    document('/a');
    await giving(AbortSignal.abort()).give(base, host, ['/a']);
    expect([asked, calls]).toEqual([[], []]);
  });
});

describe('what was given before', () => {
  const post = '/users/me/statuses/1';

  beforeEach(async () => {
    document('/actor');
    document('/outbox', { isList: true });
    document(post, { post });
    document(`${post}/replies`, { post, isList: true });
    await evening('/actor', '/outbox', post, `${post}/replies`);
  });

  test('stays where nothing changed', async () => {
    await evening('/actor', '/outbox', post, `${post}/replies`);
    expect(takenBack()).toEqual([]);
  });

  test('is taken back before anything else when the post is for all no more, and the lists with it', async () => {
    isPublic = () => false;
    calls = [];
    await giving().begin();
    expect(takenBack()).toEqual([post, `${post}/replies`, '/outbox']);
    // Once is enough.
    calls = [];
    await giving().begin();
    expect(calls).toEqual([]);
  });

  test('is taken back at the end when nothing leads to it any more', async () => {
    await evening('/actor', '/outbox');
    expect(takenBack()).toEqual([post, `${post}/replies`]);
  });

  test('stays when the service fails on it', async () => {
    shows[post] = 'fails';
    await evening('/actor', '/outbox', post, `${post}/replies`);
    expect(takenBack()).toEqual([]);
  });

  test('stays noted when the edge cannot be told, and is taken back another time', async () => {
    isPublic = () => false;
    const failing = new Giving({
      log: quiet(),
      hosts: [host],
      showcase: { posts: [], isPublic: () => false, shown: async () => await Promise.reject(new Error('asked')) },
      file: new GivenFile(join(folder, 'given.json'), quiet(), { now: () => now }),
      signal: AbortSignal.timeout(5_000),
      warm: async () => await Promise.reject(new Error('no link')),
    });
    await expect(failing.begin()).rejects.toThrow('no link');
    calls = [];
    await giving().begin();
    expect(takenBack()).toContain(post);
  });

  test('stays noted where the edge is of an earlier version and does not go by what home says', async () => {
    isPublic = () => false;
    knowsGiven = false;
    await giving().begin();
    knowsGiven = true;
    calls = [];
    await giving().begin();
    expect(takenBack()).toEqual([post, `${post}/replies`, '/outbox']);
  });

  test('is forgotten when the edge gives it to nobody any more', () => {
    now += 3 * limits.authorizedCopyMs;
    const file = new GivenFile(join(folder, 'given.json'), quiet(), { now: () => now });
    file.add([{ host, path: '/new', post: null, isList: false }]);
    expect(file.at([host]).map(({ path }) => path)).toEqual(['/new']);
    expect(file.at(['other.example'])).toEqual([]);
  });

  test('is told from a file that can be damaged: home says so, and goes on', async () => {
    writeFileSync(join(folder, 'given.json'), '{');
    await evening('/actor');
    expect(said.join()).toContain('Cannot read');
    expect(JSON.parse(readFileSync(join(folder, 'given.json'), 'utf8'))).toMatchObject([{ path: '/actor' }]);
    writeFileSync(join(folder, 'given.json'), '[1, {"host": 7}, null]');
    await evening('/actor');
    expect(takenBack()).toEqual([]);
  });

  test('nothing is given that cannot be noted', async () => {
    rmSync(join(folder, 'given.json'));
    mkdirSync(join(folder, 'given.json'));
    calls = [];
    await expect(giving().give(base, host, ['/actor'])).rejects.toThrow();
    expect(calls).toEqual([]);
  });
});
