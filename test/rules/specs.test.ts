// docs/specs.md is a table that can be believed: each row says whether it is kept, and names files that are there.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from './source-files.ts';

const page = readFileSync(join(root, 'docs/specs.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| specification'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, section = '', kept = '', where = '']) => ({ section, kept, where }));
/** One with nothing beside it is the head of those below. */
const claims = rows.filter(({ kept, where }) => kept !== '' || where !== '');

describe('docs/specs.md', () => {
  test('has rows, and heads that stand above some', () => {
    expect(claims.length).toBeGreaterThan(30);
    for (const head of rows.filter((row) => !claims.includes(row))) expect(head.section).toMatch(/^\*\*.+\*\*$/);
  });

  test.each(claims)('says of "$section" whether it is kept, and where', ({ kept, where }) => {
    expect(kept).toMatch(/^(yes|partial: |no|stricter: )/);
    const named = [...where.matchAll(/`([^`]+)`|\]\(\.\.\/([^)]+)\)/g)].map(([, path, link]) => path ?? link ?? '');
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test('a part that is missing is said: "partial" alone tells nothing', () => {
    for (const { kept } of claims.filter((row) => row.kept.startsWith('partial')))
      expect(kept.length).toBeGreaterThan(20);
  });
});

test('FEDERATION.md has what FEP-67ff asks for: protocols, and FEPs', () => {
  const text = readFileSync(join(root, 'FEDERATION.md'), 'utf8');
  const heads = text.split('\n').filter((line) => line.startsWith('## '));
  expect(heads.slice(0, 3)).toEqual([
    '## Supported federation protocols and standards',
    '## Supported FEPs',
    '## ActivityPub',
  ]);
  const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path = '']) => path);
  expect(links.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
