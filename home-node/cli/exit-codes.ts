// What a command's exit code says, for scripts. `porchlight --help` lists them.

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

const byCode: Readonly<Partial<Record<ErrorCode, number>>> = {
  options: exitCodes.usage,
  config: exitCodes.usage,
  'claim-code-malformed': exitCodes.usage,
  'not-running': exitCodes.notRunning,
  'edge-refused': exitCodes.edge,
  'edge-unreachable': exitCodes.edge,
  'not-an-edge': exitCodes.edge,
};

export function exitCodeOf(thrown: unknown): number {
  return (thrown instanceof PorchlightError ? byCode[thrown.code] : undefined) ?? exitCodes.failed;
}
