// Does anything of this home listen where others can reach it? Home dials out; it needs no open port.

import { type Check, fault, type Result, unchecked, warning, well } from '../check.ts';
import type { Listener } from '../ports.ts';

const subject = 'this machine';

export const exposureCheck: Check = {
  name: 'exposure',
  about: 'open ports',
  needs: 'nothing',
  run: async ({ node }, { listeners }) => {
    if (node === null) return [unchecked(subject, 'no home node runs')];
    const listening = await listeners(node.pid);
    if (listening === null) return [unchecked(subject, 'this system does not tell which ports a process has open')];
    return exposureResults(node.pid, listening);
  },
};

export function exposureResults(nodePid: number, listening: readonly Listener[]): readonly Result[] {
  const open = listening.filter(({ address }) => !isLoopback(address));
  if (open.length === 0) return [well(subject, 'nothing of the home node listens beyond this machine')];
  return open.map(({ pid, address, port }) => {
    const found = `listens on ${address} port ${port}, beyond this machine`;
    return pid === nodePid
      ? fault(
          `process ${pid}, the home node`,
          found,
          'Set the address to 127.0.0.1 in porchlight.toml; home needs no open port.',
        )
      : warning(
          `process ${pid}, started by the home node`,
          found,
          'Let this service listen on 127.0.0.1 alone, unless others in your own network need it: visitors come through the edge.',
        );
  });
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^127\./.test(address) || /^::ffff:7f[\da-f]{2}:/.test(address);
}
