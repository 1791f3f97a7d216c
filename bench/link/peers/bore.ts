// bore: a TCP connection for each visitor's. It encrypts nothing, and its control port is always the same one.

import { freePort } from '../../../test/support/ports.ts';
import { type Ground, type Peer, saidVersion, type Tunnel } from './peer.ts';
import { Running } from './running.ts';

const controlPort = 7835;

export const bore: Peer = {
  name: 'bore',
  version: () => saidVersion('bore', ['--version']),
  note: 'bore has no encryption: what it shows is what a link in the clear would cost',
  start,
};

async function start({ folder, originPort }: Ground): Promise<Tunnel> {
  const plainPort = await freePort();
  const secret = ['--secret', 'of the benchmark'];
  const ports = ['--min-port', String(plainPort), '--max-port', String(plainPort)];
  const edge = new Running('bore', ['server', ...ports, ...secret, '--bind-addr', '127.0.0.1'], folder);
  await edge.listens(controlPort);
  const to = ['--local-host', '127.0.0.1', '--to', '127.0.0.1', '--port', String(plainPort), ...secret];
  const home = new Running('bore', ['local', String(originPort), ...to], folder);
  await home.answers(plainPort, '127.0.0.1');
  const stop = async (): Promise<void> => {
    await home.stop();
    await edge.stop();
  };
  return { plainPort, httpsPort: null, homePid: home.pid, edgePid: edge.pid, stop };
}
