// Leaves the settings of the folder that it is told as home does, with a clock that is a day ahead, and is killed when
// the version is written down and before anything is sent.

import { join } from 'node:path';
import { versionsOf } from '../../../home-node/bedtime/rising-version.ts';
import { readConfig } from '../../../home-node/config.ts';
import { Ledger } from '../../../home-node/intake/ledger.ts';
import { openHomeKey } from '../../../home-node/key.ts';
import { createLog } from '../../../home-node/log.ts';
import { ConfigLeaver } from '../../../home-node/settings/leave-config.ts';
import { systemClock } from '../../../shared/clock.ts';

const folder = process.argv[2] ?? '';
const config = readConfig(folder);
const ledger = await Ledger.open(join(folder, 'ledger.sqlite'));
const { privateKey } = await openHomeKey(folder);
const leaver = new ConfigLeaver({
  clock: { now: () => systemClock.now() + 24 * 3600 * 1000 },
  log: createLog('debug', systemClock, (line) => process.stderr.write(line)),
  config: () => config,
  edge: config.edge,
  homeId: 'h',
  key: () => privateKey,
  nextVersion: versionsOf(ledger, 'config-version'),
  send: async () => {
    process.kill(process.pid, 'SIGKILL');
    await new Promise(() => undefined);
  },
});
await leaver.leave();
