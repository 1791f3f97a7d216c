// What the embedded home remembers of what its authors took back: long enough, and never more than so much.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../../home-node/embedded/database.ts';
import { Inbox } from '../../../home-node/embedded/inbox.ts';
import { Posts } from '../../../home-node/embedded/posts.ts';
import { limits } from '../../../shared/limits.ts';
import { makeFolder } from './running.ts';

const actor = 'https://peer.example/users/a';
const now = Date.UTC(2026, 10, 27);
let folder: string;
let database: Database;
let inbox: Inbox;

beforeEach(() => {
  folder = makeFolder();
  database = openDatabase(join(folder, 'actor.sqlite'), 'eventually');
  inbox = new Inbox(database);
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

const isRemembered = (id: string, of = actor): boolean => inbox.wasTakenBack(of, [id]);
const rows = (): number => Number(database.sql.prepare('SELECT count(*) AS rows FROM milestones').get()?.rows);
function remember(many: number, at: number): void {
  database.transaction(() => {
    for (let i = 0; i < many; i += 1) inbox.rememberTakenBack(actor, `https://peer.example/at-${at}/${i}`, at);
  });
}

test('it is remembered of the actor who took it back, and of nobody else', () => {
  inbox.rememberTakenBack(actor, 'https://peer.example/1', now);
  expect(isRemembered('https://peer.example/1')).toBe(true);
  expect(isRemembered('https://peer.example/1', 'https://peer.example/users/b')).toBe(false);
  expect(isRemembered('https://peer.example/10')).toBe(false);
});

test('it is remembered for longer than somebody else may bring it again, and then forgotten', () => {
  expect(limits.takenBackMs).toBeGreaterThan(limits.handedOnMs);
  inbox.rememberTakenBack(actor, 'https://peer.example/old', now);
  remember(300, now + limits.takenBackMs - 1);
  expect(isRemembered('https://peer.example/old')).toBe(true);
  remember(300, now + limits.takenBackMs + 1);
  expect(isRemembered('https://peer.example/old')).toBe(false);
});

test('a flood of deletions leaves limits.takenBack of them, the last ones, and no trace on what else is there', () => {
  new Posts(database).markFeedRead(now);
  remember(limits.takenBack, now);
  remember(1_000, now + 1);
  expect(rows()).toBeLessThanOrEqual(limits.takenBack + 256 + 1);
  expect(isRemembered(`https://peer.example/at-${now + 1}/0`)).toBe(true);
  expect(new Posts(database).feedWasRead()).toBe(true);
});

test('a flood of one origin takes nothing from others, and a long id no more room than a short one', () => {
  inbox.rememberTakenBack('https://other.example/users/c', 'https://other.example/1', now - 1);
  remember(limits.takenBack + 1_000, now);
  expect(rows()).toBeLessThanOrEqual(limits.takenBack + 256 + 1);
  expect(isRemembered('https://other.example/1', 'https://other.example/users/c')).toBe(true);
  const long = `https://peer.example/${'x'.repeat(500_000)}`;
  inbox.rememberTakenBack(actor, long, now + 1);
  expect(isRemembered(long)).toBe(true);
  const longest = database.sql.prepare('SELECT max(length(name)) AS chars FROM milestones').get()?.chars;
  expect(Number(longest)).toBeLessThan(100);
});
