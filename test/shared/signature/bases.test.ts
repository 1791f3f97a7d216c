// Properties of what is signed: two requests that differ in anything covered have different bases, one request has the
// base that the text of the specification gives, and digests and lists are read strictly.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCavage } from '../../../shared/signature/cavage.ts';
import { readContentDigest, readDigest, requireDigests } from '../../../shared/signature/digest.ts';
import type { SignedRequest } from '../../../shared/signature/request.ts';
import { readRfc9421 } from '../../../shared/signature/rfc9421.ts';
import { base64 } from './signing.ts';

const refusal = expect.objectContaining({ code: 'signature-refused' });
const value = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
const fieldNames = ['date', 'digest', 'content-type', 'x-own', 'user-agent'] as const;
const requests = fc
  .record({
    host: fc.domain(),
    path: fc.stringMatching(/^\/[a-z0-9/.%]{0,12}(\?[a-z=&]{0,6})?$/),
    values: fc.array(value, { minLength: fieldNames.length, maxLength: fieldNames.length }),
  })
  .map(
    ({ host, path, values }): SignedRequest => ({
      method: 'POST',
      scheme: 'https',
      host,
      path,
      headers: [['host', host], ...fieldNames.map((name, at): [string, string] => [name, values[at] ?? ''])],
    }),
  );
const lists = fc.shuffledSubarray(['(request-target)', 'host', ...fieldNames], { minLength: 1 });
const fieldOf = ({ headers }: SignedRequest, name: string) => headers.find(([each]) => each === name)?.[1] ?? '';

describe('the signing string of draft-cavage', () => {
  const baseOf = (request: SignedRequest, list: readonly string[]): string =>
    readCavage(request, `keyId="k",algorithm="rsa-sha256",headers="${list.join(' ')}",signature="AAAA"`).base;

  test('has a line for each name in the order of the list, as section 2.3 says', () => {
    fc.assert(
      fc.property(requests, lists, (request, list) => {
        const line = (name: string) => (name === '(request-target)' ? `post ${request.path}` : fieldOf(request, name));
        expect(baseOf(request, list)).toBe(list.map((name) => `${name}: ${line(name)}`).join('\n'));
      }),
    );
  });

  test('is the same for two requests only if all that is covered is the same', () => {
    fc.assert(
      fc.property(requests, requests, lists, fc.boolean(), (one, other, list, mixed) => {
        // Often but one field is another, or none.
        const second = mixed ? { ...one, headers: [...one.headers.slice(0, -1), ...other.headers.slice(-1)] } : other;
        const covered = (request: SignedRequest) =>
          JSON.stringify(list.map((name) => (name === '(request-target)' ? request.path : fieldOf(request, name))));
        expect(baseOf(one, list) === baseOf(second, list)).toBe(covered(one) === covered(second));
      }),
    );
  });

  test('does not depend on how names of fields are written, nor on blanks around values', () => {
    fc.assert(
      fc.property(requests, lists, fc.stringMatching(/^[ \t]{0,3}$/), (request, list, blank) => {
        const headers = request.headers.map(([name, each]): [string, string] => [
          name.toUpperCase(),
          `${blank}${each}${blank}`,
        ]);
        expect(baseOf({ ...request, headers }, list)).toBe(baseOf(request, list));
      }),
    );
  });

  test('a list with a name twice, a name that is none, or of a header that is not there is refused', () => {
    fc.assert(
      fc.property(
        requests,
        lists,
        fc.constantFrom('', 'a b\u00e9', '(keyid)', 'x-nothing', 'da te:'),
        (request, list, bad) => {
          const twice = [...list, list[0] ?? ''];
          expect(() => baseOf(request, twice)).toThrowError(refusal);
          expect(() => baseOf(request, [...list, bad])).toThrowError(refusal);
        },
      ),
    );
  });
});

describe('the signature base of RFC 9421', () => {
  const baseOf = (request: SignedRequest, list: readonly string[]): string =>
    readRfc9421(request, `s=(${list.map((name) => `"${name}"`).join(' ')});created=1;keyid="k"`, 's=:AAAA:').base;
  const components = fc.shuffledSubarray(['@method', '@target-uri', '@authority', '@scheme', 'host', ...fieldNames], {
    minLength: 1,
  });

  test('has a line for each component in the order of the list, and the parameters last (section 2.5)', () => {
    fc.assert(
      fc.property(requests, components, (request, list) => {
        const derived: Record<string, string> = {
          '@method': 'POST',
          '@target-uri': `https://${request.host.toLowerCase()}${request.path}`,
          '@authority': request.host.toLowerCase(),
          '@scheme': 'https',
        };
        const lines = list.map((name) => `"${name}": ${derived[name] ?? fieldOf(request, name)}`);
        const input = `(${list.map((name) => `"${name}"`).join(' ')});created=1;keyid="k"`;
        expect(baseOf(request, list)).toBe([...lines, `"@signature-params": ${input}`].join('\n'));
      }),
    );
  });

  test('another order is another base, and a component twice is refused', () => {
    fc.assert(
      fc.property(requests, components, (request, list) => {
        const turned = [...list].reverse();
        expect(baseOf(request, turned) === baseOf(request, list)).toBe(list.length === 1);
        expect(() => baseOf(request, [...list, list[0] ?? ''])).toThrowError(refusal);
      }),
    );
  });
});

describe('digests', () => {
  const bodies = fc.uint8Array({ maxLength: 200 }).map((bytes) => Uint8Array.from(bytes));
  const algorithms = fc.constantFrom('SHA-256' as const, 'SHA-512' as const);
  const requestWith = (headers: SignedRequest['headers']): SignedRequest => ({
    method: 'POST',
    scheme: 'https',
    host: 'home.example',
    path: '/inbox',
    headers,
  });

  test('hold for their own body and for no other', async () => {
    await fc.assert(
      fc.asyncProperty(bodies, bodies, algorithms, async (body, other, algorithm) => {
        const hash = base64(await crypto.subtle.digest(algorithm, body));
        for (const request of [
          requestWith([['Digest', `${algorithm}=${hash}`]]),
          requestWith([['Content-Digest', `${algorithm.toLowerCase()}=:${hash}:`]]),
        ]) {
          const sha256 = await requireDigests(request, body);
          expect(sha256 === null).toBe(algorithm === 'SHA-512');
          const isSame = base64(other) === base64(body);
          const held = await requireDigests(request, other).then(
            () => true,
            (thrown: unknown) => {
              expect(thrown).toEqual(refusal);
              return false;
            },
          );
          expect(held).toBe(isSame);
        }
      }),
    );
  });

  test('are read strictly: what is read is what is written, and of a known algorithm', () => {
    const text = fc.oneof(
      fc.string(),
      fc.stringMatching(/^(SHA-256|sha-512|MD5)=:?[A-Za-z0-9+/]{0,44}={0,2}:?(,a=b)?$/),
      fc.uint8Array({ maxLength: 64 }).map((bytes) => `SHA-256=${base64(Uint8Array.from(bytes))}`),
      fc.uint8Array({ maxLength: 64 }).map((bytes) => `sha-256=:${base64(Uint8Array.from(bytes))}:`),
    );
    let read = 0;
    fc.assert(
      fc.property(text, (field) => {
        for (const reader of [readDigest, readContentDigest]) {
          try {
            const { algorithm, value: bytes } = reader(field);
            read += 1;
            const [name = '', ...rest] = field.split('=');
            expect(name.toUpperCase()).toBe(algorithm);
            // RFC 9651 section 4.2.7: padding that is missing is made up for. In Digest it must be there.
            const written = rest.join('=').replaceAll(':', '');
            if (reader === readDigest) expect(written).toBe(base64(bytes));
            else expect(base64(Uint8Array.from(atob(written), (one) => one.charCodeAt(0)))).toBe(base64(bytes));
          } catch (thrown) {
            expect(thrown).toEqual(refusal);
          }
        }
      }),
      { numRuns: 500 },
    );
    expect(read).toBeGreaterThan(20);
  });
});
