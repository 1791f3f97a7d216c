// The Worker's bindings (wrangler.toml), read once per isolate into settings. The only file of the edge that knows
// the names of variables.

import { ed25519Key, ed25519PublicPart } from '../shared/ed25519.ts';
import type { EdgeAbout } from '../shared/edge-about.ts';
import { readJsonObject } from '../shared/json-object.ts';
import { edgeBuild } from './build.ts';
import type { LinkObject } from './link/object.ts';
import type { OperatorKey } from './operator/operator-call.ts';
import type { SpoolObject } from './spool/object.ts';

export interface Env {
  readonly LINK: DurableObjectNamespace<LinkObject>;
  readonly SPOOL: DurableObjectNamespace<SpoolObject>;
  readonly DIRECTORY: D1Database;
  readonly STORE: R2Bucket;
  readonly DNS_RESOLVER: string;
  readonly DEV_KEY_ORIGINS: string;
  readonly OPERATOR_KEY?: string;
  readonly BUILD?: string;
}

export interface Settings {
  /** RFC 8484 resolver that answers in JSON. */
  readonly dnsResolver: string;
  /** Origins whose keys may be fetched although they are loopback or plain HTTP; empty outside development. */
  readonly devKeyOrigins: ReadonlySet<string>;
  /** The public key of whoever runs this edge. */
  readonly operatorKey: OperatorKey;
  /** What this edge says of itself. */
  readonly about: EdgeAbout;
}

export function settingsOf(env: Env): Settings {
  const origins = env.DEV_KEY_ORIGINS.split(',').map((origin) => origin.trim());
  return {
    dnsResolver: env.DNS_RESOLVER,
    devKeyOrigins: new Set(origins.filter((origin) => origin !== '')),
    operatorKey: operatorKeyOf(env.OPERATOR_KEY ?? ''),
    about: edgeBuild(env.BUILD ?? ''),
  };
}

/** A JWK in JSON, or its `x` alone. What is wrong with it is said without repeating it: it might be a private key. */
export function operatorKeyOf(text: string): OperatorKey {
  const trimmed = text.trim();
  if (trimmed === '') return { set: 'no' };
  const alone = ed25519Key(trimmed);
  if (alone !== null) return { set: 'yes', publicKey: alone };
  const read = readJsonObject(new TextEncoder().encode(trimmed));
  if ('malformed' in read) return { set: 'wrongly', found: 'is neither a JWK nor 43 characters of base64url' };
  if ('d' in read.json) return { set: 'wrongly', found: 'holds a private key, which belongs on no edge' };
  const publicKey = ed25519PublicPart(read.json);
  return publicKey === null ? { set: 'wrongly', found: 'is not an Ed25519 key' } : { set: 'yes', publicKey };
}
