// By which domains does an actor go? Its host is one; what its people have after the `@` may be another, and a service that
// blocks that one wants nothing to do with the actor either. Asked of the actor's own server, as Mastodon does it: the
// actor for its name, and WebFinger at the actor's host for what the name is in full. Only of an actor that has just proved
// to be it, so that nobody makes the edge knock at another's door.
//
// Nothing here is believed in its favour: whatever domain it names for itself counts against it. So the answer need not lead
// back to the actor, which for Mastodon it must. Whose name nobody says is nobody whom a service would answer: Mastodon
// (process_account_service.rb, check_webfinger!) and GoToSocial (dereferencing/account.go, "we're not certain what the
// accountDomain actually is") refuse an actor that has a name which WebFinger does not know, and one without a name. A
// server's own actor is no exception where it has a name: those of Mastodon, Misskey, Lemmy, PeerTube, Pixelfed and Takahē are
// all found. Only one without a name, which services less strict than those two answer, goes by its host.

import type { Clock } from '../../../shared/clock.ts';
import { readJsonObject } from '../../../shared/json-object.ts';
import { limits } from '../../../shared/limits.ts';
import { type Fetched, isSameSite, type SafeFetchPorts, safeFetch } from '../../http/safe-fetch.ts';
import { activityTypes, isActivityType } from '../media-type.ts';
import { type AsksFor, type SignAsEdge, SignedGets } from '../signed-get.ts';
import { webFingerAt } from './host-meta.ts';
import type { NamesAnswer } from './judge.ts';
import type { NamesMemory } from './names-memory.ts';

export interface NamesPorts {
  readonly fetch: SafeFetchPorts;
  readonly memory: NamesMemory;
  readonly clock: Clock;
  /** Aborts after so many milliseconds (`AbortSignal.timeout`). */
  readonly deadline: (ms: number) => AbortSignal;
  readonly sign: SignAsEdge;
}

/** RFC 7033 section 10.2; some serve it as plain JSON. */
const jrdTypes = 'application/jrd+json, application/json';
/** RFC 6415 section 2. */
const xrdTypes = 'application/xrd+xml, application/xml, text/xml';

export class ActorNames {
  readonly #ports: NamesPorts;
  readonly #signedGets: SignedGets;

  constructor(ports: NamesPorts) {
    this.#ports = ports;
    this.#signedGets = new SignedGets(ports);
  }

  /** `actor` has proved to be it. */
  async of(actor: string, asksFor: AsksFor): Promise<NamesAnswer> {
    const { memory, clock } = this.#ports;
    const now = clock.now();
    const before = await memory.get(asksFor.homeId, actor);
    const isKnown = before?.answer.names === 'known';
    if (before !== null && now - before.askedAt < (isKnown ? limits.keyFreshMs : limits.keyFailureMs)) {
      return before.answer;
    }
    const answer = await this.#ask(actor, asksFor);
    // A name is not forgotten because it could not be asked for again.
    const isStillGood = isKnown && answer.names === 'unknown' && now - before.answeredAt < limits.keyKeptMs;
    const record = isStillGood
      ? { ...before, askedAt: now - limits.keyFreshMs + limits.keyFailureMs }
      : { answer, askedAt: now, answeredAt: now };
    await memory.put(asksFor.homeId, actor, record);
    return record.answer;
  }

  async #ask(actor: string, asksFor: AsksFor): Promise<NamesAnswer> {
    const signal = this.#ports.deadline(limits.keyFetchMs);
    const asker = this.#signedGets.asker(asksFor);
    const question = { url: actor, accept: activityTypes, takes: isActivityType, signal, asker };
    const fetched = await safeFetch(this.#ports.fetch, question);
    if (fetched.fetched !== 'document') return unknown(`the actor ${actor} cannot be had: ${whyNot(fetched)}`);
    const reading = readJsonObject(fetched.body);
    if ('malformed' in reading) return unknown(`the actor ${actor} cannot be read: ${reading.malformed}`);
    const { type, webfinger, preferredUsername } = reading.json;
    // FEP-2c59.
    const claimed = domainOf(webfinger);
    const claims = claimed === null ? [] : [claimed];
    if (typeof preferredUsername !== 'string' || preferredUsername === '') {
      if (claimed !== null || isServersOwn(type)) return { names: 'known', domains: claims };
      return unknown(`${actor} has no name, and is not its server's own`);
    }
    if (preferredUsername.length > limits.addressLength) return unknown(`the name of ${actor} is too long`);
    const { origin, host } = new URL(actor);
    const account = `acct:${preferredUsername}@${host}`;
    const said = await this.#subjectOf(account, origin, signal);
    if ('unknown' in said) return unknown(`WebFinger for ${account} ${said.unknown}`);
    return { names: 'known', domains: [...new Set([...claims, said.domain])] };
  }

  /** The domain of what WebFinger at this origin calls the account, or why there is none. */
  async #subjectOf(account: string, origin: string, signal: AbortSignal): Promise<Said> {
    const ask = async (url: string): Promise<Fetched> =>
      await safeFetch(this.#ports.fetch, { url, accept: jrdTypes, takes: isJson, signal });
    const url = `${origin}/.well-known/webfinger?resource=${encodeURIComponent(account)}`;
    let finger = await ask(url);
    if (finger.fetched === 'not-found') {
      const elsewhere = await this.#fingerAt(origin, account, signal);
      // Another site is none that the actor spoke for.
      if (elsewhere !== null && elsewhere !== url && isSameSite(origin, elsewhere)) finger = await ask(elsewhere);
    }
    if (finger.fetched !== 'document') return { unknown: `cannot be had: ${whyNot(finger)}` };
    const jrd = readJsonObject(finger.body);
    const domain = 'malformed' in jrd ? null : domainOf(jrd.json.subject);
    return domain === null ? { unknown: 'names no account' } : { domain };
  }

  async #fingerAt(origin: string, account: string, signal: AbortSignal): Promise<string | null> {
    const question = { url: `${origin}/.well-known/host-meta`, accept: xrdTypes, takes: isXml, signal };
    const found = await safeFetch(this.#ports.fetch, question);
    return found.fetched === 'document' ? webFingerAt(new TextDecoder().decode(found.body), account) : null;
  }
}

type Said = { readonly domain: string } | { readonly unknown: string };

/** Servers' own actors of some software have no name: of older Lemmy, of Pleroma's relay. */
function isServersOwn(type: unknown): boolean {
  return type === 'Application' || type === 'Service';
}

/** Of `acct:name@domain` (RFC 7565) or `name@domain`, in small letters; null for anything else. */
function domainOf(account: unknown): string | null {
  if (typeof account !== 'string' || account.length > limits.addressLength) return null;
  const domain = /^(?:acct:)?@?[^@/:?#\s]+@([^@/?#\s]+)$/i.exec(account)?.[1];
  // As URLs have it: small letters, punycode, and no port.
  return domain === undefined ? null : (URL.parse(`https://${domain}`)?.hostname ?? null);
}

function isJson(contentType: string): boolean {
  const type = typeOf(contentType);
  return type === 'application/json' || type.endsWith('+json');
}

function isXml(contentType: string): boolean {
  return xrdTypes.split(', ').includes(typeOf(contentType));
}

function typeOf(contentType: string): string {
  return contentType.toLowerCase().split(';')[0]?.trim() ?? '';
}

function whyNot(fetched: Exclude<Fetched, { fetched: 'document' }>): string {
  return 'reason' in fetched ? fetched.reason : `it is ${fetched.fetched}`;
}

function unknown(reason: string): NamesAnswer {
  return { names: 'unknown', reason };
}
