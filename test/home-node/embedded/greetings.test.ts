// Whom the embedded home would greet, and what a greeting is: a real home, a neighbour on Fedify that follows it.

import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { embeddedAdapter } from '../../../home-node/adapters/embedded.ts';
import { systemClock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import { ask, until } from '../../support/processes.ts';
import { partsOf } from '../receipts/embedded-receipts.ts';
import { EmbeddedHomeUnderTest, hears, type NeighbourUnderTest, startNeighbour } from './running.ts';

// Real processes on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let home: EmbeddedHomeUnderTest;
let neighbour: NeighbourUnderTest;

beforeAll(async () => {
  home = await EmbeddedHomeUnderTest.make();
  [neighbour] = await Promise.all([startNeighbour(), home.start()]);
  await ask(neighbour.program, 'follow', { to: home.actor });
  await hears(neighbour, 'Accept');
});

afterAll(async () => {
  await neighbour?.program.kill();
  await home?.end();
});

const greeter = () => {
  const { greeter: own } = embeddedAdapter(partsOf(home.secret, systemClock));
  if (own === null) throw new Error('The embedded home greets nobody.');
  return own;
};
const base = (): URL => new URL(home.origin);
const signal = (): AbortSignal => AbortSignal.timeout(10_000);
const peers = async (most = 10): Promise<readonly string[]> => await greeter().peers(base(), most, signal());

/** Changes what the home remembers, beside it. */
function remember(sql: string): void {
  const database = new DatabaseSync(home.databaseFile, { timeout: 5_000 });
  database.exec(sql);
  database.close();
}

const weekAgo = (): number => Date.now() - limits.greetAfterMs;
const quiet = (): void =>
  remember(`UPDATE followers SET since = ${weekAgo()}; DELETE FROM kv WHERE key LIKE '%greeted%'`);

describe('whom the embedded home greets', () => {
  test('is nobody with whom there was contact within limits.greetAfterMs: a follow, something heard, a post', async () => {
    expect(await peers()).toEqual([]);
    quiet();
    expect(await peers()).toEqual([`${neighbour.origin}/inbox`]);
    expect(await peers(0)).toEqual([]);
    remember(
      `INSERT INTO inbox VALUES ('${neighbour.origin}/1', 'like', '${neighbour.origin}/people/another', 'x', '{}', ${weekAgo() + 60_000})`,
    );
    expect(await peers()).toEqual([]);
    remember('DELETE FROM inbox');
    remember(
      `INSERT INTO posts (id, content, published_at) VALUES ('p', 'x', 1); INSERT INTO entries VALUES ('e', 'p', ${Date.now()})`,
    );
    expect(await peers()).toEqual([]);
    remember('DELETE FROM entries; DELETE FROM posts');
    expect(await peers()).toEqual([`${neighbour.origin}/inbox`]);
  });

  test('hears an Update of the owner, signed and in its inbox, and is then left alone for as long', async () => {
    quiet();
    const heard = hears(neighbour, 'Update');
    await greeter().greet(base(), `${neighbour.origin}/inbox`, signal());
    const { actor, object, document } = await heard;
    expect([actor, object]).toEqual([home.actor, home.actor]);
    const profile = await fetch(home.actor, { headers: { accept: 'application/activity+json' } });
    const { '@context': _, ...said } = (await profile.json()) as Record<string, unknown>;
    expect(document).toMatchObject({ object: { id: home.actor, type: 'Person', inbox: said.inbox } });
    expect(await peers()).toEqual([]);
    await until('it was sent', () => (home.rows('SELECT id FROM queue').length === 0 ? true : null));
  });

  test('is nobody’s to choose: not a stranger’s at loopback, nor an inbox at which nobody follows', async () => {
    quiet();
    const told = async (init: RequestInit, path = 'greetings'): Promise<number> => {
      const response = await fetch(`${home.origin}/.porchlight/${path}`, init);
      await response.body?.cancel();
      return response.status;
    };
    const forged = { authorization: 'Bearer x' };
    const body = JSON.stringify({ peer: `${neighbour.origin}/inbox` });
    expect([
      await told({}),
      await told({ headers: forged }),
      await told({ method: 'POST', headers: forged, body }),
    ]).toEqual([401, 401, 401]);
    const { token } = partsOf(home.secret, systemClock);
    const headers = { authorization: `Bearer ${token}` };
    for (const [text, status] of [
      ['{"peer": "https://stranger.example/inbox"}', 404],
      ['{"peer": 7}', 400],
      ['no JSON', 400],
    ] as const) {
      expect(await told({ method: 'POST', headers, body: text })).toBe(status);
    }
    expect(await told({ method: 'DELETE', headers }, 'leavings')).toBe(405);
    expect(await told({ headers }, 'elsewhere')).toBe(404);
    expect(home.rows('SELECT id FROM queue')).toEqual([]);
    await expect(greeter().greet(base(), 'https://stranger.example/inbox', signal())).rejects.toMatchObject({
      code: 'embedded-greetings',
      message: expect.stringContaining('answered 404'),
    });
  });
});
