// Runs the home node until it is told to end: by a signal, by the end of the program that started it, or by a newer home
// node that took over. What a service manager, a terminal and `npm start` have in common.

import { causeOf } from '../shared/errors.ts';
import type { HomeOptions } from './config.ts';
import { controlCalls } from './control/calls.ts';
import { ControlServer } from './control/server.ts';
import { supersededExitCode } from './ended.ts';
import { compileParserOnce, tidyMemory } from './frugal.ts';
import type { HomeEvent } from './home-parts.ts';
import { HomeNode } from './node.ts';
import type { HomeSeams } from './wiring.ts';

/** Ends the process: 0 after a good night, 1 when something kept it from that, 6 when a newer home node took over. */
export async function runNode(options: HomeOptions, seams: HomeSeams = {}): Promise<void> {
  compileParserOnce();
  tidyMemory();
  let control: ControlServer | null = null;
  let asked = false;
  const leave = async (work: () => Promise<void>): Promise<void> => {
    const answered = control?.close();
    // Not after it: somebody may wait for an answer that comes late or never, and the power may go meanwhile.
    await work();
    control?.cut();
    await answered;
  };
  const node = await HomeNode.hold(options, {
    ...seams,
    onEvent: (event) => {
      report(event);
      seams.onEvent?.(event);
    },
    onSuperseded: () => void leave(async () => await node.stop()).finally(() => process.exit(supersededExitCode)),
    onTakenBack: async () => await serveOwner(),
  });
  const serveOwner = async (): Promise<void> => {
    const server = await ControlServer.listen(
      options.folder,
      controlCalls(node, async (to, onProgress) => {
        // From then on the socket at that place is the other's.
        return await node.handOver(to, () => server.close(), onProgress);
      }),
    );
    control = server;
    await node.serveMetrics();
  };
  const end = (): void => {
    if (asked) process.exit(1);
    asked = true;
    leave(async () => await node.end()).then(
      () => process.exit(0),
      (thrown: unknown) => {
        process.stderr.write(`${causeOf(thrown)}\n`);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, end);
  process.once('disconnect', end);
  try {
    // First, so that whoever asks meanwhile is told that home is waking.
    await serveOwner();
    await node.begin();
  } catch (thrown) {
    await leave(async () => await node.stop());
    throw thrown;
  }
}

function report(event: HomeEvent): void {
  if (process.connected) process.send?.(event);
}
