// ssh -R: the server of Debian with a configuration, keys and a port of its own; the machine's own server, if one runs, is
// not touched. All visitors' connections go over one.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../test/support/ports.ts';
import { type Ground, type Peer, saidVersion, type Tunnel } from './peer.ts';
import { Running } from './running.ts';

/** Not on an ordinary user's PATH; sshd wants to be called by its whole name. */
const sshd = '/usr/sbin/sshd';

export const ssh: Peer = {
  name: 'ssh -R',
  version: () => (existsSync(sshd) ? saidVersion('ssh', ['-V'], /OpenSSH_(\S+)/) : null),
  start,
};

async function start({ folder, originPort }: Ground): Promise<Tunnel> {
  const [linkPort, plainPort] = [await freePort(), await freePort()];
  for (const name of ['host-key', 'home-key']) {
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
  }
  const publicKey = (name: string): string => readFileSync(join(folder, `${name}.pub`), 'utf8');
  writeFileSync(join(folder, 'authorized'), publicKey('home-key'));
  writeFileSync(join(folder, 'known'), `[127.0.0.1]:${linkPort} ${publicKey('host-key')}`);
  writeFileSync(
    join(folder, 'sshd.conf'),
    `ListenAddress 127.0.0.1
Port ${linkPort}
HostKey ${join(folder, 'host-key')}
AuthorizedKeysFile ${join(folder, 'authorized')}
PidFile none
UsePAM no
PasswordAuthentication no
# The folder is below the one for temporary files, which everybody may write to.
StrictModes no
`,
  );
  const edge = new Running(sshd, ['-D', '-e', '-f', join(folder, 'sshd.conf')], folder);
  await edge.listens(linkPort);
  const options = ['ExitOnForwardFailure=yes', `UserKnownHostsFile=${join(folder, 'known')}`, 'BatchMode=yes'];
  const args = ['-F', 'none', '-i', join(folder, 'home-key'), ...options.flatMap((one) => ['-o', one])];
  const remote = `127.0.0.1:${plainPort}:127.0.0.1:${originPort}`;
  const to = ['-p', String(linkPort), `${userInfo().username}@127.0.0.1`];
  const home = new Running('ssh', [...args, '-N', '-T', '-R', remote, ...to], folder);
  await home.answers(plainPort, '127.0.0.1');
  const stop = async (): Promise<void> => {
    await home.stop();
    await edge.stop();
  };
  return { plainPort, httpsPort: null, homePid: home.pid, edgePid: edge.pid, stop };
}
