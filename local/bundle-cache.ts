// Bundles that were made before, for edges that start again and again on this machine: as long as no file is another one
// that is in them, nor anything that says how they are made. What is deployed is never taken from here.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { WorkerBundle, WorkerEntry } from './edge-bundle.ts';

const root = join(import.meta.dirname, '..');

/** What decides how a bundle is made, and what its imports mean, without being in it. */
const beside = [
  'local/edge-bundle.ts',
  'node_modules/.package-lock.json',
  'tsconfig.base.json',
  'edge/tsconfig.json',
  'shared/tsconfig.json',
];

interface Kept {
  readonly text: string;
  /** Path from the repository → digest. */
  readonly files: Readonly<Record<string, string>>;
}

export type Bundles = (entry: WorkerEntry) => Promise<WorkerBundle>;

/** The bundle of the entry as its files are now; `bundle` makes it where none is kept in `folder`. */
export async function keptBundle(
  entry: WorkerEntry,
  bundle: Bundles = bundleNow,
  folder: string = join(root, 'node_modules', '.cache', 'porchlight'),
): Promise<string> {
  const path = join(folder, `worker-${digestOf(JSON.stringify(entry))}.json`);
  const kept = readKept(path);
  if (kept !== null) return kept.text;
  const since = Date.now();
  const made = await bundle(entry);
  const files = [...beside, ...made.files];
  // One that was written meanwhile may be in it as it was before.
  if (files.every((file) => statSync(join(root, file)).mtimeMs < since)) keep(path, made.text, files);
  return made.text;
}

/** esbuild is loaded only where it is needed. */
async function bundleNow(entry: WorkerEntry): Promise<WorkerBundle> {
  const { bundleWithFiles } = await import('./edge-bundle.ts');
  return await bundleWithFiles(entry);
}

function keep(path: string, text: string, files: readonly string[]): void {
  const kept: Kept = { text, files: Object.fromEntries(files.map((file) => [file, digestOfFile(file)])) };
  // Others may read or make the same one at the same time.
  const own = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(own, JSON.stringify(kept));
    renameSync(own, path);
  } catch {
    // Where nothing can be kept each start bundles.
  }
}

/** null: none is kept, or not of these files. */
function readKept(path: string): Kept | null {
  try {
    const kept = JSON.parse(readFileSync(path, 'utf8')) as Kept;
    return Object.entries(kept.files).every(([file, digest]) => digestOfFile(file) === digest) ? kept : null;
  } catch {
    // Not there, or no file of ours: it is made anew.
    return null;
  }
}

function digestOfFile(path: string): string {
  return digestOf(readFileSync(join(root, path)));
}

function digestOf(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32);
}
