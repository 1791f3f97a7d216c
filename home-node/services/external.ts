// A service that somebody else runs (systemd, a container, another machine): Porchlight only knows where it is. Stopping
// it means that it is not used.

import type { Driver } from './driver.ts';

export function externalDriver(name: string, origin: string): Driver {
  return { name, driver: 'external', start: () => undefined, origin: () => origin, stop: async () => undefined };
}
