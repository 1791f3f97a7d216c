// Asks the home node that runs on a data folder, over its control socket (server.ts).

import { type IncomingMessage, request } from 'node:http';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import type { OnProgress } from '../progress.ts';
import type { ControlLine } from './server.ts';
import { controlSocketPath } from './socket-path.ts';

/**
 * What the home node answers. Throws `not-running` when none runs on this folder, what the home node refused with, and
 * `control-broken` when it ended meanwhile, or `signal` ended the wait for it.
 */
export async function askNode<T>(
  folder: string,
  name: string,
  args: Readonly<Record<string, unknown>> = {},
  onProgress: OnProgress = () => undefined,
  signal?: AbortSignal,
): Promise<T> {
  // Only here: a home node loads this file for the case that it takes over from another, and would keep it in memory.
  const { createInterface } = await import('node:readline');
  const answer = await answerOf(folder, name, args, signal);
  try {
    // Made where it is read: lines that come before somebody iterates would be lost.
    for await (const line of createInterface({ input: answer })) {
      const said = lineOf(line);
      if (said === null) break;
      if ('progress' in said) onProgress(said.progress);
      else if ('result' in said) return said.result as T;
      else throw PorchlightError.heard(said.error.code, said.error.message);
    }
  } catch (thrown) {
    if (!cutOff.has((thrown as NodeJS.ErrnoException).code ?? '')) throw thrown;
  }
  throw new PorchlightError(
    'control-broken',
    `Cannot say what became of "${name}": the home node ended meanwhile; see porchlight status.`,
  );
}

/** Codes of an answer that broke off. */
const cutOff = new Set(['ECONNRESET', 'ABORT_ERR']);

/** null: it was cut off. */
function lineOf(line: string): ControlLine | null {
  try {
    return JSON.parse(line) as ControlLine;
  } catch {
    return null;
  }
}

async function answerOf(folder: string, name: string, args: object, signal?: AbortSignal): Promise<IncomingMessage> {
  const socketPath = controlSocketPath(folder);
  return await new Promise((resolve, reject) => {
    // A connection of its own: the next question may be for another home node at the same place.
    const asked = request({ socketPath, path: `/${name}`, method: 'POST', agent: false, signal }, (response) => {
      // A home node that ends cuts the answer off; that there is no last line says so.
      response.on('error', () => undefined);
      resolve(response);
    });
    asked.once('error', (cause) => reject(unreachable(folder, cause)));
    asked.end(JSON.stringify(args));
  });
}

/** ENOENT: nothing ever listened or it ended in order; ECONNREFUSED: it was killed (connect(2), unix(7)). */
function unreachable(folder: string, cause: NodeJS.ErrnoException): PorchlightError {
  if (cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED') {
    return new PorchlightError(
      'not-running',
      `Cannot ask the home node: none runs on ${folder}; start it with: porchlight up`,
    );
  }
  if (cause.code === 'EACCES') {
    return new PorchlightError(
      'control-denied',
      `Cannot ask the home node on ${folder}: it belongs to another user; run this as that user.`,
    );
  }
  return new PorchlightError(
    'control-broken',
    `Cannot ask the home node on ${folder}: ${causeOf(cause)}; see porchlight status, and repeat.`,
  );
}
