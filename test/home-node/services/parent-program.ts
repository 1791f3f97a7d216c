// A home node as far as its service is concerned: starts it and is killed. Prints the service's process id.

import { join } from 'node:path';
import { createLog } from '../../../home-node/log.ts';
import { ProcessDriver } from '../../../home-node/services/process.ts';
import { systemClock } from '../../../shared/clock.ts';

const driver = new ProcessDriver({
  name: 'small',
  log: createLog('error', systemClock, (line) => process.stderr.write(line)),
  program: join(import.meta.dirname, 'small-program.ts'),
  args: [],
});
driver.start(() => console.log(JSON.stringify({ pid: driver.pid, origin: driver.origin() })));
