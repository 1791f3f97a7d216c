// The home node, wired as always, whose day is so short that a test sees it leave its pages while awake.

import { readOptions } from '../../home-node/config.ts';
import { HomeNode } from '../../home-node/node.ts';

const home = await HomeNode.start(readOptions(), { dayTimes: { firstWarmMs: 500 } });
process.once('SIGTERM', () => void home.end().then(() => process.exit(0)));
