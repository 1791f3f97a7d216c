// CPU that another process has used so far, user and system, all threads (proc(5), /proc/pid/stat).

import { readFileSync } from 'node:fs';

/** Of Linux on every machine that Node runs on: the kernel counts for programs in hundredths of a second. */
const ticksPerSecond = 100;

export function cpuSecondsOf(pid: number | undefined): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name, in parentheses, and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
