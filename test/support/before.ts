// The programs of the version before this one (test/vectors/before/), unpacked so that they run.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

const root = join(import.meta.dirname, '..', '..');

export interface Before {
  /** For Domain.useEdge. */
  readonly edge: readonly string[];
  /** For Domain.startHome: its entry. */
  readonly home: string;
}

/** Into a new folder `folder`/before. */
export function unpackBefore(folder: string): Before {
  const [edge, home] = ['edge', 'home'].map((name) => {
    const into = join(folder, 'before', name);
    const packed = readFileSync(join(root, 'test', 'vectors', 'before', `${name}.json.br`));
    const files = JSON.parse(brotliDecompressSync(packed).toString('utf8')) as Record<string, string>;
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(into, path)), { recursive: true });
      writeFileSync(join(into, path), text);
    }
    return { into, main: Object.keys(files).find((path) => /(^|\/)main\.js$/.test(path)) ?? 'main.js' };
  });
  if (edge === undefined || home === undefined) throw new Error('nothing was unpacked');
  const runner = join(root, 'test', 'support', 'edge-of-before.ts');
  return { edge: [runner, '--release', edge.into], home: join(home.into, home.main) };
}
