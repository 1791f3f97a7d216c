// What is known of another process (proc(5)): those that it started, and what it holds of this machine's memory, in MB of
// 10^6 bytes. Resident is what goals speak of; anonymous is its own alone, the rest are pages of the program that processes
// on the same Node share.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

export interface Memory {
  readonly residentMb: number;
  readonly anonymousMb: number;
  /** The most that was resident, ever or since forgetPeak(). */
  readonly peakMb: number;
}

export function memoryOf(pid: number): Memory {
  return readMemory(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

/** Of the text of /proc/PID/status, whose kB are 1,024 bytes. */
export function readMemory(status: string): Memory {
  const mb = (field: string): number =>
    (Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024) / 1e6;
  return { residentMb: mb('VmRSS'), anonymousMb: mb('RssAnon'), peakMb: mb('VmHWM') };
}

/** Of processes on the same Node together: pages that they share are there once. */
export function together(processes: readonly Memory[]): number {
  const shared = processes.map(({ residentMb, anonymousMb }) => residentMb - anonymousMb);
  return processes.reduce((sum, { anonymousMb }) => sum + anonymousMb, 0) + Math.max(...shared);
}

/** Processes that it started and that run. */
export function childrenOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    const children = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8');
    return children
      .split(' ')
      .filter((child) => child !== '')
      .map(Number);
  });
}

/** The process, and all below it that run. */
export function treeOf(pid: number): readonly number[] {
  return [pid, ...childrenOf(pid).flatMap(treeOf)];
}

/** What is resident now is the peak from now on (proc(5), /proc/pid/clear_refs). */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}
