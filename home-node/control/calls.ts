// What may be asked of a home node that runs, by the names that commands use.

import { PorchlightError } from '../../shared/errors.ts';
import type { HomeNode } from '../node.ts';
import type { ControlCalls } from './server.ts';

export function controlCalls(node: HomeNode): ControlCalls {
  return {
    status: async () => await node.report(),
    sleep: async ({ wakeAt }, onProgress) => await node.sleep(timeOrNull(wakeAt), onProgress),
    wake: async (_, onProgress) => {
      await node.wake(onProgress);
      return await node.report();
    },
    claim: async ({ code }) => await node.claim(textOf(code)),
  };
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new PorchlightError('control-malformed', 'Cannot do that: a text is missing.');
}

function timeOrNull(value: unknown): number | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new PorchlightError('control-malformed', 'Cannot sleep: the time to wake is no number of ms since the epoch.');
}
