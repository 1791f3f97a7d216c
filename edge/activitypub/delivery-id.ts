// Names for deliveries: ULIDs (48 bits of milliseconds, 80 random bits, in Crockford's base 32), so that names sort in
// the order of arrival and nobody can guess one.

import type { Clock, Random } from '../../shared/clock.ts';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export function newDeliveryId(clock: Clock, random: Random): string {
  let value = BigInt(clock.now());
  for (const byte of random.bytes(10)) value = (value << 8n) | BigInt(byte);
  let id = '';
  for (let i = 0; i < 26; i++, value >>= 5n) id = `${alphabet[Number(value & 31n)]}${id}`;
  return id;
}
