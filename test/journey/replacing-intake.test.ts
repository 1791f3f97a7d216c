// Peers deliver while `porchlight up` replaces the home node again and again: each delivery reaches the service once and in
// the order of its sender, because only who holds the data folder takes any.

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest';
import { supersededExitCode } from '../../home-node/ended.ts';
import { untilAwake } from '../support/porchlight.ts';
import { until } from '../support/processes.ts';
import { RecordedDomain } from '../support/recorded-domain.ts';

const senders = ['alice', 'bob', 'carol'] as const;
const cli = 'home-node/cli/index.ts';
let house: RecordedDomain;

beforeAll(async () => {
  house = await RecordedDomain.start('replacing-intake', senders);
});

afterAll(async () => await house?.end());

/** Some process holds the data folder. */
function isHeld(): boolean {
  const lock = new DatabaseSync(join(house.domain.homeFolder, 'lock.sqlite'), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return false;
  } catch {
    return true;
  } finally {
    lock.close();
  }
}

test('deliveries come once and in order while the home node is replaced five times', async () => {
  const homes = [house.domain.startHome(['up'], cli)];
  onTestFailed(() => console.error(homes.map(({ log }) => log).join('\n\n')));
  await untilAwake(house.domain.homeFolder);
  // Until the edge knows the inbox it takes nothing.
  await until('a delivery', async () =>
    (await house.deliver('alice', `${house.actor('alice')}/0`)) === 202 ? true : null,
  );
  const sent = new Map<string, string[]>([['alice', [`${house.actor('alice')}/0`]]]);
  let going = true;
  const send = async (name: string): Promise<void> => {
    for (let n = 1; going; n += 1) {
      const id = `${house.actor(name)}/${n}`;
      expect(await house.deliver(name, id)).toBe(202);
      sent.set(name, [...(sent.get(name) ?? []), id]);
    }
  };
  const sending = Promise.all(senders.map(send));
  for (let n = 0; n < 5; n += 1) {
    const before = house.recorded().length;
    const older = homes.at(-1);
    homes.push(house.domain.startHome(['up'], cli));
    expect(await older?.exited).toBe(supersededExitCode);
    await until('further deliveries', () => (house.recorded().length > before + 20 ? true : null));
    expect(isHeld()).toBe(true);
  }
  going = false;
  await sending;
  for (const [name, ids] of sent) {
    const of = (): string[] => house.recorded().flatMap(({ id, sender }) => (sender === house.actor(name) ? [id] : []));
    await until(`everything of ${name}`, () => (new Set(of()).size >= ids.length ? true : null));
    expect(of()).toEqual(ids);
  }
});
