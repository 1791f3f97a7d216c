// The licences of everything that is bundled into the program, as one text. A library without a licence text, or with a
// licence that is not on the list, stops the build: nobody would notice it later.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { PorchlightError } from '../shared/errors.ts';

/** Permissive, and satisfied by giving the text along. */
const permissive = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];

/** Libraries that say MIT and whose holder is known, but that come without a file of the text. */
const withoutText: Readonly<Record<string, { readonly holder: string; readonly source: string }>> = {
  '@nodable/entities': {
    holder: 'Amit Gupta',
    source: 'package.json of @nodable/entities, https://github.com/nodable/val-parsers',
  },
  // Both have it in their README, which is no file of its own.
  'pg-types': { holder: '2014 Brian M. Carlson', source: 'README.md of pg-types' },
  pgpass: { holder: '2013-2016 Hannes Hörl', source: 'README.md of pgpass' },
  // Feedsmith, by the same holder, carries it along in its own dist folder, without its manifest.
  trousse: {
    holder: 'Maciej Lamberski',
    source: 'package.json of trousse, https://github.com/macieklamberski/trousse',
  },
};

interface Library {
  readonly name: string;
  /** null: it has no manifest, because another library carries it along. */
  readonly manifest: { readonly version: string; readonly license?: string } | null;
  readonly texts: readonly string[];
}

/** `bundled`: paths of files from `root`. Throws `licence` with all libraries that may not be given along. */
export function thirdPartyLicences(root: string, bundled: readonly string[]): string {
  const folders = new Set(bundled.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []));
  const libraries = [...folders].sort((a, b) => (a < b ? -1 : 1)).map((folder) => libraryAt(root, folder));
  const faults = libraries.flatMap((library) => faultOf(library) ?? []);
  if (faults.length > 0) {
    throw new PorchlightError(
      'licence',
      `Cannot build the package: ${faults.join('; ')}; choose another library, or see local/third-party.ts.`,
    );
  }
  const head = 'Porchlight contains the following libraries, each under the licence that is given with it.\n';
  // Two versions of one library are named, one text is enough.
  return [head, ...new Set(libraries.map(sectionOf))].join(`\n${'-'.repeat(78)}\n\n`);
}

function libraryAt(root: string, folder: string): Library {
  const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const path = join(root, folder, 'package.json');
  if (!existsSync(path)) return { name, manifest: null, texts: [] };
  const texts = readdirSync(join(root, folder))
    .filter((file) => /^(licen[cs]e|copying|notice)\b/i.test(file))
    .sort()
    .map((file) => readFileSync(join(root, posix.join(folder, file)), 'utf8').trim());
  return { name, manifest: JSON.parse(readFileSync(path, 'utf8')) as Library['manifest'], texts };
}

function faultOf({ name, manifest, texts }: Library): string | null {
  const known = withoutText[name];
  const licence = manifest === null ? (known === undefined ? 'none' : 'MIT') : (manifest.license ?? 'none');
  if (!permissive.includes(licence))
    return `the licence of ${name} is ${licence}, wanted one of ${permissive.join(', ')}`;
  if (texts.length > 0) return null;
  return licence === 'MIT' && known !== undefined ? null : `${name} has no licence text`;
}

function sectionOf({ name, manifest, texts }: Library): string {
  const title = manifest === null ? `${name} (MIT)` : `${name} ${manifest.version} (${manifest.license ?? ''})`;
  const known = withoutText[name];
  if (texts.length > 0 || known === undefined) return `${title}\n\n${texts.join('\n\n')}\n`;
  return `${title}, according to ${known.source}\n\n${mit(known.holder)}`;
}

const mit = (holder: string): string => `MIT License

Copyright (c) ${holder}

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`;
