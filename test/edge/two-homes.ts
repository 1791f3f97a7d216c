// Two homes on one edge, A and B, each with an open link of its own, and peers that deliver to either: for tests in which A,
// or somebody who sends to A, tries to reach what is B's.

import { reset, SELF } from 'cloudflare:test';
import { vi } from 'vitest';
import type { Snapshot } from '../../shared/snapshot.ts';
import { cavage, type Letter, rsaSigner, type Signer } from '../shared/signature/signing.ts';
import { actorOf } from './activitypub/peer.ts';
import { migrated } from './home/directory-database.ts';
import { exampleSnapshot } from './home/example-snapshot.ts';
import { SmallHome } from './router/small-home.ts';

let pairs = 0;

export interface TwoHomes {
  readonly a: SmallHome;
  readonly b: SmallHome;
  /** Counts them: the Worker remembers hosts for a moment, so each test has its own. */
  readonly pair: number;
}

export async function twoHomes(): Promise<TwoHomes> {
  await reset();
  await migrated();
  pairs += 1;
  const a = await SmallHome.claimed(`https://a${pairs}.example`);
  const b = await SmallHome.claimed(`https://b${pairs}.example`);
  await a.connect();
  await b.connect();
  return { a, b, pair: pairs };
}

export const hostOf = (home: SmallHome): string => new URL(home.origin).host;

/** A snapshot of this home, with its own owner. */
export function snapshotOf(home: SmallHome, change: Partial<Snapshot> = {}): Snapshot {
  return JSON.parse(JSON.stringify(exampleSnapshot(change)).replaceAll('a.example', hostOf(home))) as Snapshot;
}

/** The Worker remembers keys over tests. */
let signer: Promise<Signer> | null = null;

/** Actors at any host, all with one key; `asked` has the hosts whose documents the edge asked for. */
export class Peers {
  readonly asked: string[] = [];
  readonly #signer: Signer;
  /** Hosts that answer with a failure of their own. */
  readonly #failures = new Map<string, number>();

  private constructor(signer: Signer) {
    this.#signer = signer;
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => this.#answer(new Request(input as Request)));
  }

  static async there(): Promise<Peers> {
    signer ??= rsaSigner('https://unused.example/#main-key');
    return new Peers(await signer);
  }

  /** A host that exists, and at which no key is. */
  empty(host: string): void {
    this.#failures.set(host, 404);
  }

  /** A host whose key server is broken. */
  failing(host: string): void {
    this.#failures.set(host, 500);
  }

  /** The status that `alice` at this host is told when she delivers to a home's inbox. */
  async deliver(to: SmallHome, host: string, from?: string): Promise<number> {
    const actor = `https://${host}/users/alice`;
    const activity = {
      id: `${actor}#${crypto.randomUUID()}`,
      type: 'Follow',
      actor,
      object: `${to.origin}/users/owner`,
    };
    const response = await this.post(to, '/inbox', activity, from);
    await response.body?.cancel();
    return response.status;
  }

  /** What the activity's actor is told when it delivers that, honestly signed, to this path. */
  async post(
    to: SmallHome,
    path: string,
    activity: Readonly<Record<string, string>>,
    from?: string,
  ): Promise<Response> {
    const body = new Uint8Array(new TextEncoder().encode(JSON.stringify(activity)));
    const letter: Letter = { host: hostOf(to), path, body, at: Date.now() };
    const { headers: signed } = await cavage({ ...this.#signer, keyId: `${activity.actor}#main-key` }, letter);
    const headers = new Headers(from === undefined ? {} : { 'CF-Connecting-IP': from });
    for (const [name, value] of signed) headers.append(name, value);
    return await SELF.fetch(`${to.origin}${path}`, { method: 'POST', headers, body });
  }

  #answer({ url }: Request): Response {
    const { hostname, origin, searchParams } = new URL(url);
    if (searchParams.has('type')) {
      const isV4 = searchParams.get('type') === 'A';
      return Response.json({ Status: 0, Answer: isV4 ? [{ name: 'x', type: 1, TTL: 60, data: '93.184.215.14' }] : [] });
    }
    this.asked.push(hostname);
    const failure = this.#failures.get(hostname);
    if (failure !== undefined) return new Response(null, { status: failure });
    const actor = actorOf({ ...this.#signer, keyId: `${origin}/users/alice#main-key` });
    return new Response(JSON.stringify(actor), { headers: { 'Content-Type': 'application/activity+json' } });
  }
}
