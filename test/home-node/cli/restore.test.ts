// A disk is lost: the backup comes back on a new machine, which is the same home to the edge, and gets again what its
// ledger does not know.

import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { porchlight, type Ran } from '../../support/porchlight.ts';
import { Program } from '../../support/processes.ts';
import { RecordedDomain } from '../../support/recorded-domain.ts';

let house: RecordedDomain;
let env: Record<string, string>;
let restored: Program | null = null;

beforeAll(async () => {
  house = await RecordedDomain.start('restore', ['alice']);
  env = { NODE_EXTRA_CA_CERTS: house.domain.caFile };
}, 60_000);

afterAll(async () => {
  await restored?.kill();
  await house.end();
});

const run = async (folder: string, ...args: string[]): Promise<Ran> =>
  await porchlight([...args, '--home', folder], { env });
const create = (name: string): string => `${house.peerOrigin}/creates/${name}`;
const times = (name: string): number => house.recorded().filter(({ id }) => id === create(name)).length;

test('a new machine is the same home, with what came after the backup', { timeout: 60_000 }, async () => {
  const old = house.domain.homeFolder;
  house.domain.startHome();
  const isAwake = async (): Promise<boolean> => {
    const { code, out } = await run(old, 'status', '--json');
    return code === 0 && (JSON.parse(out) as { state: string }).state === 'awake';
  };
  await vi.waitUntil(isAwake, { timeout: 20_000 });
  expect(await house.deliver('alice', create('before'))).toBe(202);
  await vi.waitUntil(() => times('before') === 1, { timeout: 20_000 });

  const file = join(house.folder, 'backup.sqlar');
  const made = await run(old, 'backup', file);
  expect(made).toMatchObject({ code: 0 });
  expect(made.out).toContain("holds home's key");

  expect(await house.deliver('alice', create('after'))).toBe(202);
  await vi.waitUntil(() => times('after') === 1, { timeout: 20_000 });
  await house.domain.killHome();
  expect(await house.deliver('alice', create('meanwhile'))).toBe(202);

  const folder = join(house.folder, 'new-machine');
  const looked = await run(folder, 'restore', '--dry-run', file);
  expect(looked.out).toContain('home-key.json');
  expect(looked.out).toContain('Nothing was written.');
  const back = await run(folder, 'restore', file);
  expect(back).toMatchObject({ code: 0 });
  expect(back.out).toContain(house.domain.host);

  const main = join(import.meta.dirname, '..', '..', '..', 'home-node', 'main.ts');
  restored = new Program('restored', [main, '--home', folder], env);
  await vi.waitUntil(() => times('meanwhile') === 1, { timeout: 20_000 });
  // The service of before took it, and nobody on the new disk knows: it comes again, in its order.
  await vi.waitUntil(() => times('after') === 2, { timeout: 20_000 });
  expect(times('before')).toBe(1);
  expect(house.recorded().map(({ id }) => id)).toEqual(['before', 'after', 'after', 'meanwhile'].map(create));

  expect((await run(folder, 'restore', file)).err).toContain('is not empty');
});
