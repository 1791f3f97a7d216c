// chisel: TCP over SSH over a WebSocket, with the server's own TLS (--tls-key, --tls-cert) and a reverse remote.

import { freePort } from '../../../test/support/ports.ts';
import { type Ground, type Peer, saidVersion, type Tunnel } from './peer.ts';
import { Running } from './running.ts';

export const chisel: Peer = {
  name: 'chisel',
  version: () => saidVersion('chisel', ['--version']),
  note: 'chisel encrypts twice: SSH, which it always has, within TLS',
  start,
};

async function start({ folder, originPort, certificates }: Ground): Promise<Tunnel> {
  const { caFile, certFile, keyFile } = certificates;
  const [linkPort, plainPort] = [await freePort(), await freePort()];
  const auth = ['--auth', 'home:of-the-benchmark'];
  const tls = ['--tls-key', keyFile, '--tls-cert', certFile];
  const listen = ['--host', '127.0.0.1', '--port', String(linkPort)];
  const edge = new Running('chisel', ['server', ...listen, '--reverse', ...auth, ...tls], folder);
  await edge.listens(linkPort);
  const remote = `R:127.0.0.1:${plainPort}:127.0.0.1:${originPort}`;
  const to = `https://localhost:${linkPort}`;
  const home = new Running('chisel', ['client', ...auth, '--tls-ca', caFile, to, remote], folder);
  await home.answers(plainPort, '127.0.0.1');
  const stop = async (): Promise<void> => {
    await home.stop();
    await edge.stop();
  };
  return { plainPort, httpsPort: null, homePid: home.pid, edgePid: edge.pid, stop };
}
