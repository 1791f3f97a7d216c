// Issues a claim code: the operator's part of a claim (docs/protocol.md, "Claim"). A code for hosts that one home
// already answers for replaces that home's key, because its owner lost it; that is the operator's word to give.

import { hashClaimCode, makeClaimCode, parseClaimCode } from '../../shared/claim/code.ts';
import type { Clock, Random } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';

/** As much of D1 as an operator's program needs; it runs beside the Worker, not in it. */
export interface Database {
  prepare(sql: string): Statement;
  batch(statements: Statement[]): Promise<unknown>;
}

export interface Statement {
  bind(...values: unknown[]): Statement;
  all<Row>(): Promise<{ results: Row[] }>;
  run(): Promise<unknown>;
}

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
  const wanted = JSON.stringify(hosts.map(canonicalHost));
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

/** A host as requests name it: lower case, Punycode, no port that its scheme has anyway. */
function canonicalHost(host: string): string {
  const url = URL.parse(`https://${host}/`);
  if (url !== null && url.pathname === '/' && url.href === `https://${url.host}/`) return url.host;
  throw new Error(`Cannot issue a claim code: ${host} is not a host name; give it without scheme and path.`);
}
