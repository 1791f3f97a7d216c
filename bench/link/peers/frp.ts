// frp: HTTP by virtual host, as for a web service, and the same by its plain TCP proxy. Multiplexed with yamux over one
// TLS connection (frp's default since 0.50), the server's certificate checked and a token asked for.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../../test/support/ports.ts';
import { type Ground, type Peer, saidVersion, type Tunnel } from './peer.ts';
import { Running } from './running.ts';

const version = (): string | null =>
  saidVersion('frps', ['--version']) === null ? null : saidVersion('frpc', ['--version']);

export const frpHttp: Peer = { name: 'frp http', version, start: async (ground) => await start(ground, 'http') };
export const frpTcp: Peer = { name: 'frp tcp', version, start: async (ground) => await start(ground, 'tcp') };

async function start({ folder, originPort, certificates }: Ground, type: 'http' | 'tcp'): Promise<Tunnel> {
  const { caFile, certFile, keyFile } = certificates;
  const [linkPort, plainPort] = [await freePort(), await freePort()];
  const auth = 'auth.method = "token"\nauth.token = "of the benchmark"\nlog.level = "warn"\n';
  writeFileSync(
    join(folder, 'frps.toml'),
    `bindAddr = "127.0.0.1"
bindPort = ${linkPort}
${type === 'http' ? `vhostHTTPPort = ${plainPort}` : ''}
transport.tls.force = true
transport.tls.certFile = "${certFile}"
transport.tls.keyFile = "${keyFile}"
${auth}`,
  );
  writeFileSync(
    join(folder, 'frpc.toml'),
    `serverAddr = "127.0.0.1"
serverPort = ${linkPort}
transport.tls.enable = true
transport.tls.trustedCaFile = "${caFile}"
transport.tls.serverName = "localhost"
${auth}
[[proxies]]
name = "origin"
type = "${type}"
localIP = "127.0.0.1"
localPort = ${originPort}
${type === 'http' ? 'customDomains = ["localhost"]' : `remotePort = ${plainPort}`}
`,
  );
  const edge = new Running('frps', ['-c', 'frps.toml'], folder);
  await edge.listens(linkPort);
  const home = new Running('frpc', ['-c', 'frpc.toml'], folder);
  await home.answers(plainPort, 'localhost');
  const stop = async (): Promise<void> => {
    await home.stop();
    await edge.stop();
  };
  return { plainPort, httpsPort: null, homePid: home.pid, edgePid: edge.pid, stop };
}
