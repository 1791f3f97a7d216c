// Documents that are made from code say what the code says.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { madeDocuments } from '../../local/docs.ts';
import { root } from './source-files.ts';

test.each(madeDocuments)('$path is as `npm run docs` makes it', ({ path, text }) => {
  expect(readFileSync(join(root, path), 'utf8')).toBe(text());
});
