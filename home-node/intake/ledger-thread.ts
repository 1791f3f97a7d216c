// The thread of the ledger's upkeep: answers one request after another.

import { parentPort, workerData } from 'node:worker_threads';
import { causeOf } from '../../shared/errors.ts';
import { LedgerUpkeep } from './ledger-upkeep.ts';

export type UpkeepRequest =
  | { readonly op: 'prune'; readonly before: number }
  | { readonly op: 'senders' }
  | { readonly op: 'checkpoint' }
  | { readonly op: 'close' };

export type UpkeepResult = number | readonly string[] | null;

/** Answers come in the order of requests. */
export type UpkeepReply = { readonly result: UpkeepResult } | { readonly error: string };

function answer(upkeep: LedgerUpkeep, request: UpkeepRequest): UpkeepResult {
  switch (request.op) {
    case 'prune':
      return upkeep.prune(request.before);
    case 'senders':
      return upkeep.senders();
    case 'checkpoint':
      return upkeep.checkpoint();
    case 'close':
      return upkeep.close();
  }
}

function attempt(work: () => UpkeepResult): UpkeepReply {
  try {
    return { result: work() };
  } catch (thrown) {
    return { error: causeOf(thrown) };
  }
}

if (parentPort !== null) {
  const port = parentPort;
  const upkeep = new LedgerUpkeep((workerData as { readonly path: string }).path);
  port.on('message', (request: UpkeepRequest) => {
    port.postMessage(attempt(() => answer(upkeep, request)));
    if (request.op === 'close') port.close();
  });
}
