// By which domains does an actor go? Its host is one; what its people have after the `@` may be another, and a service that
// blocks that one wants nothing to do with the actor either. Asked of the actor's own server, as Mastodon does it: the
// actor for its name, and WebFinger at the actor's host for what the name is in full. Only of an actor that has just proved
// to be it, so that nobody makes the edge knock at another's door.
//
// Nothing here is believed in its favour: whatever domain it names for itself counts against it, and one that names none is
// what its host is. So the answer need not lead back to the actor, which for Mastodon it must.

import type { Clock } from '../../../shared/clock.ts';
import { readJsonObject } from '../../../shared/json-object.ts';
import { limits } from '../../../shared/limits.ts';
import { type Fetched, type SafeFetchPorts, safeFetch } from '../../http/safe-fetch.ts';
import { activityTypes, isActivityType } from '../media-type.ts';
import { type AsksFor, type SignAsEdge, SignedGets } from '../signed-get.ts';
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
    const { webfinger, preferredUsername } = reading.json;
    // FEP-2c59.
    const claimed = domainOf(webfinger);
    const claims = claimed === null ? [] : [claimed];
    if (typeof preferredUsername !== 'string') return { names: 'known', domains: claims };
    if (preferredUsername.length > limits.addressLength) return unknown(`the name of ${actor} is too long`);
    const { origin, host } = new URL(actor);
    const account = `acct:${preferredUsername}@${host}`;
    const url = `${origin}/.well-known/webfinger?resource=${encodeURIComponent(account)}`;
    const finger = await safeFetch(this.#ports.fetch, { url, accept: jrdTypes, takes: isJson, signal });
    // Its server knows of no such name, or has none at all: it has no other than its host's.
    if (finger.fetched === 'not-found' || finger.fetched === 'gone') return { names: 'known', domains: claims };
    if (finger.fetched !== 'document') return unknown(`WebFinger for ${account} cannot be had: ${whyNot(finger)}`);
    const jrd = readJsonObject(finger.body);
    const said = 'malformed' in jrd ? null : domainOf(jrd.json.subject);
    if (said === null) return unknown(`WebFinger for ${account} names no account`);
    return { names: 'known', domains: [...new Set([...claims, said])] };
  }
}

/** Of `acct:name@domain` (RFC 7565) or `name@domain`, in small letters; null for anything else. */
function domainOf(account: unknown): string | null {
  if (typeof account !== 'string' || account.length > limits.addressLength) return null;
  const domain = /^(?:acct:)?@?[^@/:?#\s]+@([^@/?#\s]+)$/i.exec(account)?.[1];
  // As URLs have it: small letters, punycode, and no port.
  return domain === undefined ? null : (URL.parse(`https://${domain}`)?.hostname ?? null);
}

function isJson(contentType: string): boolean {
  const type = contentType.toLowerCase().split(';')[0]?.trim() ?? '';
  return type === 'application/json' || type.endsWith('+json');
}

function whyNot(fetched: Exclude<Fetched, { fetched: 'document' }>): string {
  return 'reason' in fetched ? fetched.reason : `it is ${fetched.fetched}`;
}

function unknown(reason: string): NamesAnswer {
  return { names: 'unknown', reason };
}
