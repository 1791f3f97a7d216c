// Runs the program `porchlight` as a user would, in a process of its own, and hears what it says and how it ends.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { askNode } from '../../home-node/control/client.ts';
import type { NodeReport } from '../../home-node/control/report.ts';
import { until } from './processes.ts';

const program = join(import.meta.dirname, '..', '..', 'home-node', 'cli', 'index.ts');

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export async function porchlight(
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly input?: string } = {},
): Promise<Ran> {
  // Where both are set, Node warns of it on standard error.
  const { FORCE_COLOR: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [program, ...args], { env: { ...inherited, NO_COLOR: '1', ...options.env } });
  const heard = { out: '', err: '' };
  child.stdout.on('data', (part: Buffer) => {
    heard.out += part.toString();
  });
  child.stderr.on('data', (part: Buffer) => {
    heard.err += part.toString();
  });
  child.stdin.end(options.input ?? '');
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, ...heard };
}

/** Until the home node that runs on this folder is awake. */
export async function untilAwake(folder: string): Promise<void> {
  await until('an awake home', async () => {
    try {
      const { state } = await askNode<NodeReport>(folder, 'status');
      return state === 'awake' ? true : null;
    } catch (thrown) {
      if ((thrown as { code?: unknown }).code === 'not-running') return null;
      throw thrown;
    }
  });
}
