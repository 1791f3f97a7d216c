// A home node as far as a foreign service is concerned: starts it on the port that it is given, and is killed.

import { join } from 'node:path';
import { createLog } from '../../../home-node/log.ts';
import { ProcessDriver } from '../../../home-node/services/process.ts';
import { systemClock } from '../../../shared/clock.ts';

const port = process.argv[2] ?? '';
const driver = new ProcessDriver({
  name: 'foreign',
  log: createLog('error', systemClock, (line) => process.stderr.write(line)),
  command: [process.execPath, join(import.meta.dirname, 'foreign-program.ts'), port],
  origin: `http://127.0.0.1:${port}`,
  stopMs: 1_000,
});
driver.start(() => console.log(JSON.stringify({ pid: driver.pid })));
