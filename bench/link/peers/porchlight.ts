// Our own link: the edge as `npm start` has it, and home's side built as owners get it, in a process of its own.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { exportJWK } from 'jose';
import { freePort } from '../../../test/support/ports.ts';
import { ended, start, told } from '../child.ts';
import type { HomeOrders } from '../home-process.ts';
import { openStage } from '../stage.ts';
import type { Ground, Peer, Tunnel } from './peer.ts';

export const porchlight: Peer = {
  name: 'porchlight',
  version: () => 'this tree',
  start: async ({ folder, originPort, certificates }: Ground): Promise<Tunnel> => {
    const [key, cert, ca] = [certificates.keyFile, certificates.certFile, certificates.caFile].map((file) =>
      readFileSync(file, 'utf8'),
    ) as [string, string, string];
    const plainPort = await freePort();
    const stage = await openStage({ key, cert }, undefined, plainPort);
    const { port, workerdPid = null } = stage.edge;
    const home = start(await built(folder));
    const host = `localhost:${port}`;
    const orders: HomeOrders = {
      edge: stage.edge.origin,
      host,
      homeId: stage.homeId,
      key: await exportJWK(stage.privateKey),
      service: `http://127.0.0.1:${originPort}`,
      ca,
    };
    const isOpen = told(home, (message) => message.state?.link === 'open');
    home.send(orders);
    await isOpen;
    const stop = async (): Promise<void> => {
      home.disconnect();
      await ended(home);
      await stage.stop();
    };
    return { plainPort, httpsPort: port, host, homePid: home.pid ?? null, edgePid: workerdPid, stop };
  },
};

/** With its libraries in it and no types to strip, so that its memory is not the tools'. */
async function built(folder: string): Promise<string> {
  const outfile = join(folder, 'home-process.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, '..', 'home-process.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    define: {
      'process.env.NODE_ENV': '"production"',
      'process.env.WS_NO_BUFFER_UTIL': '"1"',
      'process.env.WS_NO_UTF_8_VALIDATE': '"1"',
      PORCHLIGHT_VERSION: '"bench"',
    },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'warning',
  });
  return outfile;
}
