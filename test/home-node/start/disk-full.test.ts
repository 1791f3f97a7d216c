// Home's disk is full: nothing is taken that could not be remembered, the owner is told why, nothing is lost, and home
// goes on by itself when there is room again. On a real file system that is full.

import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { isThere } from '../../support/needed.ts';
import { porchlight } from '../../support/porchlight.ts';
import { RecordedDomain } from '../../support/recorded-domain.ts';

let house: RecordedDomain;
let mounted: string | null = null;

afterEach(async () => {
  await house.domain.killHome();
  if (mounted !== null) spawnSync('umount', ['-l', mounted]);
  await house.end();
});

/** Only root may mount. */
const mayMount = isThere(process.getuid?.() === 0, 'only root may mount a disk that is full');

/** A disk of this size as the data folder. */
function mountOver(folder: string): void {
  const toml = readFileSync(join(folder, 'porchlight.toml'));
  const done = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'porchlight-test', folder]);
  expect({ status: done.status, said: done.stderr.toString() }).toEqual({ status: 0, said: '' });
  mounted = folder;
  writeFileSync(join(folder, 'porchlight.toml'), toml);
}

/** Writes until nothing more fits. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (const size of [65_536, 4_096, 1]) {
      try {
        for (;;) writeSync(file, Buffer.alloc(size));
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'ENOSPC' });
      }
    }
  } finally {
    closeSync(file);
  }
}

test.skipIf(!mayMount)(
  'a full disk at home: told, nothing lost, and over by itself',
  { timeout: 120_000 },
  async () => {
    house = await RecordedDomain.start('disk-full', ['alice', 'bob']);
    const folder = house.domain.homeFolder;
    mountOver(folder);
    const home = house.domain.startHome();
    const create = (name: string): string => `${house.peerOrigin}/creates/${name}`;
    const taken = (): string[] => house.recorded().map(({ id }) => id);
    await vi.waitUntil(async () => (await house.deliver('alice', create('first'))) === 202, { timeout: 20_000 });
    await vi.waitUntil(() => taken().length === 1, { timeout: 20_000 });

    fill(join(folder, 'filler'));
    const later = Array.from({ length: 40 }, (_, index) => create(`full-${index}`));
    for (const id of later) expect(await house.deliver('bob', id)).toBe(202);
    await vi.waitUntil(() => /Cannot write to the ledger.*disk is full/s.test(home.log), { timeout: 30_000 });
    expect(home.child.exitCode).toBeNull();
    // Commands still answer: this is when an owner looks.
    const status = await porchlight(['status', '--home', folder], {
      env: { NODE_EXTRA_CA_CERTS: house.domain.caFile },
    });
    expect(status).toMatchObject({ code: 0 });

    rmSync(join(folder, 'filler'));
    await vi.waitUntil(() => later.every((id) => taken().includes(id)), { timeout: 60_000 });
    // In bob's order, whatever was tried in between.
    const firsts = later.map((id) => taken().indexOf(id));
    expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
    const { spool } = await waitingAtEdge();
    expect(spool).toEqual({ waiting: 0, dead: 0 });

    async function waitingAtEdge(): Promise<{ spool: { waiting: number; dead: number } }> {
      return await vi.waitUntil(
        async () => {
          const { out } = await porchlight(['status', '--json', '--home', folder], {
            env: { NODE_EXTRA_CA_CERTS: house.domain.caFile },
          });
          const { home: said } = JSON.parse(out) as { home: { spool: { waiting: number; dead: number } | null } };
          const { spool: found } = said;
          return found?.waiting === 0 ? { spool: { waiting: found.waiting, dead: found.dead } } : null;
        },
        { timeout: 20_000 },
      );
    }
  },
);
