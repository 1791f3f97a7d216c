// rathole: a TCP connection for each visitor's, some of them opened before. TLS where openssl can make the bundle of key
// and certificate that it wants, otherwise Noise, its other encryption.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../../test/support/ports.ts';
import { type Ground, type Peer, saidVersion, type Tunnel } from './peer.ts';
import { Running } from './running.ts';

export const rathole: Peer = {
  name: 'rathole',
  version: () => saidVersion('rathole', ['--version'], /Build Version:\s+(\S+)/),
  start,
};

interface Transport {
  readonly server: string;
  readonly client: string;
}

async function start(ground: Ground): Promise<Tunnel> {
  const { folder, originPort } = ground;
  const [linkPort, plainPort] = [await freePort(), await freePort()];
  const transport = tls(ground) ?? noise(folder);
  const token = 'default_token = "of the benchmark"';
  writeFileSync(
    join(folder, 'server.toml'),
    `[server]
bind_addr = "127.0.0.1:${linkPort}"
${token}
${transport.server}
[server.services.origin]
bind_addr = "127.0.0.1:${plainPort}"
`,
  );
  writeFileSync(
    join(folder, 'client.toml'),
    `[client]
remote_addr = "localhost:${linkPort}"
${token}
${transport.client}
[client.services.origin]
local_addr = "127.0.0.1:${originPort}"
`,
  );
  const edge = new Running('rathole', ['--server', 'server.toml'], folder);
  await edge.listens(linkPort);
  const home = new Running('rathole', ['--client', 'client.toml'], folder);
  await home.answers(plainPort, '127.0.0.1');
  const stop = async (): Promise<void> => {
    await home.stop();
    await edge.stop();
  };
  return { plainPort, httpsPort: null, homePid: home.pid, edgePid: edge.pid, stop };
}

function tls({ folder, certificates }: Ground): Transport | null {
  const { caFile, certFile, keyFile } = certificates;
  const bundle = ['-inkey', keyFile, '-in', certFile, '-certfile', caFile, '-out', join(folder, 'identity.pfx')];
  const made = spawnSync('openssl', ['pkcs12', '-export', ...bundle, '-passout', 'pass:bench']);
  if (made.status !== 0) return null;
  return {
    server: `[server.transport]
type = "tls"
[server.transport.tls]
pkcs12 = "identity.pfx"
pkcs12_password = "bench"
`,
    client: `[client.transport]
type = "tls"
[client.transport.tls]
trusted_root = "${caFile}"
hostname = "localhost"
`,
  };
}

function noise(folder: string): Transport {
  const said = spawnSync('rathole', ['--genkey'], { cwd: folder, encoding: 'utf8' }).stdout;
  const [privateKey, publicKey] = [...said.matchAll(/Key:\s+(\S+)/g)].map(([, key]) => key);
  const side = (name: string, key: string): string =>
    `[${name}.transport]\ntype = "noise"\n[${name}.transport.noise]\n${key}\n`;
  return {
    server: side('server', `local_private_key = "${privateKey}"`),
    client: side('client', `remote_public_key = "${publicKey}"`),
  };
}
