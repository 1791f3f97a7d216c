import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCavage } from '../../../shared/signature/cavage.ts';
import { publicKeyFromPem } from '../../../shared/signature/public-key.ts';
import type { SignedRequest } from '../../../shared/signature/request.ts';
import { verifySignature } from '../../../shared/signature/verify.ts';
import { cavageKey, cavageRequest, cavageVectors } from './vectors.ts';

const refusal = expect.objectContaining({ code: 'signature-refused' });
const anySignature = 'signature="AAAA"';
const read = (header: string, request: SignedRequest = cavageRequest) => readCavage(request, header);

describe('draft-cavage-12 appendix C', () => {
  test.each(cavageVectors)('$name has the published signing string and verifies', async (vector) => {
    const header = `keyId="Test",algorithm="rsa-sha256",headers="${vector.headers}",signature="${vector.signature}"`;
    const signature = read(header);
    expect(signature.base).toBe(vector.base);
    expect(await verifySignature(signature, publicKeyFromPem(cavageKey))).toBe(true);
    expect(await verifySignature({ ...signature, base: `${vector.base} ` }, publicKeyFromPem(cavageKey))).toBe(false);
  });

  test('the header printed in C.3 is refused: (created) does not go with rsa-sha256 (section 2.3)', () => {
    const header =
      'keyId="Test",algorithm="rsa-sha256",created=1402170695, expires=1402170699,' +
      `headers="(request-target) (created) (expires) host",${anySignature}`;
    expect(() => read(header)).toThrowError(refusal);
  });
});

describe('readCavage()', () => {
  test('reads what the header says', () => {
    const signature = read(
      'keyId="https://peer.example/users/a#main-key", algorithm="hs2019", created="1402170695" , expires=1402170699,' +
        'headers="(request-target) (created) Host", opaque="x", signature="AAAA"',
    );
    expect(signature).toMatchObject({
      by: 'cavage',
      keyId: 'https://peer.example/users/a#main-key',
      algorithm: null,
      covered: ['(request-target)', '(created)', 'host'],
      created: 1402170695,
      expires: 1402170699,
    });
  });

  test.each([
    ['rsa-sha256', 'rsa-v1_5-sha256'],
    ['rsa-sha512', 'rsa-v1_5-sha512'],
    ['hs2019', null],
  ])('knows %s', (name, algorithm) => {
    expect(read(`keyId="k",algorithm="${name}",headers="date",${anySignature}`).algorithm).toBe(algorithm);
  });

  test('without headers it covers only (created), which rsa-sha256 may not (section 2.1.6)', () => {
    expect(read(`keyId="k",created=1,${anySignature}`).covered).toEqual(['(created)']);
    expect(() => read(`keyId="k",algorithm="rsa-sha256",created=1,${anySignature}`)).toThrowError(refusal);
  });

  test('joins repeated fields and strips the whitespace around them (section 2.3)', () => {
    const request: SignedRequest = {
      ...cavageRequest,
      headers: [
        ['Cache-Control', 'max-age=60 '],
        ['X-EmptyHeader', ''],
        ['cache-control', '\tmust-revalidate'],
      ],
    };
    const { base } = read(`keyId="k",headers="cache-control x-emptyheader",${anySignature}`, request);
    expect(base).toBe('cache-control: max-age=60, must-revalidate\nx-emptyheader: ');
  });

  test.each([
    ['nothing', ''],
    ['no parameters', 'Signature'],
    ['a scheme before the parameters', `Signature keyId="k",headers="date",${anySignature}`],
    ['a parameter that is not quoted', `keyId=k,headers="date",${anySignature}`],
    ['a quote that does not end', `keyId="k,headers="date",${anySignature}`],
    ['an escaped quote', `keyId="k\\"",headers="date",${anySignature}`],
    ['a trailing comma', `keyId="k",headers="date",${anySignature},`],
    ['parameters separated by semicolons', `keyId="k";headers="date";${anySignature}`],
    ['no keyId', `headers="date",${anySignature}`],
    ['an empty keyId', `keyId="",headers="date",${anySignature}`],
    ['a keyId in other letters', `KEYID="k",headers="date",${anySignature}`],
    ['no signature', 'keyId="k",headers="date"'],
    ['an empty signature', 'keyId="k",headers="date",signature=""'],
    ['a signature that is not base64', 'keyId="k",headers="date",signature="AA-_"'],
    ['a signature without padding', 'keyId="k",headers="date",signature="AAA"'],
    ['a signature with stray bits', 'keyId="k",headers="date",signature="AAB="'],
    ['an unknown algorithm', `keyId="k",algorithm="hmac-sha256",headers="date",${anySignature}`],
    ['an empty list of headers', `keyId="k",headers="",${anySignature}`],
    ['a header twice', `keyId="k",headers="date date",${anySignature}`],
    ['a header twice in other letters', `keyId="k",headers="date Date",${anySignature}`],
    ['two spaces between headers', `keyId="k",headers="date  host",${anySignature}`],
    ['a header that the request lacks', `keyId="k",headers="date x-missing",${anySignature}`],
    ['an unknown pseudo-header', `keyId="k",headers="(request-line)",${anySignature}`],
    ['(created) without created', `keyId="k",headers="(created)",${anySignature}`],
    ['(expires) without expires', `keyId="k",headers="(expires)",${anySignature}`],
    ['created with a fraction', `keyId="k",created="1.5",headers="date",${anySignature}`],
    ['created below zero', `keyId="k",created="-1",headers="date",${anySignature}`],
    ['created without end', `keyId="k",created=99999999999999,headers="date",${anySignature}`],
    ['a parameter twice (section 2.2)', `keyId="k",keyId="k",headers="date",${anySignature}`],
    ['an unknown parameter twice', `keyId="k",opaque="a",opaque="b",headers="date",${anySignature}`],
    ['two signatures joined', `keyId="k",headers="date",${anySignature}, keyId="l",headers="date",${anySignature}`],
    ['a dictionary of RFC 9421', 'sig1=:AAAA:'],
  ])('refuses %s', (_, header) => {
    expect(() => read(header)).toThrowError(refusal);
  });

  test('a line of the signing string cannot be moved into another: different requests have different strings', () => {
    const token = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
    const value = fc.stringMatching(/^[!-~]([ -~]{0,12}[!-~])?$/);
    const fields = fc.uniqueArray(fc.tuple(token, value), { selector: ([name]) => name, minLength: 1, maxLength: 4 });
    const requestOf = (headers: [string, string][]): SignedRequest => ({ ...cavageRequest, headers });
    const stringOf = (headers: [string, string][]) => {
      const covered = headers.map(([name]) => name).join(' ');
      return read(`keyId="k",headers="(request-target) ${covered}",${anySignature}`, requestOf(headers)).base;
    };
    fc.assert(
      fc.property(fields, fields, (left, right) => {
        const equal = JSON.stringify(left) === JSON.stringify(right);
        expect(stringOf(left) === stringOf(right)).toBe(equal);
        expect(stringOf(left).split('\n')).toHaveLength(left.length + 1);
      }),
      { numRuns: 100 },
    );
  });

  test('no header makes it throw anything but a refusal', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^[a-zA-Z]{1,4}="[^"]*"(,[a-z]{1,4}="[^"]*")*$/)),
        (header) => {
          try {
            read(header);
          } catch (thrown) {
            expect(thrown).toEqual(refusal);
          }
        },
      ),
    );
  });
});
