// Runs the program `porchlight` as a user would, in a process of its own, and hears what it says and how it ends.

import { spawn } from 'node:child_process';
import { join } from 'node:path';

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
