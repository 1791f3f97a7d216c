// The home node, wired as always, by a clock that differs from this machine's by as many ms as the file CLOCK_OFF says. It
// tells what happens as `npm start` does.

import { readFileSync } from 'node:fs';
import { readOptions } from '../../home-node/config.ts';
import { HomeNode } from '../../home-node/node.ts';
import { systemClock } from '../../shared/clock.ts';

const file = process.env.CLOCK_OFF ?? '';
const clock = { now: () => systemClock.now() + Number(readFileSync(file, 'utf8')) };

const home = await HomeNode.start(readOptions(), {
  clock,
  onEvent: (event) => console.log(JSON.stringify(event)),
});
process.once('SIGTERM', () => void home.end().then(() => process.exit(0)));
