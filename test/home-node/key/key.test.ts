import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompactSign, compactVerify, importJWK } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keyFileName, openHomeKey } from '../../../home-node/key.ts';

let folder: string;
const file = (): string => join(folder, keyFileName);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-key-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("home's key", () => {
  test('is made once, is the same at each start, and is readable by its owner alone', async () => {
    const made = await openHomeKey(folder);
    const again = await openHomeKey(folder);
    expect(again.publicKey).toEqual(made.publicKey);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual([keyFileName]);
    const signed = await new CompactSign(new TextEncoder().encode('x'))
      .setProtectedHeader({ alg: 'EdDSA' })
      .sign(made.privateKey);
    await compactVerify(signed, await importJWK(again.publicKey, 'EdDSA'));
  });

  test('gives away only its public part', async () => {
    const { publicKey, privateKey } = await openHomeKey(folder);
    expect(new Set(Object.keys(publicKey))).toEqual(new Set(['crv', 'kty', 'x']));
    expect(privateKey.extractable).toBe(false);
  });

  test('that others may read is refused with the command that mends it', async () => {
    await openHomeKey(folder);
    chmodSync(file(), 0o644);
    await expect(openHomeKey(folder)).rejects.toThrow(`chmod 600 ${file()}`);
  });

  test.each([
    ['is cut off', '{"kty":"OKP","d":"secret-part'],
    ['is of another kind', '{"kty":"RSA","d":"secret-part"}'],
    ['has no private part', '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'],
  ])('that %s is refused, never replaced, and never quoted', async (_, text) => {
    writeFileSync(file(), text, { mode: 0o600 });
    const refusal = await openHomeKey(folder).catch((thrown: unknown) => thrown);
    expect(refusal).toMatchObject({ code: 'home-key' });
    expect(String((refusal as Error).message)).not.toContain('secret-part');
    expect(readFileSync(file(), 'utf8')).toBe(text);
  });
});
