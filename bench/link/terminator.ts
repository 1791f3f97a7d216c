// What ends visitors' HTTPS before a peer that has none of its own: workerd, as a reverse proxy with no JavaScript in it.
// The same library that ends TLS at our edge, so that the peers pay for TLS what we pay, in a process of its own.

import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Certificates } from '../../test/support/certificates.ts';
import { freePort } from '../../test/support/ports.ts';
import { Running } from './peers/running.ts';

export interface Terminator {
  readonly httpsPort: number;
  stop(): Promise<void>;
}

export async function terminate(plainPort: number, certificates: Certificates, folder: string): Promise<Terminator> {
  const httpsPort = await freePort();
  const file = join(folder, 'terminator.capnp');
  // Relative to the file: others are looked for elsewhere.
  const [key, cert] = [certificates.keyFile, certificates.certFile].map((path) => relative(folder, path));
  writeFileSync(
    file,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "peer", external = (address = "127.0.0.1:${plainPort}", http = ()))],
  sockets = [(
    name = "visitors", address = "127.0.0.1:${httpsPort}", service = "peer",
    https = (options = (), tlsOptions = (keypair = (
      privateKey = embed "${key}", certificateChain = embed "${cert}"
    ))),
  )],
);
`,
  );
  const running = new Running('workerd', ['serve', file], folder);
  try {
    await running.listens(httpsPort);
  } catch (thrown) {
    await running.stop();
    throw thrown;
  }
  return { httpsPort, stop: async () => await running.stop() };
}
