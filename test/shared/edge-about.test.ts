// What an edge says of itself, as others read it.

import { describe, expect, test } from 'vitest';
import { readEdgeAbout } from '../../shared/edge-about.ts';

const about = { software: 'porchlight', version: '1.2.3', build: 'abc', linkVersions: [2, 1] };

describe('readEdgeAbout()', () => {
  test('reads what an edge says, and leaves out what it does not know', () => {
    expect(readEdgeAbout({ ...about, more: true })).toEqual(about);
    expect(readEdgeAbout({ ...about, linkVersions: ['1', null, 2] })?.linkVersions).toEqual([2]);
  });

  test('takes other software, and what is not said as it must be, for no edge', () => {
    for (const changed of [
      { software: 'mastodon' },
      { software: undefined },
      { version: 3 },
      { build: null },
      { linkVersions: 7 },
    ]) {
      expect(readEdgeAbout({ ...about, ...changed })).toBeNull();
    }
    expect(readEdgeAbout({})).toBeNull();
  });
});
