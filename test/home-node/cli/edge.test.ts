// `porchlight edge`: what an operator does, each command a process of its own, against a real edge.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claim } from '../../../home-node/claim.ts';
import * as edgeCommands from '../../../home-node/cli/commands/edge.ts';
import { openHomeKey } from '../../../home-node/key.ts';
import { openOperatorKey, operatorKeyVariable } from '../../../home-node/operator/operator-key.ts';
import { type LocalEdge, startEdge } from '../../../local/edge.ts';
import { fakeCli } from '../../support/fake-cli.ts';
import { porchlight, type Ran } from '../../support/porchlight.ts';

let folder: string;
let edge: LocalEdge;
let env: Record<string, string>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-edge-commands-'));
  const file = join(folder, 'operator-key.json');
  const { publicKey } = await openOperatorKey(file);
  edge = await startEdge({ port: 0, dataDir: join(folder, 'edge'), operatorKey: operatorKeyVariable(publicKey) });
  env = { PORCHLIGHT_EDGE: edge.origin, PORCHLIGHT_OPERATOR_KEY: file };
}, 60_000);

afterAll(async () => {
  await edge?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const run = async (...args: string[]): Promise<Ran> => await porchlight(['edge', ...args], { env });
const json = async (...args: string[]): Promise<unknown> => JSON.parse((await run(...args, '--json')).out);

/** A home that claims with this code. */
async function claimed(code: string): Promise<string> {
  const home = mkdtempSync(join(folder, 'home-'));
  return (await claim(home, edge.origin, await openHomeKey(home), code)).homeId;
}

describe('edge', { timeout: 60_000 }, () => {
  test('homes and codes say when there are none', async () => {
    expect((await run('homes')).out).toBe('No home has claimed at this edge.\n');
    expect((await run('codes')).out).toBe('No code waits to be used.\n');
    expect(await json('homes')).toEqual([]);
    expect(await json('codes')).toEqual([]);
  });

  test('code makes one, and the command to be typed at home stands below it', async () => {
    const { code, out } = await run('code', '--hosts', 'one.test, www.one.test');
    expect(code).toBe(0);
    const [made = '', good, next] = out.split('\n');
    expect(made).toMatch(/^(\w{4}-){6}\w{4}$/);
    expect(good).toBe('Good once, for 7 days, for one.test, www.one.test.');
    expect(next).toBe(`At home: porchlight claim ${made}`);
    const homeId = await claimed(made);
    expect((await run('homes')).out).toMatch(
      new RegExp(`^home +claimed +key +hosts\n${homeId} +\\S+ \\S+ +\\S{12} +one.test www.one.test\n$`),
    );
    expect((await run('code', '--hosts', 'one.test')).out).toContain('A home answers for these names already');
  });

  test('codes lists what waits, and drop takes a code or how its hash begins', async () => {
    const made = (await json('code', '--hosts', 'two.test')) as { code: string };
    expect(new Set(Object.keys(made))).toEqual(new Set(['code', 'hosts', 'expiresAt', 'replaces']));
    expect((await run('codes')).out).toMatch(
      /^hash begins +good for +replaces +hosts\n(.*\n)*[\w-]{8} +7 days +two\.test\n/,
    );
    expect((await run('drop', made.code)).out).toBe('That code lets nobody in any more.\n');
    await expect(claimed(made.code)).rejects.toMatchObject({
      reason: 'claim-refused',
      message: expect.stringContaining('ask its operator for a new one'),
    });
    const waiting = (await json('codes')) as { hashPrefix: string }[];
    expect(waiting).toHaveLength(1);
    // The beginning of a hash may look like an option.
    expect((await run('drop', '--', waiting[0]?.hashPrefix ?? '')).code).toBe(0);
    expect(await json('codes')).toEqual([]);
  });

  test.each([
    ['too little of a hash', ['drop', 'vQ0v'], 2, 'the 8 characters of its hash'],
    ['a code that nobody issued', ['drop', '0000-0000-0000-0000-0000-0000-0000'], 4, 'no-code'],
    ['a host that is none', ['code', '--hosts', 'not a host'], 4, 'not a host is not a host name'],
    ['no host', ['code', '--hosts', ' , '], 4, 'code-hosts'],
    ['a home that is none', ['revoke', 'nobody.test', '--yes'], 1, 'none is called nobody.test'],
    ['a host that is nobody’s', ['release', 'nobody.test', '--yes'], 1, 'none is called nobody.test'],
    ['an edge out of reach', ['homes', '--edge', 'http://127.0.0.1:9'], 4, 'Cannot reach'],
  ])('%s is refused, and says what is wrong', async (_, args, wanted, why) => {
    const { code, err, out } = await run(...args);
    expect({ code, out }).toEqual({ code: wanted, out: '' });
    expect(err).toContain(why);
  });

  test('without an edge, a key, or a key that is one, nothing is asked', async () => {
    const none = await porchlight(['edge', 'homes'], { env: { PORCHLIGHT_EDGE: '', PORCHLIGHT_OPERATOR_KEY: '' } });
    expect(none.code).toBe(2);
    expect(none.err).toContain('--edge https://... (or PORCHLIGHT_EDGE) is missing');
    writeFileSync(join(folder, 'bad.json'), '{}', { mode: 0o600 });
    expect((await run('homes', '--key', join(folder, 'bad.json'))).err).toContain('bad.json');
    const foreign = join(folder, 'foreign.json');
    await openOperatorKey(foreign);
    expect((await run('homes', '--key', foreign)).err).toContain("does not take this operator's key");
  });

  test('revoke and release ask where somebody sits, and refuse where nobody does', async () => {
    for (const args of [
      ['revoke', 'one.test'],
      ['release', 'www.one.test'],
    ]) {
      const { code, err } = await run(...args);
      expect(code).toBe(1);
      expect(err).toContain('say --yes.');
    }
    const { cli, input, err } = fakeCli({ isTTY: true, env });
    const asked = edgeCommands.revoke(cli, 'one.test', {});
    input.write('n\n');
    await expect(asked).rejects.toMatchObject({ code: 'not-confirmed' });
    expect(err()).toContain('Revoke the key of one.test?');
    expect(await json('homes')).toMatchObject([{ revokedAt: null, hosts: ['one.test', 'www.one.test'] }]);
  });

  test('release takes a name, revoke cuts the home off and says how to let it in again', async () => {
    expect((await run('release', 'www.one.test', '--yes')).out).toBe('www.one.test belongs to nobody now.\n');
    const { out } = await run('revoke', 'one.test', '--yes');
    expect(out).toContain('To let it in again: porchlight edge code --hosts one.test\n');
    expect(await json('homes')).toMatchObject([{ revokedAt: expect.any(Number), hosts: ['one.test'] }]);
    expect((await run('homes')).out).toMatch(/ revoked \d{4}-/);
    expect(await json('revoke', 'one.test', '--yes')).toMatchObject({ hosts: ['one.test'] });
    expect(await json('release', 'one.test', '--yes')).toEqual({ released: 'one.test' });
  });
});
