// Keeps one workerd running under Miniflare. Miniflare starts a crashed one again by itself, but gives up when the new
// one dies while it starts; and when this process is killed, its workerd lives on and holds the port and the data.

import type { ChildProcess } from 'node:child_process';
import diagnostics from 'node:diagnostics_channel';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Miniflare, type MiniflareOptions } from 'miniflare';

export interface Runtime {
  readonly miniflare: Miniflare;
  /** Of the workerd that runs now; undefined in the moment between two. */
  workerdPid(): number | undefined;
  stop(): Promise<void>;
}

/** Starts in a row that may fail before the runtime is given up. */
const attempts = 5;

/**
 * `onWorkerd` is told of each workerd's process id, `onLost` that none can be started any more. Rejects when the first
 * one does not start.
 */
export async function startRuntime(
  options: MiniflareOptions & { readonly port: number },
  onWorkerd: (pid: number) => void,
  onLost: (cause: unknown) => void,
): Promise<Runtime> {
  let current: ChildProcess | undefined;
  let stopping = false;
  let recovering = false;
  let died = false;

  // Miniflare does not say which process it started; Node does. The port tells it from other edges of this process.
  const watch = async (child: ChildProcess): Promise<void> => {
    await nextTurn();
    if (child.pid === undefined || !child.spawnargs.some((argument) => argument.endsWith(`:${options.port}`))) return;
    current = child;
    onWorkerd(child.pid);
    child.once('exit', () => {
      if (current === child) current = undefined;
      died = true;
      void recover();
    });
  };

  const recover = async (): Promise<void> => {
    if (recovering) return;
    recovering = true;
    let failed = 0;
    while (died && !stopping && failed < attempts) {
      died = false;
      // Miniflare notices in a later turn, and `ready` then waits for its own restart.
      await nextTurn();
      try {
        await miniflare.ready;
      } catch (cause) {
        failed += 1;
        died = true;
        if (failed === attempts) onLost(cause);
        else await miniflare.setOptions(options).catch(() => undefined);
      }
    }
    recovering = false;
  };

  const listener = (message: unknown): void => void watch((message as { process: ChildProcess }).process);
  diagnostics.subscribe('child_process', listener);
  const miniflare = new Miniflare(options);
  const stop = async (): Promise<void> => {
    stopping = true;
    await miniflare.dispose();
    diagnostics.unsubscribe('child_process', listener);
  };
  try {
    await miniflare.ready;
  } catch (cause) {
    await stop();
    throw cause;
  }
  return { miniflare, workerdPid: () => current?.pid, stop };
}
