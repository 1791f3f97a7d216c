// What a process holds of this machine's memory (proc(5)): resident is what its goal speaks of; anonymous is its own
// alone, the rest are pages of the program that processes on the same Node share.

import { readFileSync } from 'node:fs';

export interface Memory {
  readonly residentMb: number;
  readonly anonymousMb: number;
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mb = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1000;
  return { residentMb: mb('VmRSS'), anonymousMb: mb('RssAnon') };
}

/** Processes that it started and that run. */
export function childrenOf(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children
    .split(' ')
    .filter((child) => child !== '')
    .map(Number);
}
