// The part of home's settings that the edge goes by: made from porchlight.toml, signed by home's key as a compact JWS
// (RFC 7515, EdDSA), and left at PUT /.porchlight/v1/config (docs/protocol.md, "Settings"). Bound to one edge and one
// home, so that it says nothing anywhere else. It may narrow the hosts that were claimed, never add one.

import { CompactSign, type CryptoKey, compactVerify } from 'jose';
import { PorchlightError } from '../errors.ts';
import type { SignatureKind } from '../snapshot.ts';
import { readEdgePart } from './edge-part-read.ts';
import { embeddedSignatures } from './embedded.ts';
import type { HomeConfig } from './home-config.ts';

export interface EdgePartService {
  readonly name: string;
  /** As porchlight.toml has it; a newer home may have kinds that this edge does not know. */
  readonly kind: string;
  readonly hosts: readonly string[];
  readonly signatures: readonly SignatureKind[];
}

export interface EdgePart {
  /** Rises with every change; the edge refuses an older one. */
  readonly version: number;
  /** The names that the edge answers for. */
  readonly hosts: readonly string[];
  /** BCP 47. */
  readonly language: string;
  readonly title: string;
  readonly services: readonly EdgePartService[];
  readonly statusPage: boolean;
}

/** Where a part holds. */
export interface PartAddress {
  /** Origin of the edge. */
  readonly edge: string;
  readonly homeId: string;
}

export const configPath = '/.porchlight/v1/config';
export const configType = 'application/jose';
const type = 'porchlight-config';

export function edgePartOf(config: HomeConfig): Omit<EdgePart, 'version'> {
  const { hosts, language, title, services, statusPage } = config;
  return {
    hosts,
    language,
    title,
    services: services.map((service) => ({
      name: service.name,
      kind: service.kind,
      hosts: service.hosts,
      signatures: service.kind === 'embedded' ? embeddedSignatures : service.signatures,
    })),
    statusPage,
  };
}

/** The same part gives the same bytes: Ed25519 is deterministic (RFC 8032 section 5.1.6). */
export async function signEdgePart(part: EdgePart, { edge, homeId }: PartAddress, key: CryptoKey): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify({ edge, homeId, ...part }));
  return await new CompactSign(payload).setProtectedHeader({ alg: 'EdDSA', typ: type }).sign(key);
}

/**
 * The edge's side. Throws `config-proof` when home's key did not sign it for this edge and home, `config-malformed`,
 * and `config-foreign-host` for a host that is not among `claimedHosts`. Whether it is the newest is not judged here.
 */
export async function verifyEdgePart(
  jws: string,
  publicKey: CryptoKey,
  { edge, homeId, claimedHosts }: PartAddress & { readonly claimedHosts: readonly string[] },
): Promise<EdgePart> {
  const claims = await readSigned(jws, publicKey);
  if (claims.edge !== edge) throw refused(`it is for the edge ${String(claims.edge)}, this is ${edge}`);
  if (claims.homeId !== homeId) throw refused('it is another home’s');
  const part = readEdgePart(claims);
  const named = [...part.hosts, ...part.services.flatMap(({ hosts }) => hosts)];
  const foreign = named.filter((host) => !claimedHosts.includes(host));
  if (foreign.length === 0) return part;
  throw new PorchlightError(
    'config-foreign-host',
    `Cannot go by these settings: they name ${[...new Set(foreign)].join(', ')}, which this home did not claim; ` +
      `name only ${claimedHosts.join(', ')}, or claim more by a code of the edge's operator.`,
  );
}

async function readSigned(jws: string, publicKey: CryptoKey): Promise<Readonly<Record<string, unknown>>> {
  try {
    const { payload, protectedHeader } = await compactVerify(jws, publicKey, { algorithms: ['EdDSA'] });
    if (protectedHeader.typ !== type) throw refused('it is a signature of another kind');
    const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload));
    if (typeof claims !== 'object' || claims === null) throw refused('it says nothing');
    return claims as Readonly<Record<string, unknown>>;
  } catch (thrown) {
    if (thrown instanceof PorchlightError) throw thrown;
    throw refused('its signature does not hold', thrown);
  }
}

function refused(found: string, cause?: unknown): PorchlightError {
  return new PorchlightError('config-proof', `Cannot go by these settings: ${found}; sign them anew for this edge.`, {
    cause,
  });
}
