// `npm run docs`: writes the documents that are made from code. A test compares them, so that none is out of date.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configurationManual } from '../shared/config/describe.ts';
import { errorManual } from '../shared/error-codes/describe.ts';

export interface MadeDocument {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: () => string;
}

export const madeDocuments: readonly MadeDocument[] = [
  { path: 'docs/configuration.md', text: configurationManual },
  { path: 'docs/errors.md', text: errorManual },
];

const root = join(import.meta.dirname, '..');

if (import.meta.main) {
  for (const { path, text } of madeDocuments) {
    writeFileSync(join(root, path), text());
    console.log(`Made ${path}.`);
  }
}
