// RSA keys as Go writes them: what is signed by one that was read verifies with its other half, and what is none is null.

import { createVerify, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { pemOfModulus, privateKeyOf } from '../../../home-node/leaving/go-rsa-key.ts';
import { goKeyPair } from './go-key.ts';

const pair = goKeyPair();
const other = goKeyPair();

test('a private key signs, and its public half verifies that', () => {
  expect(pemOfModulus(pair.json())).toBe(pair.pem);
  const key = privateKeyOf(pair.json()) ?? expect.fail();
  const signature = sign('sha256', Buffer.from('hello'), key);
  expect(createVerify('sha256').update('hello').verify(pair.pem, signature)).toBe(true);
  expect(createVerify('sha256').update('hello').verify(other.pem, signature)).toBe(false);
});

test('a key as PostgreSQL gives it, with blanks and in another order, is the same', () => {
  const [numbers, primes] = pair.json().split(',"Primes":');
  const text = `{ "Primes": [${primes?.slice(1, -2).replace(',', ', ')}], ${numbers?.slice(1).replaceAll(':', ': ')}}`;
  expect(privateKeyOf(text)).not.toBeNull();
});

test.each([
  ['is empty', ''],
  ['is no JSON', 'D'.repeat(2000)],
  ['has no exponent', pair.json({ D: undefined })],
  ['has no primes', pair.json({ Primes: [] })],
  ['has three', pair.json({ Primes: [3n, 5n, 7n] })],
  ['has primes of another key', pair.json({ Primes: [2n ** 1023n + 1n, 2n ** 1024n - 1n] })],
  ['has a prime of 1', pair.json({ Primes: [1n, BigInt(/"N":(\d+)/.exec(pair.json())?.[1] ?? 0)] })],
  ['is too short to be one', goKeyPair(512).json()],
  ['is a number without end', pair.json({ N: '9'.repeat(100_000) })],
])('what %s is none', (_what, text) => {
  expect(privateKeyOf(text)).toBeNull();
});
