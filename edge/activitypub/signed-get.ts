// Asks peers for keys as the edge's own actor, where they answer nobody else: servers that show actors only to who
// signs its questions. Unsigned first, because most need no more and nobody's privacy is the worse for it; after a
// refusal signed as draft-cavage-http-signatures-12 says, and after another as RFC 9421 says. What an origin wanted is
// remembered, so that the next key there costs one question. A question is asked three times at most.

import type { Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import { encodeBase64 } from '../../shared/signature/base64.ts';
import { type Sign, signedByCavage } from '../../shared/signature/sign-get.ts';
import type { Asker } from '../http/safe-fetch.ts';
import { edgeActorKeyId } from './edge-actor.ts';
import { FairMemory } from './fair-memory.ts';

/** For whom the edge asks, and under which of its names. */
export interface AsksFor {
  readonly homeId: string;
  /** Scheme and host at which the edge answers for this home. */
  readonly origin: string;
}

/** RSASSA-PKCS1-v1_5 with SHA-256 under the key of this home's edge actor (edge/spool/edge-key.ts). */
export type SignAsEdge = (homeId: string, text: string) => Promise<Uint8Array>;

export interface SignedGetPorts {
  readonly clock: Clock;
  readonly sign: SignAsEdge;
}

type Way = 'unsigned' | 'cavage' | 'rfc9421';

/** After which answers to each way the next one is worth a request. */
const next: Readonly<Record<Way, { readonly way: Way; readonly after: readonly number[] } | null>> = {
  unsigned: { way: 'cavage', after: [401, 403] },
  // 403 to who signed is a no; 400 and 401 may be about the kind of the signature.
  cavage: { way: 'rfc9421', after: [400, 401] },
  rfc9421: null,
};
const refusals = [400, 401, 403];

export class SignedGets {
  readonly #ports: SignedGetPorts;
  /** Of each home, because each asks as an actor of its own: origin → what it wanted last. */
  readonly #wanted = new FairMemory<Way>(limits.memoryEntries);

  constructor(ports: SignedGetPorts) {
    this.#ports = ports;
  }

  /** For one question. */
  asker(asksFor: AsksFor): Asker {
    const { homeId } = asksFor;
    /** Where the way was changed in this question. */
    const changed = new Map<string, Way>();
    const wayAt = (origin: string): Way => changed.get(origin) ?? this.#wanted.get(homeId, origin) ?? 'unsigned';
    return {
      headersFor: async (url) => {
        const way = wayAt(new URL(url).origin);
        return way === 'unsigned' ? {} : await this.#signed(way, url, asksFor);
      },
      mayAskAgain: (url, status) => {
        const { origin } = new URL(url);
        const way = wayAt(origin);
        const further = next[way];
        if (further?.after.includes(status) === true) {
          changed.set(origin, further.way);
          return true;
        }
        if (refusals.includes(status)) this.#wanted.delete(homeId, origin);
        else if (way !== 'unsigned') this.#wanted.set(homeId, origin, way);
        return false;
      },
    };
  }

  async #signed(way: 'cavage' | 'rfc9421', url: string, { homeId, origin }: AsksFor): Promise<Record<string, string>> {
    const now = this.#ports.clock.now();
    const keyId = edgeActorKeyId(origin);
    const sign: Sign = async (text) => await this.#ports.sign(homeId, text);
    return way === 'cavage' ? await signedByCavage(url, keyId, now, sign) : await rfc9421Get(url, keyId, now, sign);
  }
}

/** RFC 9421 section 2.5, with the components that Mastodon wants of a GET. */
async function rfc9421Get(url: string, keyId: string, now: number, sign: Sign): Promise<Record<string, string>> {
  const created = Math.floor(now / 1000);
  const parameters = `("@method" "@target-uri");created=${created};keyid="${keyId}";alg="rsa-v1_5-sha256"`;
  const text = `"@method": GET\n"@target-uri": ${url}\n"@signature-params": ${parameters}`;
  const signature = encodeBase64(await sign(text));
  return { 'Signature-Input': `sig1=${parameters}`, Signature: `sig1=:${signature}:` };
}
