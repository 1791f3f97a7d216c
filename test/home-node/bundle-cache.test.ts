// Bundles of the local edge that are kept from one start to the next: never one of other files than are there now.

import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keptBundle } from '../../local/bundle-cache.ts';
import { bundleWithFiles, type WorkerEntry } from '../../local/edge-bundle.ts';

const root = join(import.meta.dirname, '..', '..');
let folder: string;
let entry: WorkerEntry;
let made: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-bundles-'));
  made = 0;
  write('part.ts', 'export const part = "one";');
  entry = { text: 'import { part } from "./part.ts"; export default { part };', folder };
});

afterEach(() => rmSync(folder, { recursive: true }));

const kept = (): string => join(folder, 'kept');

/** As a file that lay there for a while. */
function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
  utimesSync(join(folder, name), 1_000_000_000, 1_000_000_000);
}

async function bundled(at = kept()): Promise<string> {
  const bundle = async (wanted: WorkerEntry): Promise<Awaited<ReturnType<typeof bundleWithFiles>>> => {
    made += 1;
    return await bundleWithFiles(wanted);
  };
  return await keptBundle(entry, bundle, at);
}

test('a bundle is made once, and is the one that esbuild makes', async () => {
  const { text, files } = await bundleWithFiles(entry);
  expect(files).toEqual([relative(root, join(folder, 'part.ts'))]);
  expect([await bundled(), await bundled(), made]).toEqual([text, text, 1]);
});

test('it is made anew when a file of it is another one, of the same length and age too, or is gone', async () => {
  expect(await bundled()).toContain('"one"');
  write('part.ts', 'export const part = "two";');
  expect(await bundled()).toContain('"two"');
  rmSync(join(folder, 'part.ts'));
  await expect(bundled()).rejects.toThrow('part.ts');
  expect(made).toBe(3);
});

test('it is made anew when what is kept is damaged', async () => {
  await bundled();
  const [name = ''] = readdirSync(kept());
  writeFileSync(join(kept(), name), readFileSync(join(kept(), name)).subarray(0, 100));
  expect(await bundled()).toContain('"one"');
  expect(made).toBe(2);
});

test('it is not kept when a file of it was written while it was made', async () => {
  const late = async (wanted: WorkerEntry): Promise<Awaited<ReturnType<typeof bundleWithFiles>>> => {
    const bundle = await bundleWithFiles(wanted);
    writeFileSync(join(folder, 'part.ts'), 'export const part = "late";');
    return bundle;
  };
  expect(await keptBundle(entry, late, kept())).toContain('"one"');
  expect(await bundled()).toContain('"late"');
});

test('where nothing can be kept it is made each time', async () => {
  write('no-folder', '');
  const nowhere = join(folder, 'no-folder', 'kept');
  expect(await bundled(nowhere)).toContain('"one"');
  expect(await bundled(nowhere)).toContain('"one"');
  expect(made).toBe(2);
});
