// `porchlight key`: on a folder alone, and on a domain whose home node runs.

import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { porchlight, type Ran, untilAwake } from '../../support/porchlight.ts';
import { RecordedDomain } from '../../support/recorded-domain.ts';

let house: RecordedDomain;

beforeAll(async () => {
  house = await RecordedDomain.start('key', ['alice']);
}, 60_000);

afterAll(async () => await house?.end());

const home = (): string => house.domain.homeFolder;
const file = (name: string): string => join(house.folder, name);

async function key(...args: string[]): Promise<Ran> {
  const env = { PORCHLIGHT_HOME: home(), NODE_EXTRA_CA_CERTS: house.caFile };
  return await porchlight(['key', ...args], { env });
}

interface Shown {
  readonly thumbprint: string;
  readonly homeId: string | null;
}

async function shown(): Promise<Shown> {
  return JSON.parse((await key('show', '--json')).out) as Shown;
}

describe('key, while no home node runs', { timeout: 60_000 }, () => {
  test('show says that there is none yet, and what to do', async () => {
    const { code, err } = await key('show');
    expect(code).toBe(1);
    expect(err).toContain('home-key.json');
  });

  test('show tells the key and by which name the edge knows it, never the private part', async () => {
    await porchlight(['claim', house.domain.claimCode], {
      env: { PORCHLIGHT_HOME: home(), NODE_EXTRA_CA_CERTS: house.caFile },
    });
    const { d } = JSON.parse(readFileSync(join(home(), 'home-key.json'), 'utf8')) as { d: string };
    const text = (await key('show')).out;
    expect(text).toMatch(
      /^thumbprint +[\w-]{43}\npublic key +Ed25519 [\w-]{43}\nmade +.*\nknown as +home [0-9a-f]{32} at /,
    );
    const json = (await key('show', '--json')).out;
    expect(Object.keys(JSON.parse(json) as object)).toEqual(['thumbprint', 'publicKey', 'madeAt', 'homeId']);
    expect(text + json).not.toContain(d);
  });

  test('rotate wants the home node, and ends with 3', async () => {
    expect((await key('rotate')).code).toBe(3);
  });

  test('backup writes a file that nobody else may read, and never over another', async () => {
    expect(await key('backup', file('copy.json'))).toMatchObject({ code: 0 });
    expect(statSync(file('copy.json')).mode & 0o777).toBe(0o600);
    const { code, err } = await key('backup', file('copy.json'));
    expect(code).toBe(1);
    expect(err).toContain('is there already');
  });

  test.each([
    ['no JSON', 'key?'],
    ['no key', '{"kty":"oct","k":"AAAA"}'],
    ['half a key', '{"kty":"OKP","crv":"Ed25519","x":"AAAA"}'],
  ])('restore refuses what is %s, and the key stays', async (_, text) => {
    const before = await shown();
    writeFileSync(file('bad.json'), text, { mode: 0o600 });
    const { code, err } = await key('restore', file('bad.json'));
    expect(code).toBe(1);
    expect(err).toContain('bad.json');
    expect(await shown()).toEqual(before);
  });

  test('restore puts a key back and keeps the one that was there beside it', async () => {
    const { thumbprint } = await shown();
    const other = file('other');
    await porchlight(['init', '--domain', 'example.org', '--yes', '--home', other]);
    const { out } = await key('restore', join(other, 'home-key.json'));
    expect(out).toMatch(
      /^Home's key is [\w-]{43} again\.\nThe one that was there lies in .*home-key-before-\d+\.json\.$/m,
    );
    expect((await shown()).thumbprint).not.toBe(thumbprint);
    const said = JSON.parse((await key('restore', '--json', file('copy.json'))).out) as object;
    expect(said).toEqual({ thumbprint, kept: expect.stringContaining('home-key-before-') });
    // The same once more: nothing has to be kept.
    expect(JSON.parse((await key('restore', '--json', file('copy.json'))).out)).toEqual({ thumbprint, kept: null });
    expect(readdirSync(home()).filter((name) => name.startsWith('home-key-before-'))).toHaveLength(2);
    chmodSync(join(home(), 'home-key.json'), 0o600);
  });
});

describe('key, while one runs', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    house.domain.startHome();
    await untilAwake(house.domain.homeFolder);
  });

  test('restore is refused: the key would change under it', async () => {
    const { code, err } = await key('restore', file('copy.json'));
    expect(code).toBe(1);
    expect(err).toContain('another home node is running');
  });

  test('rotate makes a new key, by which home goes on', async () => {
    const before = await shown();
    const { code, out } = await key('rotate');
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringMatching(/^Home has a new key, [\w-]{43};$/m) });
    const after = await shown();
    expect(after.homeId).toBe(before.homeId);
    expect(after.thumbprint).not.toBe(before.thumbprint);
    expect(JSON.parse((await key('rotate', '--json')).out)).toEqual({ thumbprint: (await shown()).thumbprint });
    expect(await house.deliver('alice', `${house.peerOrigin}/creates/1`)).toBe(202);
    await expect.poll(() => house.recorded().length, { timeout: 20_000 }).toBe(1);
  });
});
