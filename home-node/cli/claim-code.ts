// Where a claim code comes from: a command line can be read by everybody on the machine while the command runs, and stays
// in the shell's history. So it may come from standard input (`-`), or be asked for.

import type { Cli } from './cli.ts';

/** `typed`: as it stands on the command line, if it does. Throws `not-interactive`, `not-answered`. */
export async function claimCodeFrom({ terminal }: Cli, typed: string | undefined): Promise<string> {
  if (typed === '-') return await terminal.inputLine('the claim code');
  return typed ?? (await terminal.ask('Claim code: ', 'give it on standard input: porchlight claim -'));
}
