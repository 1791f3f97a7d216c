// How other servers find an actor by WebFinger, each rule written anew from its source: what it asks, which link it takes,
// what it refuses. `ask` is the network.

export type Ask = (url: string, accept: string) => Promise<Response>;

interface Link {
  readonly rel?: string;
  readonly type?: string;
  readonly href?: string;
}

interface Jrd {
  readonly subject?: string;
  readonly links?: readonly Link[];
}

export interface Found {
  readonly acct: string;
  readonly actor: string;
}

const activity = 'application/activity+json';
const ld = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"';
const descriptor = 'application/jrd+json, application/json';

const partsOf = (acct: string): [user: string, domain: string] => {
  const [user = '', domain = ''] = acct.replace(/^acct:/, '').split('@');
  return [user, domain];
};
const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/**
 * Which of several `self` links Mastodon takes: of an ActivityPub type the first (mastodon/mastodon@df1439c18b61,
 * app/lib/webfinger.rb), or the last of any (index_by in the same file at 0486db9f4ebc, whose type must then be one).
 */
export type MastodonSelf = 'first-of-type' | 'last';

/** mastodon/mastodon app/lib/webfinger.rb: 404 has it look for a template in host-meta, once; 410 is the end of an account. */
async function mastodonWebFinger(ask: Ask, acct: string): Promise<Jrd> {
  const [, domain] = partsOf(acct);
  const address = (at: string): string => `https://${at}/.well-known/webfinger?resource=${acct}`;
  let response = await ask(address(domain), descriptor);
  if (response.status === 404) {
    const meta = await ask(`https://${domain}/.well-known/host-meta`, 'application/xrd+xml, application/xml, text/xml');
    if (meta.status !== 200) throw new Error(`host-meta: ${meta.status}`);
    const template = /<Link rel="lrdd"[^>]* template="([^"]+)"/.exec(await meta.text())?.[1];
    if (template === undefined) throw new Error('host-meta without link to WebFinger');
    response = await ask(template.replace('{uri}', acct), descriptor);
  }
  if (response.status === 410) throw new Error('gone');
  if (response.status !== 200) throw new Error(`WebFinger: ${response.status}`);
  const jrd = await response.json<Jrd>();
  if (jrd.subject === undefined || jrd.subject === '') throw new Error('no subject');
  return jrd;
}

function mastodonSelf({ links = [] }: Jrd, which: MastodonSelf): string {
  const selfs = links.filter(({ rel }) => rel === 'self');
  const link = which === 'last' ? selfs.at(-1) : selfs.find(({ type }) => type === activity || type === ld);
  if (link?.href === undefined || (link.type !== activity && link.type !== ld))
    throw new Error('no self of an ActivityPub type');
  return link.href;
}

/** The subject, asked again under its own name where it is another than was asked: it must then stay the same. */
async function mastodonConfirmed(ask: Ask, acct: string): Promise<Jrd> {
  const jrd = await mastodonWebFinger(ask, acct);
  const subject = jrd.subject ?? '';
  if (same(partsOf(subject).join('@'), partsOf(acct).join('@'))) return jrd;
  const again = await mastodonWebFinger(ask, `acct:${partsOf(subject).join('@')}`);
  if (!same(partsOf(again.subject ?? '').join('@'), partsOf(subject).join('@')))
    throw new Error('too many WebFinger redirects');
  return again;
}

/**
 * mastodon/mastodon app/services/resolve_account_service.rb@0486db9f4ebc, then fetch_remote_actor_service.rb@03055a45bb16
 * (check_webfinger!): the actor's own name at the actor's own host must lead to the account that was found, and back.
 */
export async function mastodonFinds(ask: Ask, handle: string, which: MastodonSelf = 'first-of-type'): Promise<Found> {
  const found = await mastodonConfirmed(ask, `acct:${handle}`);
  const uri = mastodonSelf(found, which);
  const fetched = await ask(uri, `${activity}, ${ld}`);
  if (fetched.status !== 200) throw new Error(`actor: ${fetched.status}`);
  const actor = await fetched.json<{ id: string; preferredUsername: string }>();
  if (actor.id !== uri) throw new Error('the actor has another id');
  return await mastodonChecks(ask, actor, which);
}

/** The second half by itself: of an actor that was met by its address, in a reply or a boost. */
export async function mastodonChecks(
  ask: Ask,
  { id, preferredUsername }: { readonly id: string; readonly preferredUsername: string },
  which: MastodonSelf = 'first-of-type',
): Promise<Found> {
  const confirmed = await mastodonConfirmed(ask, `acct:${preferredUsername}@${new URL(id).host}`);
  if (mastodonSelf(confirmed, which) !== id) throw new Error('WebFinger does not loop back to the actor');
  return { acct: partsOf(confirmed.subject ?? '').join('@'), actor: id };
}

/**
 * gotosocial internal/federation/dereferencing/finger.go (superseriousbusiness/gotosocial; the form with *Dereferencer):
 * links and subject must be there, the subject's user must be the one asked for to the letter, the first self of an
 * ActivityPub type whose address is http(s) is taken.
 */
export async function gotosocialFinds(ask: Ask, handle: string): Promise<Found> {
  const [user, domain] = partsOf(handle);
  const address = `https://${domain}/.well-known/webfinger?resource=${encodeURIComponent(`acct:${handle}`)}`;
  const response = await ask(address, 'application/jrd+json, application/json');
  if (response.status !== 200) throw new Error(`WebFinger: ${response.status}`);
  const { subject = '', links = [] } = await response.json<Jrd>();
  if (links.length === 0) throw new Error('no links');
  if (!/^acct:[^@]+@[^@]+$/.test(subject)) throw new Error('no subject');
  if (partsOf(subject)[0] !== user) throw new Error('another user name than was asked for');
  const isActor = (type = ''): boolean => [activity, ld].some((one) => same(one, type));
  const link = links.find(({ rel, type, href }) => rel === 'self' && isActor(type) && /^https?:/.test(href ?? ''));
  if (link?.href === undefined) throw new Error('no suitable self');
  return { acct: partsOf(subject).join('@'), actor: link.href };
}

/**
 * misskey-dev/misskey packages/backend/src/core/RemoteUserResolveService.ts@01f587ebe23e (resolveSelf) and
 * WebfingerService.ts: asks in lower case; the first link whose rel is self in whatever case, of whatever type.
 */
export async function misskeyFinds(ask: Ask, handle: string): Promise<string> {
  const lower = handle.toLowerCase();
  const query = `resource=${encodeURIComponent(`acct:${lower}`)}`;
  const response = await ask(`https://${partsOf(lower)[1]}/.well-known/webfinger?${query}`, descriptor);
  if (response.status !== 200) throw new Error(`WebFinger: ${response.status}`);
  const { links = [] } = await response.json<Jrd>();
  const self = links.find(({ rel }) => rel !== undefined && same(rel, 'self'));
  if (self?.href === undefined) throw new Error('self link not found');
  return self.href;
}

/**
 * Chocobozzz/PeerTube server/core/lib/activitypub/actors/webfinger.ts@03563ab9e74a (getLinkOrThrow), with webfinger.js,
 * which asks for the bare handle as acct: the first link with rel self, of whatever type; its address must be a URL.
 */
export async function peertubeFinds(ask: Ask, handle: string): Promise<string> {
  const response = await ask(
    `https://${partsOf(handle)[1]}/.well-known/webfinger?resource=acct:${handle}`,
    'application/jrd+json, application/json',
  );
  if (response.status !== 200) throw new Error(`WebFinger: ${response.status}`);
  const { links } = await response.json<Jrd>();
  if (!Array.isArray(links)) throw new Error('links is not an array');
  const href = (links as readonly Link[]).find(({ rel }) => rel === 'self')?.href ?? '';
  if (URL.parse(href) === null) throw new Error('cannot find self link, or href is not a valid URL');
  return href;
}

/**
 * LemmyNet/activitypub-federation-rust src/fetch/webfinger.rs@006943aab153, in order, and at 588f431 from the end: every
 * link of a type `application/`, whatever its rel, is fetched as an actor until one is.
 */
export async function lemmyFinds(
  ask: Ask,
  handle: string,
  order: 'forward' | 'reverse',
): Promise<{ readonly actor: string; readonly tries: number }> {
  const response = await ask(
    `https://${partsOf(handle)[1]}/.well-known/webfinger?resource=acct:${handle}`,
    'application/jrd+json',
  );
  if (response.status !== 200) throw new Error(`WebFinger: ${response.status}`);
  const { links = [] } = await response.json<Jrd>();
  const programs = links.filter(({ type }) => type?.startsWith('application/') === true).map(({ href }) => href ?? '');
  let tries = 0;
  for (const href of order === 'reverse' ? programs.reverse() : programs) {
    tries += 1;
    const object = await ask(href, activity);
    if (object.status === 200 && /json/.test(object.headers.get('Content-Type') ?? '')) return { actor: href, tries };
  }
  throw new Error('cannot resolve');
}
