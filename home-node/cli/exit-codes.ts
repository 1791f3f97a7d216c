// What a command's exit code says, for scripts. `porchlight --help` lists them, and docs/running.md does.

import type { ErrorCode } from '../../shared/error-codes.ts';
import { PorchlightError } from '../../shared/errors.ts';
import { supersededExitCode } from '../ended.ts';

export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  notRunning: 3,
  edge: 4,
  faults: 5,
  superseded: supersededExitCode,
  /** As shells say it of what SIGINT ended (128 + 2). */
  brokenOff: 130,
} as const;

export const exitCodeTable: readonly (readonly [number, string])[] = [
  [exitCodes.done, 'done'],
  [exitCodes.failed, 'it could not be done; the message says why and what to do'],
  [exitCodes.usage, 'the command line or porchlight.toml is not right; nothing was done'],
  [exitCodes.notRunning, 'no home node runs on this data folder'],
  [exitCodes.edge, 'the edge could not be reached, or it refused'],
  [exitCodes.faults, 'a check found something to mend (doctor, config check)'],
  [exitCodes.superseded, 'up: a newer home node with the same key took over; leave this one be'],
];

/** Of `npm run deploy`, which has none of its own but the last. */
export const deployExitCodeTable: readonly (readonly [number, string])[] = [
  [exitCodes.done, 'done, or nothing had to be'],
  [exitCodes.failed, 'it could not be done; the message says why, and what was made stays'],
  [exitCodes.usage, 'the command line is not right; nothing was done'],
  [exitCodes.edge, 'the edge could not be reached, or it refused'],
  [exitCodes.brokenOff, 'broken off by a signal, as Ctrl-C; what was made stays, and the next run goes on from there'],
];

const byCode: Readonly<Partial<Record<ErrorCode, number>>> = {
  options: exitCodes.usage,
  config: exitCodes.usage,
  'claim-code-malformed': exitCodes.usage,
  'not-running': exitCodes.notRunning,
  'edge-refused': exitCodes.edge,
  'operator-clock': exitCodes.edge,
  'operator-unknown': exitCodes.edge,
  'edge-unreachable': exitCodes.edge,
  'not-an-edge': exitCodes.edge,
};

/** As help shows them. */
export function exitCodesText(table: readonly (readonly [number, string])[]): string {
  return `Exit codes:\n${table.map(([code, says]) => `  ${String(code).padEnd(3)}  ${says}`).join('\n')}`;
}

export function exitCodeOf(thrown: unknown): number {
  return (thrown instanceof PorchlightError ? byCode[thrown.code] : undefined) ?? exitCodes.failed;
}
