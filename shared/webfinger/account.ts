// One account as every asker must find it: one canonical name, the others as aliases, and exactly one ActivityPub link
// `self`. Mastodon and GoToSocial take the first `self` of a fitting type, Misskey and PeerTube the first of whatever type,
// Lemmy any link of a type `application/`: with one `self`, and no such link before it or behind it that is an actor, all
// of them find the same actor. The exception is a name that is two actors by its own server's word, as a person's and a
// community's of Lemmy: each `self` says then what its actor is, and all are told, in the server's order.

import type { AccountLink, WebFingerAccount, WebFingerLink } from '../snapshot.ts';
import { acctOf, acctUri, comparable } from './names.ts';

/** ActivityPub section 3.2; the second without the spaces and quotes that some leave out. */
const actorTypes: ReadonlySet<string> = new Set([
  'application/activity+json',
  'application/ld+json;profile=https://www.w3.org/ns/activitystreams',
]);

export function isActorType(type: string | undefined): boolean {
  return type !== undefined && actorTypes.has(type.toLowerCase().replace(/[\s"]/g, ''));
}

/** Where the people of a service are found. */
export interface AccountPlace {
  /** Of the service. */
  readonly hosts: readonly string[];
  /** What its people have after the `@`, if its owner says so; otherwise what the service says. */
  readonly accountDomain?: string;
}

/**
 * The account under its canonical name, which is the subject whichever host was asked. Its names at the hosts of its
 * service are aliases: a peer that knows only the actor asks for its name there (the second half of Mastodon's check).
 */
export function placed(account: WebFingerAccount, { hosts, accountDomain }: AccountPlace): WebFingerAccount {
  const said = acctOf(account.subject);
  const links = oneSelf(account.links);
  if (said === null) return { ...account, links };
  const { user } = said;
  const subject = acctUri({ user, host: accountDomain?.toLowerCase() ?? said.host });
  const names = [...account.aliases, account.subject, ...hosts.map((host) => acctUri({ user, host }))];
  return { ...account, subject, aliases: distinct(names, [subject]), links };
}

/** Those of `names` that are not among `others`, each once. */
export function distinct(names: readonly string[], others: readonly string[]): readonly string[] {
  const seen = new Set(others.map(comparable));
  return names.filter((name) => seen.size < seen.add(comparable(name)).size);
}

/**
 * The first `self` of an ActivityPub type, and no other `self` or actor, unless they are of different kinds; links of a type
 * `application/` before it.
 */
function oneSelf(links: readonly WebFingerLink[]): readonly WebFingerLink[] {
  const all = links.filter(({ rel, type, href }) => isSelf(rel) && isActorType(type) && href !== undefined);
  const selves = areApart(all) ? all : all.slice(0, 1);
  const others = links.filter(({ rel, type }) => !isSelf(rel) && !isActorType(type));
  // Lemmy's library tries each of type `application/`, some versions from the end: `self` is the last of them.
  const isProgram = ({ type }: WebFingerLink): boolean => /^application\//i.test(type ?? '');
  return [...others.filter(isProgram), ...selves, ...others.filter((link) => !isProgram(link))];
}

/** Lemmy, crates/routes/src/webfinger.rs: what kind of actor a link leads to. */
const kindOfActor = 'https://www.w3.org/ns/activitystreams#type';

/** Each says of what kind it is, and none as another. */
function areApart(selves: readonly WebFingerLink[]): boolean {
  const kinds = selves.map(({ properties }) => properties?.[kindOfActor] ?? null);
  return !kinds.includes(null) && new Set(kinds).size === selves.length;
}

function isSelf(rel: string): boolean {
  return rel.toLowerCase() === 'self';
}

/** With the links that its owner adds for it. */
export function withLinks(account: WebFingerAccount, added: readonly AccountLink[]): WebFingerAccount {
  const own = added.filter(({ account: meant }) =>
    [account.subject, ...account.aliases].some((name) => fits(meant, name)),
  );
  return { ...account, links: [...account.links, ...own.map(({ rel, href }) => ({ rel, href }))] };
}

/** `meant`: `user@host`, or `*@host` for everybody there. */
export function fits(meant: string, name: string): boolean {
  const acct = acctOf(name);
  if (acct === null) return false;
  const [user = '', host = ''] = meant.toLowerCase().split('@');
  return acct.host === host && (user === '*' || acct.user.toLowerCase() === user);
}
