// The home node, wired as always, that writes down every step of every delivery (STEPS names the file, RUN numbers this
// process) and kills itself at a named one: KILL_AT names the step, KILL_AFTER says at which passing. SIGKILL to itself
// leaves no moment for anything to be put in order; what was written to the file is there all the same.

import { openSync, writeSync } from 'node:fs';
import { readOptions } from '../../home-node/config.ts';
import { HomeNode } from '../../home-node/node.ts';
import type { Delivery } from '../../shared/delivery.ts';
import type { Step } from './in-flight.ts';
import { machineMs } from './machine-clock.ts';

const { KILL_AT: killAt, KILL_AFTER: after, STEPS: file = '', RUN: run } = process.env;
const steps = openSync(file, 'a');
let left = Number(after ?? 0);

function note(point: Step['point'], { id, bodySha256 }: Delivery): void {
  const sha256 = Buffer.from(bodySha256, 'base64url').toString('hex');
  const step: Step = { run: Number(run), point, id, sha256, at: machineMs() };
  writeSync(steps, `${JSON.stringify(step)}\n`);
}

const home = await HomeNode.start(readOptions(), {
  observe: (point, seen) => {
    // Home hands over the whole delivery; without its hash nothing could be noted.
    const delivery = seen as Delivery;
    note(point, delivery);
    if (point !== killAt) return;
    left -= 1;
    if (left > 0) return;
    note('killed', delivery);
    process.kill(process.pid, 'SIGKILL');
  },
});
process.once('SIGTERM', () => void home.end().then(() => process.exit(0)));
