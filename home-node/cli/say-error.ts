// How a command ends that could not do what it was asked: one message on standard error, for people or, with --json,
// for programs: {"error": {"code", "message"}} on a line of its own, the last one.

import type { ErrorCode } from '../../shared/error-codes.ts';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import type { Terminal } from './terminal.ts';

/** `args`: the command line as typed; it need not be right. */
export function sayError(terminal: Terminal, args: readonly string[], thrown: unknown): void {
  const message = causeOf(thrown);
  if (!wantsJson(args)) {
    terminal.note(terminal.styleNote('red', message));
    return;
  }
  const code: ErrorCode = thrown instanceof PorchlightError ? thrown.code : 'internal';
  terminal.note(JSON.stringify({ error: { code, message } }));
}

function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? args.length : end).includes('--json');
}
