// The other processor that owners have (most small computers are arm64), by qemu's emulation of single programs and
// Debian's libraries for it. Without them the tests that need it are skipped, and say so (other-nodes.ts).

import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasOtherNodes, otherNodes, skipUnless } from './other-nodes.ts';

const qemu = '/usr/bin/qemu-aarch64-static';
const libraries = '/usr/aarch64-linux-gnu';

export const hasArm64 = hasOtherNodes && existsSync(qemu) && existsSync(join(libraries, 'lib', 'libstdc++.so.6'));

skipUnless(
  hasArm64,
  'tests of the package on arm64',
  `What emulates arm64 is not installed (${qemu}, ${libraries}, test/nodes; .ci/run names the Debian packages)`,
);

/**
 * Writes a program into `folder` that is an arm64 Node to whoever starts it, and that starts children the same way: the
 * kernel of this machine would not know what to do with Node's own file.
 */
export function arm64Node(folder: string): string {
  const program = join(folder, 'node');
  const children = join(folder, 'arm64-children.mjs');
  writeFileSync(children, `process.execPath = ${JSON.stringify(program)};\n`);
  writeFileSync(program, `#!/bin/sh\nexec ${qemu} -L ${libraries} '${otherNodes.arm64}' --import '${children}' "$@"\n`);
  chmodSync(program, 0o755);
  return program;
}
