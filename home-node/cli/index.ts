#!/usr/bin/env node
// The program `porchlight`. Errors end here: their message on standard error, and an exit code that scripts can read.

import { homedir } from 'node:os';
import { systemClock, systemRandom } from '../../shared/clock.ts';
import type { Cli } from './cli.ts';
import { exitCodeOf } from './exit-codes.ts';
import { runProgram } from './program.ts';
import { sayError } from './say-error.ts';
import { Terminal } from './terminal.ts';

// What is written is its user's alone, whatever rights the folder has: keys, backups, who sent what to whom.
process.umask(0o077);

const { stdin: input, stdout: output, stderr: errors, env } = process;
const terminal = new Terminal({ input, output, errors, env });
const cli: Cli = {
  terminal,
  clock: systemClock,
  random: systemRandom,
  env,
  homeDirectory: homedir(),
  exitWith: (code) => {
    process.exitCode = code;
  },
};

// Whoever reads the result may have seen enough (`| head`).
output.on('error', (cause: NodeJS.ErrnoException) => {
  if (cause.code === 'EPIPE') process.exit();
  throw cause;
});
// Nobody hears any more what is said on the way: no reason for a home to end.
errors.on('error', (cause: NodeJS.ErrnoException) => {
  if (cause.code !== 'EPIPE') throw cause;
});

const args = process.argv.slice(2);
runProgram(cli, args).catch((thrown: unknown) => {
  sayError(terminal, args, thrown);
  process.exitCode = exitCodeOf(thrown);
});
