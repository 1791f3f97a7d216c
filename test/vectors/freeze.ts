// Freezes the programs of a release, edge and home node, as test vectors: test/vectors/before/ holds those of the version
// before this one, and test/journey/upgrade.test.ts upgrades them. Whoever releases a version freezes it so for the next:
//
//   node test/vectors/freeze.ts CHECKOUT     a checkout of that commit, unchanged, with its own node_modules
//
// Each is one file: a JSON object, path → text, compressed by Brotli; what it holds runs when it lies in a folder
// (test/support/before.ts). The embedded home is left out: it is a program of its own, and larger than both.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build, transform } from 'esbuild';

type Files = Readonly<Record<string, string>>;

const [checkout] = process.argv.slice(2);
if (checkout === undefined) throw new Error('Cannot freeze: no checkout is named; call it as: freeze.ts CHECKOUT');

/** What an edge is: its Worker, as that checkout's own local/edge-bundle.ts makes it, its bindings, its D1 schema. */
async function edgeOf(root: string): Promise<Files> {
  const wrangler = readFileSync(join(root, 'wrangler.toml'), 'utf8');
  const main = /^main = "(.+)"$/m.exec(wrangler)?.[1] ?? 'edge/worker.ts';
  const { bundleWorker } = (await import(pathToFileURL(join(root, 'local', 'edge-bundle.ts')).href)) as {
    bundleWorker(entry: string): Promise<string>;
  };
  const { code } = await transform(await bundleWorker(join(root, main)), { minify: true, target: 'es2024' });
  return { 'wrangler.toml': wrangler, 'worker.js': code, ...folderOf(root, 'migrations/edge') };
}

/** What a home node is: main program, the thread of its ledger, its files' schemas. Flat, as it is installed. */
async function homeOf(root: string): Promise<Files> {
  // Up to 3b27351 each file asked where it lies itself, and started the thread from source beside it.
  const isFlat = existsSync(join(root, 'home-node', 'program-files.ts'));
  const at = isFlat ? '' : 'home-node/intake/';
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { main: 'home-node/main.ts', 'ledger-thread': 'home-node/intake/ledger-thread.ts' },
    outdir: root,
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    define: {
      'process.env.NODE_ENV': '"production"',
      'process.env.WS_NO_BUFFER_UTIL': '"1"',
      'process.env.WS_NO_UTF_8_VALIDATE': '"1"',
      ...(isFlat ? { PORCHLIGHT_VERSION: JSON.stringify(version) } : {}),
    },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
  return {
    'package.json': '{"type":"module"}\n',
    ...Object.fromEntries(outputFiles.map((file) => [at + relative(root, file.path), file.text])),
    ...(isFlat ? {} : { [`${at}ledger-thread.ts`]: "import './ledger-thread.js';\n" }),
    ...folderOf(root, 'migrations/home'),
  };
}

/** Its files, not those of folders in it. */
function folderOf(root: string, folder: string): Files {
  const names = readdirSync(join(root, folder), { withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    names.map(({ name }) => [`${folder}/${name}`, readFileSync(join(root, folder, name), 'utf8')]),
  );
}

for (const [name, files] of Object.entries({ edge: await edgeOf(checkout), home: await homeOf(checkout) })) {
  const packed = brotliCompressSync(JSON.stringify(files));
  const path = join(import.meta.dirname, 'before', `${name}.json.br`);
  writeFileSync(path, packed);
  console.log(`${relative(process.cwd(), path)}: ${Math.ceil(packed.byteLength / 1024)} KiB`);
  for (const [file, text] of Object.entries(files)) console.log(`  ${file} ${text.length}`);
}
