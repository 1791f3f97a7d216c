// The edge's own paths, in whatever spelling.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isOwnPath } from '../../shared/own-path.ts';

describe('isOwnPath()', () => {
  test('knows them however they are encoded', () => {
    const path = '/.porchlight/v1/spool';
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: path.length - 1, maxLength: path.length - 1 }), (encoded) => {
        const spelled = [...path.slice(1)].map((letter, at) =>
          encoded[at] === true ? `%${letter.charCodeAt(0).toString(16)}` : letter,
        );
        expect(isOwnPath(`/${spelled.join('')}`)).toBe(true);
      }),
    );
    for (const own of ['/.porchlight', '/.porchlight/', '/.PORCHLIGHT/x']) expect(isOwnPath(own)).toBe(true);
  });

  test('leaves to home what only looks like one', () => {
    for (const path of [
      '/',
      '/porchlight',
      '/.porchlights',
      '/a/.porchlight/',
      '/.well-known/x',
      '/%zz',
      '/%252eporchlight/',
    ]) {
      expect(isOwnPath(path)).toBe(false);
    }
  });
});
