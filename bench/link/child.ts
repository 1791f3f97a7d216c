// Processes of the benchmark's own: started from a file, spoken to by IPC, ended with it.

import { type ChildProcess, fork } from 'node:child_process';

export interface Told {
  readonly port?: number;
  readonly state?: { readonly link: string };
  readonly cpu?: NodeJS.CpuUsage;
  readonly rss?: number;
}

export function start(file: string, flags: readonly string[] = []): ChildProcess {
  return fork(file, [], { execArgv: [...flags], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

/** The next message that fits. */
export async function told<T = Told>(child: ChildProcess, isIt: (message: T) => boolean): Promise<T> {
  return await new Promise((resolve, reject) => {
    const stop = (): void => {
      child.off('message', listen);
      child.off('exit', gone);
    };
    const listen = (message: unknown): void => {
      if (!isIt(message as T)) return;
      stop();
      resolve(message as T);
    };
    const gone = (): void => reject(new Error('Cannot measure: a process of the benchmark ended.'));
    child.on('message', listen);
    child.once('exit', gone);
  });
}

export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once('exit', resolve));
}
