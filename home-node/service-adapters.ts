// Which adapter a service of porchlight.toml has: the table of all software that Porchlight knows by name.

import type { Clock } from '../shared/clock.ts';
import type { ActivityPubServiceConfig } from '../shared/config/home-config.ts';
import type { SoftwareKind } from '../shared/config/software.ts';
import type { Adapter } from './adapters/adapter.ts';
import { genericAdapter } from './adapters/generic.ts';
import { gotosocial } from './adapters/gotosocial.ts';
import { hollo } from './adapters/hollo.ts';
import { lemmy } from './adapters/lemmy.ts';
import { mastodon } from './adapters/mastodon.ts';
import { misskey } from './adapters/misskey.ts';
import { peertube } from './adapters/peertube.ts';
import { pixelfed } from './adapters/pixelfed.ts';
import { type ServerSoftware, serverAdapter } from './adapters/server-adapter.ts';
import { unknownFederation } from './leaving/database-leavings.ts';
import { showcaseOf } from './leaving/own-actor.ts';
import { ServerLeavings } from './leaving/server-leavings.ts';
import { workOf } from './leaving/server-work.ts';
import type { Issuer } from './receipts/service-receipts.ts';

export const serverSoftware: Readonly<Record<SoftwareKind, ServerSoftware>> = {
  mastodon,
  gotosocial,
  peertube,
  pixelfed,
  misskey,
  hollo,
  lemmy,
};

export interface AdapterParts {
  readonly clock: Clock;
  /** What home's people have after the @. */
  readonly domain: string;
  readonly receipts: Issuer;
}

export function adapterOf(service: ActivityPubServiceConfig, { clock, domain, receipts }: AdapterParts): Adapter {
  const { kind, hosts, inboxes, database, signatures, limitedFederation, allowedDomains } = service;
  const limited = { isLimited: limitedFederation, domains: allowedDomains };
  if (kind === 'activitypub') {
    return genericAdapter({ inboxes, signatures, receipts, allowedDomains: limitedFederation ? allowedDomains : null });
  }
  const software = serverSoftware[kind];
  const leavings = new ServerLeavings({ clock, domain, hosts, inboxes, database, reads: software.reads, limited });
  const { work } = software;
  const { ownActor } = software.reads;
  return serverAdapter(software, {
    signatures,
    receipts,
    leavings: async (base, signal, anew) => await leavings.ask(base, signal, anew),
    federation:
      database === null
        ? null
        : {
            federation: async () => await leavings.federation(),
            unknownFederation: unknownFederation(software.reads, limited),
          },
    work:
      work === undefined
        ? null
        : async (base, signal) => await workOf({ base, host: hosts[0] ?? domain, signal }, work, clock.now()),
    showcase:
      database === null || ownActor === undefined
        ? null
        : async () => await showcaseOf({ clock, hosts, database, reads: ownActor }),
  });
}
