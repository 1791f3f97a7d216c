// Which language a page of the edge's own speaks.

import { expect, test } from 'vitest';
import { pageLanguage } from '../../../edge/pages/language.ts';

test.each([
  ['de', 'fr', 'de'],
  ['de-AT', null, 'de'],
  ['EN-gb', 'fr', 'en'],
  ['pt-BR', 'fr;q=0.5, es;q=0.8, en;q=0.1', 'es'],
  ['pt', 'pt, ja', 'en'],
  [null, 'de-CH', 'de'],
  [null, 'xx, fr;q=0', 'en'],
  [null, null, 'en'],
  ['constructor', '__proto__', 'en'],
  [null, `${'x,'.repeat(10_000)}fr`, 'en'],
])('a site in %s, a browser that asks for %s: %s', (site, accepted, expected) => {
  expect(pageLanguage(site, accepted)).toBe(expected);
});
