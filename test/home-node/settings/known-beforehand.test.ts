// What shared/config says of the embedded home is what the embedded home and its adapter say of themselves.

import { expect, test } from 'vitest';
import { embeddedAdapter } from '../../../home-node/adapters/embedded.ts';
import { inboxPaths } from '../../../home-node/embedded/addresses.ts';
import { systemClock } from '../../../shared/clock.ts';
import { embeddedInboxes, embeddedSignatures } from '../../../shared/config/embedded.ts';
import { partsOf } from '../receipts/embedded-receipts.ts';

test('the embedded home has the inboxes and signatures that its settings presume', () => {
  expect(embeddedInboxes).toEqual(inboxPaths);
  const parts = partsOf(new Uint8Array(32), systemClock);
  expect(embeddedSignatures).toEqual(embeddedAdapter(parts).signatures);
});
