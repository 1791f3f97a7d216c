// The Worker as one module, by esbuild as `wrangler deploy` would make it.

import { join } from 'node:path';
import { build } from 'esbuild';

/** A file, or a text that stands as if it were a file in `folder`. */
export type WorkerEntry = string | { readonly text: string; readonly folder: string };

export interface WorkerBundle {
  readonly text: string;
  /** Files that are in it, as paths from the repository. */
  readonly files: readonly string[];
}

export async function bundleWorker(entry: WorkerEntry): Promise<string> {
  return (await bundleWithFiles(entry)).text;
}

export async function bundleWithFiles(entry: WorkerEntry): Promise<WorkerBundle> {
  const { outputFiles, metafile } = await build({
    ...(typeof entry === 'string'
      ? { entryPoints: [entry] }
      : { stdin: { contents: entry.text, resolveDir: entry.folder, loader: 'ts' } }),
    // Comments name files from here: the bundle is the same wherever it is made.
    absWorkingDir: join(import.meta.dirname, '..'),
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    loader: { '.sql': 'text', '.html': 'text', '.txt': 'text' },
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'silent',
  });
  const [bundle] = outputFiles;
  if (bundle === undefined) throw new Error('Cannot bundle the Worker: esbuild wrote nothing.');
  return { text: bundle.text, files: Object.keys(metafile.inputs).filter((path) => path !== '<stdin>') };
}
