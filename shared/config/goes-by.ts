// What the edge goes by for one home: what it claimed, the part of its settings that it left, and its snapshot. Pure. The
// part narrows and renames; without one all is as the snapshot says, because homes of an earlier version leave none.

import type { ServiceProfile, Snapshot } from '../snapshot.ts';
import type { EdgePart } from './edge-part.ts';

export interface GoneByService {
  readonly name: string;
  /** null: the home never said. */
  readonly kind: string | null;
  readonly hosts: readonly string[];
}

export interface GoesBy {
  /** Names that the edge answers for; all of them were claimed. */
  readonly hosts: readonly string[];
  /** For pages of the edge's own; null: home never said. */
  readonly words: { readonly language: string; readonly title: string } | null;
  readonly services: readonly GoneByService[];
  readonly statusPage: boolean;
  /** What home left for strangers, as far as the part lets it hold; null: it never left any. */
  readonly snapshot: Snapshot | null;
}

export function goesBy(claimed: readonly string[], part: EdgePart | null, snapshot: Snapshot | null): GoesBy {
  const named = part === null ? claimed : claimed.filter((host) => part.hosts.includes(host));
  const within = <Of extends { readonly hosts: readonly string[] }>(one: Of): Of => ({
    ...one,
    hosts: one.hosts.filter((host) => named.includes(host)),
  });
  if (part === null) {
    const services = (snapshot?.services ?? []).map(({ name, hosts }) => within({ name, kind: null, hosts }));
    return { hosts: named, words: snapshot, services, statusPage: true, snapshot };
  }
  const { language, title, statusPage } = part;
  const services = part.services.map(({ name, kind, hosts }) => within({ name, kind, hosts }));
  return {
    hosts: named,
    words: { language, title },
    services,
    statusPage,
    snapshot:
      snapshot === null
        ? null
        : {
            ...snapshot,
            language,
            title,
            // What it says of all does not hold of a service that the settings have since.
            complete: snapshot.complete && part.services.every(({ name }) => has(snapshot, name)),
            services: snapshot.services.flatMap((profile) => profileBy(part, profile)).map(within),
            documents: snapshot.documents.filter(({ host }) => named.includes(host)),
          },
  };
}

function has({ services }: Snapshot, service: string): boolean {
  return services.some(({ name }) => name === service);
}

/** Inboxes are the snapshot's to say; at which hosts, and with which signatures, the part's. */
function profileBy(part: EdgePart, profile: ServiceProfile): readonly ServiceProfile[] {
  const said = part.services.find(({ name }) => name === profile.name);
  if (said === undefined) return [];
  const hosts = profile.hosts.filter((host) => said.hosts.includes(host));
  return [{ ...profile, hosts, signatures: said.signatures }];
}
