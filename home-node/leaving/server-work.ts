// What a running service says of its work on what it took: in a document for all, at its loopback address.

import { PorchlightError } from '../../shared/errors.ts';
import type { Work } from '../adapters/adapter.ts';
import type { WorkReport } from '../adapters/server-adapter.ts';
import { type AskedService, publicJson } from './public-answers.ts';

/** `now`: another at each call. Throws `service-leavings` where it does not say so, and what a connection throws. */
export async function workOf(service: AskedService, report: WorkReport, now: number): Promise<Work> {
  const { path, done, waiting } = report;
  // What it said a while ago is remembered by the whole address, and told again.
  const said = await publicJson(service, `${path}?asked=${now}`);
  const [isDone, waits] = [said?.[done], said?.[waiting]];
  if (typeof isDone === 'number' && typeof waits === 'number') return { done: isDone, waiting: waits };
  throw new PorchlightError(
    'service-leavings',
    `Cannot learn what the service leaves: ${path} does not say what it is at work on; see whether it has that page.`,
  );
}
