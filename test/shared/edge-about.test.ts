// What an edge says of itself, as others read it.

import { describe, expect, test } from 'vitest';
import { edgeAbout, readEdgeAbout } from '../../shared/edge-about.ts';

describe('readEdgeAbout()', () => {
  test('reads what edgeAbout() made, whatever was left empty', () => {
    for (const about of [edgeAbout('1.2.3', 'abc', [2, 1]), edgeAbout('', '', [1])]) {
      expect(readEdgeAbout(JSON.parse(JSON.stringify(about)))).toEqual(about);
    }
  });

  test('takes other software for what it is, and members of a wrong kind for not said', () => {
    expect(readEdgeAbout({})).toBeNull();
    expect(readEdgeAbout({ software: 'mastodon', version: '1.2.3', build: 'abc', linkVersions: [1] })).toBeNull();
    const strange = { software: 'porchlight', version: 3, build: { a: 1 }, linkVersions: ['1', 1.5, 2], more: true };
    expect(readEdgeAbout(strange)).toEqual({
      software: 'porchlight',
      version: null,
      build: null,
      linkVersions: [2],
    });
    expect(readEdgeAbout({ software: 'porchlight', linkVersions: 7 })?.linkVersions).toEqual([]);
  });
});
