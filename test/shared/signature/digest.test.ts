import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { requireDigests } from '../../../shared/signature/digest.ts';
import type { SignedRequest } from '../../../shared/signature/request.ts';
import { base64 } from './signing.ts';
import { body } from './vectors.ts';

const refusal = expect.objectContaining({ code: 'signature-refused' });
const sha256 = 'X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=';
const sha512 = 'WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==';
const requestWith = (...headers: [string, string][]): SignedRequest => ({
  method: 'POST',
  scheme: 'https',
  host: 'example.com',
  path: '/',
  headers,
});

describe('requireDigests()', () => {
  test.each<[string, string]>([
    ['Digest', `SHA-256=${sha256}`],
    ['digest', `sha-256=${sha256}`],
    ['Digest', `SHA-512=${sha512}`],
    ['Content-Digest', `sha-256=:${sha256}:`],
    ['Content-Digest', `sha-512=:${sha512}:`],
    ['Content-Type', 'application/json'],
  ])('takes the published %s: %s', async (name, value) => {
    await requireDigests(requestWith([name, value]), body);
  });

  test.each<[string, [string, string][]]>([
    ['of another body', [['Digest', `SHA-256=${base64(new Uint8Array(32))}`]]],
    ['of another body, as Content-Digest', [['Content-Digest', `sha-256=:${base64(new Uint8Array(32))}:`]]],
    ['cut short', [['Digest', `SHA-256=${base64(new Uint8Array(16))}`]]],
    ['that is empty', [['Digest', '']]],
    ['without a value', [['Digest', 'SHA-256=']]],
    ['that is not base64', [['Digest', 'SHA-256=!!!!']]],
    ['of an algorithm that is broken', [['Digest', 'MD5=Sd/dVLAcvNLSq16eXua5uQ==']]],
    ['that is named twice', [['Digest', `SHA-256=${sha256},SHA-256=${sha256}`]]],
    ['with a second beside it', [['Digest', `SHA-256=${sha256}, SHA-512=${sha512}`]]],
    [
      'on two lines',
      [
        ['Digest', `SHA-256=${sha256}`],
        ['digest', `SHA-256=${sha256}`],
      ],
    ],
    [
      'on two lines, as Content-Digest',
      [
        ['Content-Digest', `sha-256=:${sha256}:`],
        ['Content-Digest', `sha-256=:${sha256}:`],
      ],
    ],
    ['on two lines joined', [['Content-Digest', `sha-256=:${sha256}:, sha-256=:${sha256}:`]]],
    ['as text', [['Content-Digest', `sha-256="${sha256}"`]]],
    ['in the syntax of the other header', [['Content-Digest', `SHA-256=${sha256}`]]],
    [
      'that does not hold beside one that does',
      [
        ['Digest', `SHA-256=${sha256}`],
        ['Content-Digest', `sha-256=:${base64(new Uint8Array(32))}:`],
      ],
    ],
  ])('refuses a digest %s', async (_, headers) => {
    await expect(requireDigests(requestWith(...headers), body)).rejects.toThrowError(refusal);
  });

  test('holds for the body that was digested and for no other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ maxLength: 64 }), async (one, other) => {
        const digest = base64(await crypto.subtle.digest('SHA-256', Uint8Array.from(one)));
        const checked = requireDigests(requestWith(['Digest', `SHA-256=${digest}`]), Uint8Array.from(other));
        if (base64(one) === base64(other)) await checked;
        else await expect(checked).rejects.toThrowError(refusal);
      }),
      { numRuns: 50 },
    );
  });
});
