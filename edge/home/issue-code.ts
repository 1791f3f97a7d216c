// Makes a claim code known: the operator's part of a claim (docs/protocol.md, "Claim"). The one place with its rules,
// for the operator's call (edge/operator/) and for the edge on one's own machine. A code for hosts that one home already
// answers for replaces that home's key, because its owner lost it; that is the operator's word to give.

import { hashClaimCode, makeClaimCode, parseClaimCode } from '../../shared/claim/code.ts';
import type { Clock, Random } from '../../shared/clock.ts';
import type { ErrorCode } from '../../shared/error-codes.ts';
import { PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { CodeReply } from '../../shared/operator/messages.ts';

/** As much of D1 as is needed; an operator's program beside the Worker has its own. */
export interface Database {
  prepare(sql: string): Statement;
  batch(statements: Statement[]): Promise<unknown>;
}

export interface Statement {
  bind(...values: unknown[]): Statement;
  all<Row>(): Promise<{ results: Row[] }>;
  run(): Promise<unknown>;
}

/** The code to hand to the owner; the database keeps only its hash. Throws as registerClaimCode. */
export async function issueClaimCode(
  database: Database,
  hosts: readonly string[],
  clock: Clock,
  random: Random,
): Promise<string> {
  const code = makeClaimCode(random);
  await registerClaimCode(database, await hashClaimCode(parseClaimCode(code)), hosts, clock);
  return code;
}

/**
 * Makes the code with this hash good for these hosts. Asked again it changes nothing, not the time either, whatever
 * became of the code meanwhile. Throws `code-hosts`, `code-homes`, `code-known`, `code-dropped`.
 */
export async function registerClaimCode(
  database: Database,
  codeHash: string,
  hosts: readonly string[],
  clock: Clock,
): Promise<CodeReply> {
  if (hosts.length === 0 || hosts.length > limits.claimHosts) {
    throw cannot('code-hosts', `${hosts.length} hosts are named; name 1 to ${limits.claimHosts}.`);
  }
  const wanted = JSON.stringify([...new Set(hosts.map(canonicalHost))]);
  const known = await find(database, codeHash);
  if (known !== null) return repeated(known, wanted);
  const { results: owners } = await database
    .prepare('SELECT DISTINCT home_id AS homeId FROM hosts WHERE host IN (SELECT value FROM json_each(?))')
    .bind(wanted)
    .all<{ homeId: string }>();
  if (owners.length > 1) {
    throw cannot('code-homes', `${hosts.join(', ')} belong to ${owners.length} homes; name those of one.`);
  }
  const now = clock.now();
  await database.batch([
    database
      .prepare(
        `INSERT INTO claim_codes (code_hash, hosts, replaces, expires_at) SELECT ?1, ?2, ?3, ?4
         WHERE NOT EXISTS (SELECT 1 FROM dropped_codes WHERE code_hash = ?1) ON CONFLICT DO NOTHING`,
      )
      .bind(codeHash, wanted, owners[0]?.homeId ?? null, now + limits.claimCodeMs),
    // Of all codes and hosts, because a Worker of an earlier version notes none. null stays: max() of it is null.
    database
      .prepare(
        `INSERT INTO meant_hosts (host, until) SELECT named.value, max(expires_at)
         FROM claim_codes JOIN json_each(claim_codes.hosts) AS named WHERE expires_at > ?1 GROUP BY named.value
         ON CONFLICT DO UPDATE SET until = max(until, excluded.until)`,
      )
      .bind(now),
    database
      .prepare('UPDATE meant_hosts SET until = ?1 WHERE until IS NULL AND host NOT IN (SELECT host FROM hosts)')
      .bind(now + limits.betweenHomesMs),
    database.prepare('DELETE FROM meant_hosts WHERE until <= ?1').bind(now),
  ]);
  const registered = await find(database, codeHash);
  if (registered !== null) return repeated(registered, wanted);
  throw cannot('code-dropped', 'this one was dropped; make another.');
}

interface KnownCode {
  readonly hosts: string;
  readonly expiresAt: number;
  readonly replaces: string | null;
}

async function find(database: Database, codeHash: string): Promise<KnownCode | null> {
  const { results } = await database
    .prepare('SELECT hosts, expires_at AS expiresAt, replaces FROM claim_codes WHERE code_hash = ?')
    .bind(codeHash)
    .all<KnownCode>();
  return results[0] ?? null;
}

function repeated({ hosts, expiresAt, replaces }: KnownCode, wanted: string): CodeReply {
  if (hosts === wanted) return { hosts: JSON.parse(hosts) as string[], expiresAt, replaces };
  throw cannot('code-known', 'this one is known, for other hosts; make another.');
}

/** A host as requests name it: lower case, Punycode, no port that its scheme has anyway. */
function canonicalHost(host: string): string {
  const url = URL.parse(`https://${host}/`);
  if (url !== null && url.pathname === '/' && url.href === `https://${url.host}/`) return url.host;
  throw cannot('code-hosts', `${host} is not a host name; give it without scheme and path.`);
}

function cannot(code: ErrorCode, found: string): PorchlightError {
  return new PorchlightError(code, `Cannot issue a claim code: ${found}`);
}
