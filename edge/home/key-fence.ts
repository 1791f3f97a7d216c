// Shuts out what a home's earlier key still holds open, after the directory has another: its link is closed and its
// session ended at once, not when somebody next looks. May be done again: whatever the key that counts has opened stays.

import type { JWK } from 'jose';
import type { ErrorCode } from '../../shared/error-codes.ts';
import type { Refusal } from '../../shared/link/handshake.ts';
import type { LinkObject } from '../link/object.ts';

const reasons = {
  'key-changed': "Cannot keep the link: home's key was replaced; dial with the new one.",
  revoked: "Cannot keep the link: the edge's operator has revoked home's key; ask for a new claim code.",
  'host-released': "Cannot keep the link: the edge's operator has taken a host from this home; dial again.",
} as const satisfies Readonly<Partial<Record<ErrorCode, string>>>;

export class KeyFence {
  readonly #linkOf: (homeId: string) => DurableObjectStub<LinkObject>;

  constructor(linkOf: (homeId: string) => DurableObjectStub<LinkObject>) {
    this.#linkOf = linkOf;
  }

  /** Only what was opened with this key goes on. */
  async letOnly(homeId: string, key: JWK): Promise<void> {
    await this.#linkOf(homeId).keepOnly(key.x ?? null, refusal('key-changed'));
  }

  /** The same, by the wish of the key that was: requests that are under way by its link may end. */
  async changeTo(homeId: string, key: JWK): Promise<void> {
    await this.#linkOf(homeId).keepOnly(key.x ?? null, refusal('key-changed'), true);
  }

  /** Nothing goes on. Whether it may be opened again is the directory's to say. */
  async shutOut(homeId: string, why: 'revoked' | 'host-released'): Promise<void> {
    await this.#linkOf(homeId).keepOnly(null, refusal(why));
  }
}

function refusal(code: keyof typeof reasons): Refusal {
  return { code, reason: reasons[code] };
}
