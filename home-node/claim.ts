// Makes this home known to its edge: registers home's key with a one-time code (docs/protocol.md, "Claim") and
// remembers by which name the edge knows this home.

import { join } from 'node:path';
import { type ClaimReply, claimPath, makeClaim } from '../shared/claim/claim.ts';
import { hashClaimCode, parseClaimCode } from '../shared/claim/code.ts';
import { PorchlightError } from '../shared/errors.ts';
import { type Claimed, claimFileName, readClaim } from './claim-file.ts';
import { writeDurably } from './durable-file.ts';
import { connectionCause } from './edge-api/certificate-dates.ts';
import { EdgeRefusal, refusalOf, sendOnce } from './edge-api/send.ts';
import { Agent } from './http-connections.ts';
import type { HomeKey, HomeKeys, ObserveKeys } from './key.ts';

/**
 * Claims with this code, unless it was used before. The edge takes the same code from the same key again, so that a
 * crash in between loses nothing. Throws `claim-code-malformed`, `edge-refused`, `edge-unreachable`.
 */
export async function claim(
  folder: string,
  edge: string,
  key: HomeKey,
  code: string,
  observe: ObserveKeys = () => undefined,
): Promise<Claimed> {
  const codeHash = await hashClaimCode(parseClaimCode(code));
  const before = readClaim(folder, edge);
  if (before?.codeHash === codeHash) return before;
  const request = await makeClaim(code, edge, key.publicKey, key.privateKey);
  const { homeId, hosts } = await send(edge, new TextEncoder().encode(JSON.stringify(request)));
  observe('claim-granted');
  const claimed: Claimed = { homeId, edge, hosts, codeHash };
  writeDurably(join(folder, claimFileName), `${JSON.stringify(claimed)}\n`);
  observe('claim-written');
  return claimed;
}

/** As claim; with a new key when the edge's operator has revoked the one that is there. */
export async function claimWithKeys(
  folder: string,
  edge: string,
  keys: HomeKeys,
  code: string,
  observe: ObserveKeys = () => undefined,
): Promise<Claimed> {
  try {
    return await claim(folder, edge, keys.current, code, observe);
  } catch (thrown) {
    if (!(thrown instanceof EdgeRefusal) || thrown.reason !== 'key-revoked') throw thrown;
    const claimed = await claim(folder, edge, await keys.makeNext(), code, observe);
    keys.promote();
    return claimed;
  }
}

async function send(edge: string, body: Uint8Array): Promise<ClaimReply> {
  const connections = new Agent();
  try {
    const reply = await sendOnce(connections, new URL(claimPath, edge), {
      method: 'POST',
      headers: ['Content-Type', 'application/json'],
      body,
      maxReplyBytes: 64 * 1024,
      signal: AbortSignal.timeout(30_000),
      attemptMs: 30_000,
    });
    if (reply.status >= 300) throw explained(edge, refusalOf({ method: 'claim at', path: edge }, reply));
    return JSON.parse(new TextDecoder().decode(reply.body)) as ClaimReply;
  } catch (thrown) {
    if (thrown instanceof PorchlightError) throw thrown;
    throw new PorchlightError(
      'edge-unreachable',
      `Cannot claim at ${edge}: ${connectionCause(thrown)}; see whether the edge is there and claim again.`,
    );
  } finally {
    await connections.destroy();
  }
}

/** The edge tells strangers nothing of its codes; whoever claims must know what to do all the same. */
function explained(edge: string, refusal: EdgeRefusal): EdgeRefusal {
  if (refusal.reason !== 'claim-refused') return refusal;
  const detail = `Cannot claim at ${edge}: it does not take this code, which was mistyped, used or is too old; ask its operator for a new one.`;
  return new EdgeRefusal({ method: 'claim at', path: edge }, refusal.status, refusal.reason, detail);
}
