// The edge of `npm start`, in a process of its own: Ctrl-C in the terminal must reach home first, which still has
// something to say to the edge. Started with a channel; ends when the other end of it is gone.

import { causeOf } from '../shared/errors.ts';
import { type LocalEdge, startEdge } from './edge.ts';

export interface EdgeOrder {
  readonly port: number;
  readonly dataDir: string;
  readonly devKeyOrigins: readonly string[];
}

export type EdgeQuestion =
  | { readonly ask: 'claim-code'; readonly host: string }
  | { readonly ask: 'waiting'; readonly homeId: string }
  | { readonly ask: 'stop' };

export type EdgeAnswer = { readonly answer: string | number } | { readonly failed: string };

function say(answer: EdgeAnswer): void {
  if (process.connected) process.send?.(answer);
}

async function answer(edge: LocalEdge, question: EdgeQuestion): Promise<string | number> {
  switch (question.ask) {
    case 'claim-code':
      return await edge.issueClaimCode([question.host]);
    case 'waiting': {
      // Waiting deliveries are those with a positive place (edge/spool/key-line.ts).
      const sql = 'SELECT count(*) AS waiting FROM delivery WHERE place > 0';
      const [row] = await edge.queryObject<{ waiting: number }>('SpoolObject', question.homeId, sql);
      return row?.waiting ?? 0;
    }
    case 'stop':
      await edge.stop();
      return 'stopped';
  }
}

async function start(order: EdgeOrder): Promise<LocalEdge> {
  const edge = await startEdge({
    ...order,
    onLost: (cause) => {
      process.stderr.write(`Cannot keep the edge running: ${causeOf(cause)}\n`);
      process.exit(1);
    },
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // Miniflare would end the process at once; who ends the edge here is whoever started it.
    process.removeAllListeners(signal);
    process.on(signal, () => undefined);
  }
  return edge;
}

function main(order: EdgeOrder): void {
  const started = start(order);
  // Heard from the first moment: who started this may want it to end before it is there.
  process.on('message', (question: EdgeQuestion) => {
    started
      .then(async (edge) => await answer(edge, question))
      .then(
        (value) => {
          say({ answer: value });
          // The channel would keep this process; closing it says that all is over.
          if (question.ask === 'stop') process.disconnect();
        },
        (thrown: unknown) => say({ failed: causeOf(thrown) }),
      );
  });
  process.once('disconnect', () => {
    void started.then(async (edge) => await edge.stop()).finally(() => process.exit(0));
  });
  started.then(
    (edge) => say({ answer: edge.origin }),
    (thrown: unknown) => {
      say({ failed: causeOf(thrown) });
      process.exit(1);
    },
  );
}

process.once('message', (order: EdgeOrder) => main(order));
