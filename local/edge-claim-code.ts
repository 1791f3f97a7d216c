// Issues a claim code: the operator's part of a claim (docs/protocol.md, "Claim"). A code for hosts that one home
// already answers for replaces that home's key, because its owner lost it; that is the operator's word to give.

import { hashClaimCode, makeClaimCode, parseClaimCode } from '../shared/claim/code.ts';
import type { Clock, Random } from '../shared/clock.ts';
import { limits } from '../shared/limits.ts';
import type { Database } from './edge-migrations.ts';

/** One statement of D1 takes 100 values. */
const maxHosts = 50;

/** The code to hand to the owner; the database keeps only its hash. */
export async function issueClaimCode(
  database: Database,
  hosts: readonly string[],
  clock: Clock,
  random: Random,
): Promise<string> {
  if (hosts.length === 0 || hosts.length > maxHosts) {
    throw new Error(`Cannot issue a claim code: ${hosts.length} hosts are named; name 1 to ${maxHosts}.`);
  }
  const code = makeClaimCode(random);
  const wanted = JSON.stringify(hosts.map((host) => host.toLowerCase()));
  const { results } = await database
    .prepare('SELECT DISTINCT home_id AS homeId FROM hosts WHERE host IN (SELECT value FROM json_each(?))')
    .bind(wanted)
    .all<{ homeId: string }>();
  if (results.length > 1) {
    throw new Error(
      `Cannot issue a claim code: ${hosts.join(', ')} belong to ${results.length} homes; name those of one.`,
    );
  }
  await database
    .prepare('INSERT INTO claim_codes (code_hash, hosts, replaces, expires_at) VALUES (?, ?, ?, ?)')
    .bind(
      await hashClaimCode(parseClaimCode(code)),
      wanted,
      results[0]?.homeId ?? null,
      clock.now() + limits.claimCodeMs,
    )
    .run();
  return code;
}
