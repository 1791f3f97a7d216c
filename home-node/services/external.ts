// A service that somebody else runs (systemd, a container, another machine): Porchlight only knows where it is.

import type { Driver } from './driver.ts';

export function externalDriver(name: string, origin: string): Driver {
  return { name, start: () => undefined, origin: () => origin, stop: async () => undefined };
}
