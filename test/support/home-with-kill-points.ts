// The home node, wired as always, that kills itself at a named step of a delivery: KILL_AT names the step, KILL_AFTER
// says at which passing. SIGKILL to itself leaves no moment for anything to be put in order.

import { writeSync } from 'node:fs';
import { readOptions } from '../../home-node/config.ts';
import { startHome } from '../../home-node/wiring.ts';

const { KILL_AT: at, KILL_AFTER: after } = process.env;
let left = Number(after ?? 0);

const home = await startHome(readOptions(), {
  observe: (point, { id }) => {
    if (point !== at) return;
    left -= 1;
    if (left > 0) return;
    writeSync(2, `killed itself at ${point}, delivery ${id}\n`);
    process.kill(process.pid, 'SIGKILL');
  },
});
process.once('SIGTERM', () => void home.bedtime().then(() => process.exit(0)));
