// No tunnel at all: visitors at the origin itself, behind the same end of TLS as the peers. What origin, load and machine
// leave to be had.

import type { Ground, Peer, Tunnel } from './peer.ts';

export const straight: Peer = {
  name: 'no tunnel',
  version: () => 'the origin itself',
  start: async ({ originPort }: Ground): Promise<Tunnel> => {
    const stop = async (): Promise<void> => undefined;
    return { plainPort: originPort, httpsPort: null, homePid: null, edgePid: null, stop };
  },
};
