// What the edge tells anybody of this home (docs/status.md), for an owner whose home node does not run or sleeps: asked
// as a stranger asks, without a key, and for a short time only, because a person waits for it.

import { isObject, type JsonObject, readJsonObject } from '../../shared/json-object.ts';
import { limits } from '../../shared/limits.ts';
import { Agent } from '../http-connections.ts';
import { connectionCause } from './certificate-dates.ts';
import { sendOnce } from './send.ts';

export const publicStatusPath = '/.porchlight/status.json';

const states = ['awake', 'asleep', 'lost', 'never'] as const;

/** Times are ms since the epoch; null: not known or not said. */
export interface PublicHome {
  readonly state: (typeof states)[number];
  readonly since: number | null;
  readonly expectedBack: number | null;
  /** How much waits, rounded up so that strangers learn little: 10 is anything from one to ten. */
  readonly waitingUpTo: number;
  /** When the edge said this, and when home left what strangers are answered with, both by the edge's clock. */
  readonly at: number | null;
  readonly pagesAsOf: number | null;
}

export interface EdgeWord {
  readonly says: PublicHome | null;
  /** Why it says nothing; null when it does. */
  readonly silence: string | null;
}

/** At `host`, one of the home's, by the scheme of `edge`. Never rejects. */
export async function askPublicStatus(edge: string, host: string, attemptMs = limits.statusAskMs): Promise<EdgeWord> {
  const connections = new Agent();
  const url = new URL(publicStatusPath, `${new URL(edge).protocol}//${host}`);
  try {
    const { status, body } = await sendOnce(connections, url, {
      method: 'GET',
      headers: ['Accept', 'application/json'],
      body: new Uint8Array(),
      maxReplyBytes: limits.statusAnswerBytes,
      signal: AbortSignal.timeout(attemptMs),
      attemptMs,
    });
    return publicWordOf(status, body);
  } catch (thrown) {
    const late = (thrown as { name?: unknown }).name === 'TimeoutError';
    return silent(late ? `it does not answer within ${attemptMs / 1000} s` : connectionCause(thrown));
  } finally {
    await connections.destroy();
  }
}

/** What an answer of that path says. */
export function publicWordOf(status: number, body: Uint8Array): EdgeWord {
  const reading = readJsonObject(body);
  const json = 'json' in reading ? reading.json : {};
  if (status === 200) {
    const says = homeOf(json);
    return says === null ? silent('what answers there is no Porchlight edge') : { says, silence: null };
  }
  if (json.code === 'no-such-call') return silent('its status page is turned off (status_page in porchlight.toml)');
  if (json.code === 'unknown-host') return silent('it knows no home of this name');
  const code = typeof json.code === 'string' && /^[a-z-]{1,40}$/.test(json.code) ? ` (${json.code})` : '';
  return silent(`it answered ${status}${code}`);
}

function homeOf({ home, waiting, at, pagesAsOf }: JsonObject): PublicHome | null {
  if (!isObject(home) || !isObject(waiting)) return null;
  const state = states.find((one) => one === home.state);
  const { upTo } = waiting;
  if (state === undefined || typeof upTo !== 'number') return null;
  const { since, expectedBack } = home;
  return {
    state,
    since: timeOf(since),
    expectedBack: timeOf(expectedBack),
    waitingUpTo: upTo,
    at: timeOf(at),
    pagesAsOf: timeOf(pagesAsOf),
  };
}

function timeOf(value: unknown): number | null {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}

function silent(silence: string): EdgeWord {
  return { says: null, silence };
}
