// The file that receipts are made with: made once, for its owner only, never replaced in silence.

import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSecret, readSecret } from '../../../home-node/receipts/secret.ts';
import { systemRandom } from '../../../shared/clock.ts';

describe('the receipt secret', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'porchlight-secret-'));
    file = join(folder, 'receipt-secret');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('is made once, for its owner only', () => {
    const secret = openSecret(file, systemRandom);
    expect(secret).toHaveLength(32);
    expect(openSecret(file, systemRandom)).toEqual(secret);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('is refused when others may read it', () => {
    openSecret(file, systemRandom);
    chmodSync(file, 0o640);
    expect(() => openSecret(file, systemRandom)).toThrow(/chmod 600/);
  });

  test('is refused when it is cut short, and not replaced in silence', () => {
    writeFileSync(file, 'AAAA\n', { mode: 0o600 });
    const unusable = expect.objectContaining({
      code: 'receipt-secret',
      message: expect.stringContaining('does not hold 32 bytes'),
    });
    expect(() => openSecret(file, systemRandom)).toThrow(unusable);
    expect(() => readSecret(file)).toThrow(unusable);
  });
});
