// The ledger's own thread: answers one request after another. Nothing but the store is in here.

import { parentPort, workerData } from 'node:worker_threads';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { LedgerStore, type Mark, type Standing } from './ledger-store.ts';

export type LedgerRequest =
  | { readonly op: 'commit'; readonly marks: readonly Mark[] }
  | { readonly op: 'prune'; readonly before: number }
  | { readonly op: 'senders' }
  | { readonly op: 'number'; readonly name: string }
  | { readonly op: 'raise'; readonly name: string; readonly value: number }
  | { readonly op: 'close' };

export type LedgerResult = readonly (Standing | null)[] | number | readonly string[] | null;

/** Answers come in the order of requests; the first is for the opening itself. */
export type LedgerReply =
  | { readonly result: LedgerResult }
  | { readonly error: { readonly code: string; readonly message: string } };

function answer(store: LedgerStore, request: LedgerRequest): LedgerResult {
  switch (request.op) {
    case 'commit':
      return store.commit(request.marks);
    case 'prune':
      return store.prune(request.before);
    case 'senders':
      return store.senders();
    case 'number':
      return store.number(request.name);
    case 'raise':
      return store.raise(request.name, request.value);
    case 'close':
      store.close();
      return null;
  }
}

function attempt(work: () => LedgerResult): LedgerReply {
  try {
    return { result: work() };
  } catch (thrown) {
    const code = thrown instanceof PorchlightError ? thrown.code : 'ledger';
    return { error: { code, message: causeOf(thrown) } };
  }
}

if (parentPort !== null) {
  const port = parentPort;
  let store: LedgerStore | null = null;
  const { path } = workerData as { readonly path: string };
  port.postMessage(
    attempt(() => {
      store = new LedgerStore(path);
      return null;
    }),
  );
  port.on('message', (request: LedgerRequest) => {
    if (store === null) return;
    const open = store;
    port.postMessage(attempt(() => answer(open, request)));
    if (request.op === 'close') port.close();
  });
}
