// CPU that another process has used so far, user and system, all threads (proc(5), /proc/pid/stat).

import { readFileSync } from 'node:fs';
import { treeOf } from './processes.ts';

/** Of Linux on every machine that Node runs on: the kernel counts for programs in hundredths of a second. */
const ticksPerSecond = 100;

export function cpuSecondsOf(pid: number | undefined): number {
  const fields = statFields(pid);
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** With all processes that it started, and that those started: those that run, and those that ended. */
export function treeCpuSecondsOf(pid: number): number {
  return treeOf(pid).reduce((sum, one) => {
    const [user, system, endedUser, endedSystem] = statFields(one).slice(11, 15).map(Number);
    return sum + ((user ?? 0) + (system ?? 0) + (endedUser ?? 0) + (endedSystem ?? 0)) / ticksPerSecond;
  }, 0);
}

function statFields(pid: number | undefined): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name, in parentheses, and may hold anything.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
