import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { publicKeyFromPem } from '../../../shared/signature/public-key.ts';
import type { SignedRequest } from '../../../shared/signature/request.ts';
import { readRfc9421 } from '../../../shared/signature/rfc9421.ts';
import { verifySignature } from '../../../shared/signature/verify.ts';
import { rfcKeys, rfcVectors } from './vectors.ts';

const refusal = expect.objectContaining({ code: 'signature-refused' });
const request: SignedRequest = {
  method: 'POST',
  scheme: 'https',
  host: 'Home.Example:443',
  path: '/users/owner/inbox?a=%2F&b',
  headers: [
    ['date', 'Tue, 20 Apr 2021 02:07:55 GMT'],
    ['x-twice', 'one '],
    ['X-Twice', ' two'],
    ['x-empty', ''],
  ],
};
const read = (input: string, signature = 'sig1=:AAAA:', from = request) => readRfc9421(from, input, signature);

describe('RFC 9421 sections 3.2 and 4.3, appendix B', () => {
  test.each(rfcVectors)('$name: holds is $holds', async (vector) => {
    const signature = readRfc9421(vector.request, vector.input, vector.signature);
    const algorithm = vector.algorithm ?? signature.algorithm;
    const key = publicKeyFromPem(rfcKeys[vector.key]);
    expect(await verifySignature({ ...signature, algorithm }, key)).toBe(vector.holds);
    expect(await verifySignature({ ...signature, algorithm, base: `${signature.base}\n` }, key)).toBe(false);
  });

  test('B.2.2 covers a component with a parameter, which is refused', () => {
    const input = 'sig-b22=("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="k"';
    expect(() => read(input, 'sig-b22=:AAAA:')).toThrowError(refusal);
  });
});

describe('readRfc9421()', () => {
  test('builds the base from what the request is (section 2.5)', () => {
    const input =
      'sig1=("@method" "@target-uri" "@authority" "@scheme" "@request-target" "@path" "@query" "date" "x-twice" "x-empty")' +
      ';created=1618884473;expires=1618884533;keyid="https://peer.example/#k";alg="ed25519";nonce="n\\"n";tag="t"';
    const signature = read(input);
    expect(signature.base).toBe(
      [
        '"@method": POST',
        '"@target-uri": https://home.example/users/owner/inbox?a=%2F&b',
        '"@authority": home.example',
        '"@scheme": https',
        '"@request-target": /users/owner/inbox?a=%2F&b',
        '"@path": /users/owner/inbox',
        '"@query": ?a=%2F&b',
        '"date": Tue, 20 Apr 2021 02:07:55 GMT',
        '"x-twice": one, two',
        '"x-empty": ',
        `"@signature-params": ${input.slice('sig1='.length)}`,
      ].join('\n'),
    );
    expect(signature).toMatchObject({
      by: 'rfc9421',
      keyId: 'https://peer.example/#k',
      algorithm: 'ed25519',
      created: 1618884473,
      expires: 1618884533,
    });
  });

  test('a missing query is a lone question mark (section 2.2.7), and a foreign port stays', () => {
    const from = { ...request, host: 'home.example:8443', path: '/inbox' };
    const { base } = read('sig1=("@query" "@authority" "@path");created=1;keyid="k"', undefined, from);
    expect(base).toContain('"@query": ?\n"@authority": home.example:8443\n"@path": /inbox\n');
  });

  test.each([
    ['nothing', '', 'sig1=:AAAA:'],
    ['no dictionary', '("@method");keyid="k"', 'sig1=:AAAA:'],
    ['a signature that is no dictionary', 'sig1=("@method");keyid="k"', 'keyId="k"'],
    ['labels that differ', 'sig1=("@method");keyid="k"', 'sig2=:AAAA:'],
    ['two signatures', 'a=("@method");keyid="k", b=("@method");keyid="k"', 'a=:AAAA:, b=:AAAA:'],
    ['two inputs of one label', 'sig1=("@method");keyid="k", sig1=();keyid="k"', 'sig1=:AAAA:'],
    ['two signatures of one label', 'sig1=("@method");keyid="k"', 'sig1=:AAAA:, sig1=:AAAB:'],
    ['a trailing comma', 'sig1=("@method");keyid="k",', 'sig1=:AAAA:'],
    ['an input that is no list', 'sig1="@method";keyid="k"', 'sig1=:AAAA:'],
    ['a signature that is text', 'sig1=("@method");keyid="k"', 'sig1="AAAA"'],
    ['a component that is a token', 'sig1=(method);keyid="k"', 'sig1=:AAAA:'],
    ['a component in capitals', 'sig1=("Date");keyid="k"', 'sig1=:AAAA:'],
    ['a component twice', 'sig1=("date" "date");keyid="k"', 'sig1=:AAAA:'],
    [';sf', 'sig1=("date";sf);keyid="k"', 'sig1=:AAAA:'],
    ['a component of the request in a response', 'sig1=("@method";req);keyid="k"', 'sig1=:AAAA:'],
    ['@status', 'sig1=("@status");keyid="k"', 'sig1=:AAAA:'],
    ['@signature-params', 'sig1=("@signature-params");keyid="k"', 'sig1=:AAAA:'],
    ['a field that the request lacks', 'sig1=("digest");keyid="k"', 'sig1=:AAAA:'],
    ['no keyid', 'sig1=("@method");created=1', 'sig1=:AAAA:'],
    ['an empty keyid', 'sig1=("@method");keyid=""', 'sig1=:AAAA:'],
    ['a keyid that is a token', 'sig1=("@method");keyid=k', 'sig1=:AAAA:'],
    ['a symmetric algorithm', 'sig1=("@method");keyid="k";alg="hmac-sha256"', 'sig1=:AAAA:'],
    ['an algorithm that is a token', 'sig1=("@method");keyid="k";alg=ed25519', 'sig1=:AAAA:'],
    ['created with a fraction', 'sig1=("@method");keyid="k";created=1.5', 'sig1=:AAAA:'],
    ['created as text', 'sig1=("@method");keyid="k";created="1"', 'sig1=:AAAA:'],
    ['created as a date', 'sig1=("@method");keyid="k";created=@1', 'sig1=:AAAA:'],
    ['expires without a value', 'sig1=("@method");keyid="k";expires', 'sig1=:AAAA:'],
  ])('refuses %s', (_, input, signature) => {
    expect(() => read(input, signature)).toThrowError(refusal);
  });

  test('a comma inside a string is not a second member', () => {
    expect(read('sig1=("@method");keyid="a,b\\"c,"').keyId).toBe('a,b"c,');
  });

  test('different requests have different bases, and each component has its own line', () => {
    const part = fc.stringMatching(/^[a-z0-9%&=]{0,8}$/);
    const requests = fc
      .record({ host: fc.domain(), path: fc.tuple(part, part), method: fc.constantFrom('GET', 'POST', 'PUT') })
      .map(({ host, path, method }) => ({ ...request, host, method, path: `/${path.join('?')}` }));
    const input = 'sig1=("@method" "@authority" "@path" "@query");created=1;keyid="k"';
    fc.assert(
      fc.property(requests, requests, (left, right) => {
        const bases = [left, right].map((from) => read(input, undefined, from).base);
        const names = (from: SignedRequest) =>
          `${from.method} ${from.host.toLowerCase()} ${from.path.replace(/\?$/, '')}`;
        expect(bases[0] === bases[1]).toBe(names(left) === names(right));
        expect(bases[0]?.split('\n')).toHaveLength(5);
      }),
      { numRuns: 100 },
    );
  });

  test('no header makes it throw anything but a refusal', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[a-z]=\(("[a-z@]{1,4}"){0,2}\)(;[a-z]=[0-9":]{0,4}){0,3}$/));
    fc.assert(
      fc.property(text, text, (input, signature) => {
        try {
          read(input, signature);
        } catch (thrown) {
          expect(thrown).toEqual(refusal);
        }
      }),
    );
  });
});
