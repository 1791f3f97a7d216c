// The Worker's bindings (wrangler.toml), read once per isolate into settings. The only file of the edge that knows
// the names of variables.

import type { LinkObject } from './link/object.ts';
import type { SpoolObject } from './spool/object.ts';

export interface Env {
  readonly LINK: DurableObjectNamespace<LinkObject>;
  readonly SPOOL: DurableObjectNamespace<SpoolObject>;
  readonly DIRECTORY: D1Database;
  readonly STORE: R2Bucket;
  readonly DNS_RESOLVER: string;
  readonly DEV_KEY_ORIGINS: string;
}

export interface Settings {
  /** RFC 8484 resolver that answers in JSON. */
  readonly dnsResolver: string;
  /** Origins whose keys may be fetched although they are loopback or plain HTTP; empty outside development. */
  readonly devKeyOrigins: ReadonlySet<string>;
}

export function settingsOf(env: Env): Settings {
  const origins = env.DEV_KEY_ORIGINS.split(',').map((origin) => origin.trim());
  return { dnsResolver: env.DNS_RESOLVER, devKeyOrigins: new Set(origins.filter((origin) => origin !== '')) };
}
