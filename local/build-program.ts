// The home node as a few JavaScript files by esbuild: one for each program and thread, and what they share in others, so
// that a command loads only what it needs. All of them lie flat in one folder, which home-node/program-files.ts counts on.

import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, transform } from 'esbuild';

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
};

/** What the command loads, if it is there. */
const commandLine = 'home-node/cli/index.ts';

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
      // Add-ons that ws would look for in whatever folder above happens to have them.
      'process.env.WS_NO_BUFFER_UTIL': '"1"',
      'process.env.WS_NO_UTF_8_VALIDATE': '"1"',
    },
    // Libraries of the older kind ask for Node's modules by `require`.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
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
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([path]) => path),
  );
}
