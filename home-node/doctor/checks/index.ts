// Every check, in the order in which an owner reads them: from this machine outwards.

import type { Check } from '../check.ts';
import { addressesCheck } from './addresses.ts';
import { callersCheck } from './callers.ts';
import { claimCheck } from './claim.ts';
import { clockCheck } from './clock.ts';
import { configCheck } from './config.ts';
import { diskCheck } from './disk.ts';
import { edgeCheck } from './edge.ts';
import { exposureCheck } from './exposure.ts';
import { fediverseCheck } from './fediverse.ts';
import { hooksCheck } from './hooks.ts';
import { keyCheck } from './key.ts';
import { ledgerCheck } from './ledger.ts';
import { namesCheck } from './names.ts';
import { nodeCheck } from './node.ts';
import { servicesCheck } from './services.ts';
import { snapshotCheck } from './snapshot.ts';
import { nodeVersionCheck, versionsCheck } from './versions.ts';

export const allChecks: readonly Check[] = [
  configCheck,
  keyCheck,
  claimCheck,
  nodeVersionCheck,
  diskCheck,
  ledgerCheck,
  nodeCheck,
  servicesCheck,
  hooksCheck,
  exposureCheck,
  namesCheck,
  edgeCheck,
  versionsCheck,
  clockCheck,
  addressesCheck,
  callersCheck,
  fediverseCheck,
  snapshotCheck,
];
