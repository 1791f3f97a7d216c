// On which sockets a process and what it started listen, as Linux tells it under /proc (proc(5)): the process's open
// sockets by inode, and for each inode the address in the tables of TCP. Another system, or another user's process: null.

import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Listener } from './ports.ts';

/** `proc`: where that file system is. Only the table of this process's own network is looked at. */
export async function listenersOf(pid: number, proc: string): Promise<readonly Listener[] | null> {
  try {
    const family = await familyOf(pid, proc);
    const owners = new Map<string, number>();
    for (const each of family) for (const inode of await socketsOf(each, proc)) owners.set(inode, each);
    const tables = await Promise.all(
      ['tcp', 'tcp6'].map(async (name) => await readFile(join(proc, String(pid), 'net', name), 'utf8').catch(absent)),
    );
    return tables.flatMap(parseTcpTable).flatMap(({ inode, address, port }): Listener[] => {
      const owner = owners.get(inode);
      return owner === undefined ? [] : [{ pid: owner, address, port }];
    });
  } catch (thrown) {
    if (['ENOENT', 'EACCES', 'EPERM'].includes(String((thrown as NodeJS.ErrnoException).code))) return null;
    throw thrown;
  }
}

/** A machine without IPv6 has no table of it. */
function absent(thrown: NodeJS.ErrnoException): string {
  if (thrown.code === 'ENOENT') return '';
  throw thrown;
}

export interface ListeningSocket {
  readonly inode: string;
  readonly address: string;
  readonly port: number;
}

/** State 0A is LISTEN; an address is hexadecimal, each 32 bits of it in the machine's (little-endian) order. */
export function parseTcpTable(text: string): readonly ListeningSocket[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line): ListeningSocket[] => {
      const fields = line.trim().split(/\s+/);
      const [address = '', port = ''] = (fields[1] ?? '').split(':');
      const inode = fields[9];
      if (fields[3] !== '0A' || inode === undefined || !/^([\dA-F]{8}|[\dA-F]{32})$/.test(address)) return [];
      return [{ inode, address: addressOf(address), port: Number.parseInt(port, 16) }];
    });
}

function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  const groups = Array.from({ length: 8 }, (_, at) => `${bytes[2 * at] ?? ''}${bytes[2 * at + 1] ?? ''}`);
  // The shortest spelling, as URL makes it.
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** The process and everything that it started. */
async function familyOf(pid: number, proc: string): Promise<readonly number[]> {
  const pids = (await readdir(proc)).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map<number, number>();
  for (const each of pids) {
    // One that ended meanwhile has no parent.
    const stat = await readFile(join(proc, String(each), 'stat'), 'utf8').catch(() => '');
    // "pid (name) state ppid": the name may hold anything.
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    if (parent > 0) parents.set(each, parent);
  }
  const family = [pid];
  for (const member of family) for (const [child, parent] of parents) if (parent === member) family.push(child);
  return family;
}

async function socketsOf(pid: number, proc: string): Promise<readonly string[]> {
  const folder = join(proc, String(pid), 'fd');
  const sockets: string[] = [];
  for (const descriptor of await readdir(folder)) {
    // Closed meanwhile: it listens nowhere.
    const target = await readlink(join(folder, descriptor)).catch(() => '');
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined) sockets.push(inode);
  }
  return sockets;
}
