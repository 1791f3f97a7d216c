// The receipt of one delivery, as headers that home adds.

import type { Delivery, HeaderList } from '../../shared/delivery.ts';
import { PorchlightError } from '../../shared/errors.ts';
import { receiptHeader } from './receipt.ts';
import type { Issuer } from './service-receipts.ts';

/**
 * None when nothing can be vouched for: without a receipt the service judges the delivery by this moment, and says no if
 * that is what it comes to. Throws `home-clock` while home's clock is behind.
 */
export function receiptHeadersFor(receipts: Issuer, delivery: Delivery): HeaderList {
  const { method, host, path, headers, bodySha256 } = delivery;
  const issued = receipts.issue({ method, scheme: 'https', host, path, headers, bodySha256 }, delivery.receivedAt);
  if ('receipt' in issued) return [[receiptHeader, issued.receipt]];
  if (issued.because !== 'clock') return [];
  throw new PorchlightError(
    'home-clock',
    `Cannot vouch for a delivery: ${issued.reason}; set the clock, until then it waits.`,
  );
}
