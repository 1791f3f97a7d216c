// Makes what home leaves fit for the edge, which reads it strictly and takes limits.snapshotBytes at most. An entry that the
// edge would not take is left out by itself. Of what is too much, that goes first of which strangers notice least:
//
//   1  keys of peers, the least useful first      the edge asks for them
//   2  the filter of known actors                 everybody counts as known; one whose key is gone does not
//   3  what was deleted longest ago               503 instead of 410 while home is away
//   4  documents, the last first                  a copy of what passed by, or 503 while home is away
//   5  NodeInfo                                   the services are asked; 503 while they are away
//   6  accounts, the last first                   the same
//   7  blocked domains, all of them               nobody is shown what a service shows to some servers only
//   8  allowed domains, all of them               the same
//
// Never a part of the last two: who is missing in a list of blocks would be shown what it is kept from. Pure.

import { BloomFilter } from '../../shared/known-actors/bloom.ts';
import { limits } from '../../shared/limits.ts';
import type { ServiceProfile, WebFingerAccount } from '../../shared/snapshot.ts';
import {
  account,
  accountLink,
  actorKey,
  document,
  goneObject,
  text,
  webFingerLink,
} from '../../shared/snapshot-entries.ts';
import type { LeftOut } from '../adapters/adapter.ts';
import type { SnapshotContent } from './snapshot.ts';

export interface Fitted {
  readonly content: SnapshotContent;
  readonly leftOut: readonly LeftOut[];
}

/** Of `version` and `madeAt`, which come to it. */
const besidesBytes = 128;

export function fitted(content: SnapshotContent, mostBytes: number = limits.snapshotBytes): Fitted {
  const leftOut: LeftOut[] = [];
  let fit = soundOf(content, leftOut);
  let over = bytesOf(fit) + besidesBytes - mostBytes;
  for (const step of steps) {
    if (over <= 0) break;
    const less = step(fit, over);
    if (less === null) continue;
    fit = less.content;
    leftOut.push({ of: `size: ${less.what}`, text: tooLong(less.what, less.follows, mostBytes) });
    over = bytesOf(fit) + besidesBytes - mostBytes;
  }
  return { content: fit, leftOut };
}

function tooLong(what: string, follows: string, mostBytes: number): string {
  return `what home leaves at the edge is longer than the ${mostBytes} bytes that it takes; left out are ${what}: ${follows}.`;
}

function soundOf(content: SnapshotContent, leftOut: LeftOut[]): SnapshotContent {
  const { accounts, documents, gone, actorKeys, links } = content;
  const keep = <Item>(
    items: readonly Item[],
    of: string,
    nameOf: (item: Item) => string,
    read: (item: Item) => unknown,
  ) => {
    const bad = items.filter((item) => !isSound(() => read(item)));
    const [first] = bad;
    if (first === undefined) return items;
    const found = `${bad.length} of its ${of} cannot be read by the edge and are left out (the first: ${shown(() => nameOf(first))})`;
    leftOut.push({ of, text: `${found}; see what the service says of it.` });
    return items.filter((item) => !bad.includes(item));
  };
  const named = accounts.map(withSoundParts);
  const kept = keep(
    named,
    'accounts',
    ({ subject }) => subject,
    (one) => account(one, 'account'),
  );
  const isWhole = kept.length === named.length;
  return {
    ...content,
    complete: content.complete && isWhole,
    // Whoever is missing is not said to be nobody.
    services: isWhole ? content.services : content.services.map(untold),
    accounts: kept,
    documents: keep(
      documents,
      'documents',
      (one) => one.host + one.path,
      (one) => document(one, 'document', text),
    ),
    ...(gone && {
      gone: keep(
        gone,
        'addresses that are gone',
        (one) => one.host + one.path,
        (one) => goneObject(one, 'gone', text),
      ),
    }),
    ...(actorKeys && {
      actorKeys: keep(
        actorKeys,
        'keys',
        ({ keyId }) => keyId,
        (one) => actorKey(one, 'key'),
      ),
    }),
    ...(links && {
      links: keep(
        links,
        'links',
        (one) => one.account,
        (one) => accountLink(one, 'link'),
      ),
    }),
  };
}

/** What is empty or malformed in an account costs that, and not the account. */
function withSoundParts(said: WebFingerAccount): WebFingerAccount {
  const aliases = said.aliases.filter((name) => isSound(() => text(name, 'alias')));
  const links = said.links.filter((link) => isSound(() => webFingerLink(link, 'link')));
  const isSame = aliases.length === said.aliases.length && links.length === said.links.length;
  return isSame ? said : { ...said, aliases, links };
}

function untold(service: ServiceProfile): ServiceProfile {
  return { ...service, tellsAccounts: false };
}

function isSound(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    // Whatever it is that makes it unreadable: it is told as left out.
    return false;
  }
}

function shown(name: () => unknown): string {
  const found = isSound(name) ? name() : null;
  return JSON.stringify(String(found ?? 'without a name').slice(0, 200));
}

interface Less {
  readonly content: SnapshotContent;
  readonly what: string;
  readonly follows: string;
}

/** null: there is nothing of it. `over`: bytes that must go. */
type Step = (content: SnapshotContent, over: number) => Less | null;

const steps: readonly Step[] = [
  (content, over) => {
    const { actorKeys = [] } = content;
    const kept = without(actorKeys, over);
    const what = `${actorKeys.length - kept.length} of ${actorKeys.length} keys of peers`;
    return actorKeys.length === 0
      ? null
      : { content: { ...content, actorKeys: kept }, what, follows: 'the edge asks for them' };
  },
  (content) => {
    const knownActors = BloomFilter.full().toData();
    const { metActors, ...rest } = content;
    if (metActors === undefined && content.knownActors.bits.length <= knownActors.bits.length) return null;
    const follows =
      'everybody counts as known, except for deletions of actors whose keys are gone, which are forgotten';
    return { content: { ...rest, knownActors }, what: 'the actors that home knows', follows };
  },
  (content, over) => {
    const { gone = [] } = content;
    const kept = without(gone, over);
    const what = `${gone.length - kept.length} of ${gone.length} addresses that are gone`;
    const follows = 'peers are told to come again instead of that it was deleted';
    return gone.length === 0 ? null : { content: { ...content, gone: kept }, what, follows };
  },
  (content, over) => {
    const { documents } = content;
    const kept = without(documents, over);
    const what = `${documents.length - kept.length} of ${documents.length} actors and posts`;
    const follows = 'they are answered from copies, if there are any, while home is away';
    return documents.length === 0 ? null : { content: { ...content, documents: kept }, what, follows };
  },
  (content) => {
    const { nodeinfo, nodeinfos = {} } = content;
    const none = Object.fromEntries(Object.keys(nodeinfos).map((host) => [host, null]));
    if (nodeinfo === null && Object.values(nodeinfos).every((one) => one === null)) return null;
    const without = { ...content, nodeinfo: null, ...(content.nodeinfos && { nodeinfos: none }) };
    return { content: without, what: 'NodeInfo', follows: 'nobody says it while home is away' };
  },
  (content, over) => {
    const { accounts, services } = content;
    const kept = without(accounts, over);
    const what = `${accounts.length - kept.length} of ${accounts.length} accounts`;
    const less = { ...content, complete: false, services: services.map(untold), accounts: kept };
    const follows = 'they are found while their service is there';
    return accounts.length === 0 ? null : { content: less, what, follows };
  },
  ({ blockedDomains, blockedBesideAllowed, sparedDomains: _, ...content }) => {
    if (blockedDomains === undefined && blockedBesideAllowed === undefined) return null;
    return { content, what: 'all blocked domains', follows: nobody };
  },
  (content) => {
    const { services } = content;
    if (services.every(({ allowedDomains = [] }) => allowedDomains.length === 0)) return null;
    const closed = services.map((one) => (one.allowedDomains === undefined ? one : { ...one, allowedDomains: [] }));
    return { content: { ...content, services: closed }, what: 'all domains of limited federation', follows: nobody };
  },
];

const nobody = 'what a service shows to some servers only is shown to nobody while it is away';

/** As many from the beginning as stay when `over` bytes go. */
function without<Item>(items: readonly Item[], over: number): readonly Item[] {
  let left = items.length;
  for (let gone = 0; left > 0 && gone < over; left -= 1) gone += bytesOf(items[left - 1]) + 1;
  return items.slice(0, left);
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
