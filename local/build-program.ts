// The home node as a few JavaScript files by esbuild: one for each program and thread, and what they share in others, so
// that a command loads only what it needs. All of them lie flat in one folder, which home-node/program-files.ts counts on.

import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { build, type Plugin, transform } from 'esbuild';

export interface ProgramBuild {
  /** The repository. */
  readonly root: string;
  /** Where the files go. */
  readonly folder: string;
  readonly version: string;
  /** The oldest Node that will do, as 22.19.0. */
  readonly oldestNode: string;
}

/** Name in dist/ and source of each program and thread. */
const entries: Readonly<Record<string, string>> = {
  main: 'home-node/main.ts',
  embedded: 'home-node/embedded/main.ts',
  'ledger-thread': 'home-node/intake/ledger-thread.ts',
  'sqlite-thread': 'home-node/leaving/sqlite-thread.ts',
};

/** What the command loads, if it is there. */
const commandLine = 'home-node/cli/index.ts';

/**
 * Node's own modules by `require`, whoever imports them: an import asks a module for everything that it exports, and has
 * what Node would load only when it is used loaded at once. `import 'node:http'` alone brings Node's own undici for the
 * sake of http.WebSocket, which took 14 MB of each command and of a home node that has no use for it.
 */
const nodeByRequire: Plugin = {
  name: 'node-by-require',
  setup({ onResolve, onLoad }) {
    const own = new Set(builtinModules.map((name) => name.replace(/^node:/, '')));
    onResolve({ filter: /^(node:)?[a-z][a-z0-9_/]*$/ }, ({ path, kind }) => {
      const name = path.replace(/^node:/, '');
      const isOwn = path.startsWith('node:') || own.has(name);
      return isOwn && kind === 'import-statement' ? { path: name, namespace: 'node' } : undefined;
    });
    onLoad({ filter: /.*/, namespace: 'node' }, ({ path }) => ({
      contents: `module.exports = require('node:${path}');`,
    }));
  },
};

/** undici's HTTP/2, and Node's with it (4 MB), when the first connection speaks it, and not when a program starts. */
const http2WhenUsed: Plugin = {
  name: 'http2-when-used',
  setup({ onResolve, onLoad }) {
    const file = 'client-h2.js';
    onResolve({ filter: /^\.\/client-h2\.js$/ }, ({ resolveDir, namespace }) =>
      namespace === 'file' ? { path: file, namespace: 'when-used', pluginData: resolveDir } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'when-used' }, ({ pluginData }) => ({
      contents: `module.exports = (...args) => require('./${file}')(...args);`,
      resolveDir: pluginData as string,
    }));
  },
};

/**
 * Libraries without their comments. esbuild keeps those in functions and classes, and one dash in one of them makes V8 hold
 * the whole file in two bytes a character, as long as the program runs: 12 MB of the embedded home.
 */
const withoutComments: Plugin = {
  name: 'without-comments',
  setup({ onLoad }) {
    onLoad({ filter: /\/node_modules\/.*\.[cm]?js$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, 'utf8'), { minifyWhitespace: true, legalComments: 'none' });
      return { contents: code };
    });
  },
};

/** Paths, from the repository, of all files of which something is in the built program. */
export async function buildProgram({ root, folder, version, oldestNode }: ProgramBuild): Promise<readonly string[]> {
  const hasCommandLine = existsSync(join(root, commandLine));
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: hasCommandLine ? { ...entries, cli: commandLine } : entries,
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: `node${oldestNode}`,
    // Names and lines stay: a stack trace that an owner sends must be readable, and maps would weigh more than that.
    minifySyntax: true,
    legalComments: 'none',
    metafile: true,
    define: {
      PORCHLIGHT_VERSION: JSON.stringify(version),
      'process.env.NODE_ENV': '"production"',
      // Leaves out undici's second parser, which nobody asks for: as Node does for its own undici.
      esbuildDetection: 'true',
      // Add-ons that ws would look for in whatever folder above happens to have them.
      'process.env.WS_NO_BUFFER_UTIL': '"1"',
      'process.env.WS_NO_UTF_8_VALIDATE': '"1"',
    },
    // Libraries of the older kind ask for Node's modules by `require`.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    plugins: [nodeByRequire, http2WhenUsed, withoutComments],
    logLevel: 'warning',
  });

  const command = join(folder, 'porchlight.js');
  const { code } = await transform(readFileSync(join(root, 'home-node', 'porchlight.mjs'), 'utf8'), {
    target: 'node14',
    define: {
      PORCHLIGHT_NODE: JSON.stringify(oldestNode),
      PORCHLIGHT_ENTRY: JSON.stringify(hasCommandLine ? './cli.js' : './main.js'),
    },
  });
  writeFileSync(command, code);
  chmodSync(command, 0o755);

  return Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs)
      // Those with a namespace before them are made above.
      .filter(([path, { bytesInOutput }]) => bytesInOutput > 0 && !/^[a-z-]+:/.test(path))
      .map(([path]) => path),
  );
}
