// One edge at a time on a data folder. A file in it names the processes that hold it; whoever comes next ends a workerd
// whose edge was killed, and refuses to start beside an edge that still runs: two would write to the same databases.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface FolderHold {
  /** Notes the workerd that now runs for this process. */
  runs(workerdPid: number): void;
  release(): void;
}

interface Holder {
  readonly pid: number;
  /** A process id is used again after a while; with its command line it is the same process. */
  readonly command: string;
}

interface Holders {
  readonly edge: Holder;
  readonly workerd?: Holder;
}

/** Throws when another running edge holds the folder. */
export function holdFolder(folder: string): FolderHold {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'edge.pid');
  const before = readHolders(file);
  if (before !== undefined && before.edge.pid !== process.pid && isRunning(before.edge)) {
    throw new Error(`Cannot start the edge: process ${before.edge.pid} already runs on ${folder}; stop it first.`);
  }
  if (before?.workerd !== undefined) end(before.workerd);
  const edge = holder(process.pid);
  const write = (holders: Holders): void => writeFileSync(file, JSON.stringify(holders));
  write({ edge });
  return {
    runs: (workerdPid) => write({ edge, workerd: holder(workerdPid) }),
    release: () => rmSync(file, { force: true }),
  };
}

/** Returns when the process is gone, so that its files are no longer open. */
function end(orphan: Holder): void {
  const waiting = new Int32Array(new SharedArrayBuffer(4));
  while (isRunning(orphan)) {
    process.kill(orphan.pid, 'SIGKILL');
    Atomics.wait(waiting, 0, 0, 10);
  }
}

function readHolders(file: string): Holders | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holders;
  } catch {
    // Absent, or cut off by the power failing while it was written: then nothing of it runs any more.
    return undefined;
  }
}

function holder(pid: number): Holder {
  return { pid, command: commandOf(pid) };
}

function isRunning({ pid, command }: Holder): boolean {
  return command !== '' && commandOf(pid) === command;
}

/** The command line of a process, or '' when there is none. */
function commandOf(pid: number): string {
  if (process.platform === 'linux') {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    } catch {
      return '';
    }
  }
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}
