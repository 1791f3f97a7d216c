// What may be asked of a home node that runs, by the names that commands use.

import { PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { HomeNode } from '../node.ts';
import type { OnProgress } from '../progress.ts';
import type { ControlCalls } from './server.ts';

/** `handOver`: gives the folder to the process with this id; resolves to the one that answers visitors meanwhile. */
export function controlCalls(
  node: HomeNode,
  handOver: (to: number, onProgress: OnProgress) => Promise<number>,
): ControlCalls {
  return {
    status: async () => await node.report(),
    sleep: async ({ wakeAt }, onProgress) => await node.sleep(timeOrNull(wakeAt), onProgress),
    wake: async (_, onProgress) => {
      await node.wake(onProgress);
      return await node.report();
    },
    'key-rotate': async () => await node.awake.deeds.rotateKey(),
    'service-stop': async ({ name, until }) => await node.awake.deeds.stopService(textOf(name), timeOrNull(until)),
    'service-start': async ({ name }) => await node.awake.deeds.startService(textOf(name)),
    'spool-waiting': async ({ after }) => await node.awake.deeds.api.waiting(numberOf(after), limits.spoolListed),
    'spool-dead': async () => await node.awake.deeds.api.deadLetters(),
    'spool-show': async ({ name }) => await node.awake.deeds.api.delivery(textOf(name)),
    'spool-hurry': async ({ seq }) => await node.awake.deeds.api.hurry(numberOf(seq)),
    'spool-retry-dead': async ({ seq }) => await node.awake.deeds.retryDead(numberOf(seq)),
    'spool-discard': async ({ seq }) => await node.awake.deeds.api.discardWaiting(numberOf(seq)),
    'spool-discard-dead': async ({ seq }) => await node.awake.deeds.api.discardDead(numberOf(seq)),
    'spool-replay': async ({ since }) => await node.awake.deeds.replaySince(numberOf(since)),
    'spool-replay-one': async ({ seq, id }) => await node.awake.deeds.replayOne(numberOf(seq), textOf(id)),
    'hand-over': async ({ to }, onProgress) => await handOver(numberOf(to), onProgress),
    claim: async ({ code }) => await node.claim(textOf(code)),
  };
}

function numberOf(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw malformed('Cannot do what is asked: a number is missing');
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw malformed('Cannot do what is asked: a text is missing');
}

function timeOrNull(value: unknown): number | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw malformed('Cannot do what is asked: the time is no number of ms since the epoch');
}

function malformed(found: string): PorchlightError {
  return new PorchlightError(
    'control-malformed',
    `${found}; restart the home node, which may be older than this command.`,
  );
}
