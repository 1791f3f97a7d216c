// Where the owner's commands find the home node that runs on a data folder: a Unix socket in it, which only the user may
// open who runs the home node. Who may open it may do everything the owner may: it is as private as the key beside it.

import { join } from 'node:path';
import { PorchlightError } from '../../shared/errors.ts';

/** sun_path of sockaddr_un holds 108 bytes on Linux and 104 elsewhere, with a zero at the end (unix(7)). */
const longestBytes = 103;

/** Throws `folder-path-too-long`. */
export function controlSocketPath(folder: string): string {
  const path = join(folder, 'control.sock');
  const bytes = Buffer.byteLength(path);
  if (bytes <= longestBytes) return path;
  throw new PorchlightError(
    'folder-path-too-long',
    `Cannot use ${folder}: a socket in it would have a name of ${bytes} bytes, and the system takes ${longestBytes}; choose a shorter path.`,
  );
}
