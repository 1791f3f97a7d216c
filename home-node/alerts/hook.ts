// Tells the owner by a command of the owner's own: a mail, a chat message, a lamp. The command gets the alert as JSON on
// standard input, and its kind and state in the environment. It is run directly, never by a shell: no text that
// others chose is ever part of a command line.

import { spawn } from 'node:child_process';
import { PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { AlertChange } from './raised.ts';

export type TellOwner = (change: AlertChange) => Promise<void>;

/** `command`: a program and its arguments. The promise rejects with `alert-hook` when it fails or takes too long. */
export function commandHook(
  command: readonly string[],
  domain: string,
  environment: Readonly<Record<string, string | undefined>>,
  hookMs: number = limits.alertHookMs,
): TellOwner {
  const [program = '', ...args] = command;
  return async ({ state, alert: { kind, text } }) => {
    const env = { ...environment, PORCHLIGHT_ALERT: kind, PORCHLIGHT_STATE: state, PORCHLIGHT_DOMAIN: domain };
    const child = spawn(program, args, {
      env,
      stdio: ['pipe', 'ignore', 'ignore'],
      timeout: hookMs,
      killSignal: 'SIGKILL',
    });
    // A command that does not read is no fault.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${JSON.stringify({ domain, alert: kind, state, text })}\n`);
    await new Promise<void>((resolve, reject) => {
      const fail = (found: string): void =>
        reject(
          new PorchlightError(
            'alert-hook',
            `Cannot tell the owner of ${kind}: the command ${program} ${found}; see [alerts] in porchlight.toml.`,
          ),
        );
      child.once('error', (cause) => fail(`cannot be run: ${cause.message}`));
      child.once('exit', (code, signal) => {
        if (code === 0) resolve();
        else fail(signal === null ? `ended with ${String(code)}` : `was ended after ${hookMs / 1000} s (${signal})`);
      });
    });
  };
}
