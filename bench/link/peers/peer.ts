// What stands beside our link in its benchmark: a tunnel that carries visitors to the same origin. A file each. Every
// one is set up as its own documents recommend for a home, encrypted between its two sides wherever it can be.

import { spawnSync } from 'node:child_process';
import type { Certificates } from '../../../test/support/certificates.ts';

/** What a tunnel is given. */
export interface Ground {
  /** Its own, empty. */
  readonly folder: string;
  /** Where the origin listens, plain HTTP on 127.0.0.1. */
  readonly originPort: number;
  /** For localhost, 127.0.0.1. */
  readonly certificates: Certificates;
}

/** A tunnel that carries. */
export interface Tunnel {
  /** Where visitors come in by plain HTTP, on 127.0.0.1. */
  readonly plainPort: number;
  /** Where they come in by HTTPS; null: it has no HTTPS of its own, and something must stand before it. */
  readonly httpsPort: number | null;
  /** Host header that is carried; undefined: any. */
  readonly host?: string;
  /** The process at home, and the one that visitors reach. What they started counts with them. Null: there is none. */
  readonly homePid: number | null;
  readonly edgePid: number | null;
  stop(): Promise<void>;
}

export interface Peer {
  readonly name: string;
  /** Its version as it says itself; null when it is not on the PATH. */
  version(): string | null;
  /** What a reader of its figures must know. */
  readonly note?: string;
  start(ground: Ground): Promise<Tunnel>;
}

/** What a program prints of its version, `form` telling where; null when there is no such program. */
export function saidVersion(command: string, args: readonly string[], form = /(\d+\.\d+[\w.-]*)/): string | null {
  const { error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (error !== undefined) return null;
  return form.exec(`${stdout}${stderr}`)?.[1] ?? 'of unknown version';
}
