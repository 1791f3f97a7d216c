// Leaves the edge's part of the settings at the edge: at each connection, and when it changed. Its version is on home's
// disk before it is sent, so that whatever is killed in between, the next one is later.

import type { CryptoKey } from 'jose';
import type { Clock } from '../../shared/clock.ts';
import { edgePartOf, signEdgePart } from '../../shared/config/edge-part.ts';
import type { HomeConfig } from '../../shared/config/home-config.ts';
import { causeOf } from '../../shared/errors.ts';
import { type RisingVersion, sendRising } from '../bedtime/rising-version.ts';
import { EdgeRefusal } from '../edge-api/send.ts';
import type { Log } from '../log.ts';

export interface ConfigLeaverOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly config: () => HomeConfig;
  /** Origin of the edge. */
  readonly edge: string;
  readonly homeId: string;
  /** Home's private key; it may be replaced while home runs. */
  readonly key: () => CryptoKey;
  /** A version above every earlier one, and at least this. It outlives this process before it resolves. */
  readonly nextVersion: RisingVersion['nextVersion'];
  readonly send: (jws: string) => Promise<void>;
}

/** What the edge took last. */
interface Left {
  readonly said: string;
  readonly jws: string;
  /** That it was signed with: signed by an older one, it would be refused. */
  readonly key: CryptoKey;
}

export class ConfigLeaver {
  readonly #options: ConfigLeaverOptions;
  #left: Left | null = null;
  /** Whether the edge has it for sure: not after a new connection. */
  #isThere = false;
  #last: Promise<boolean> = Promise.resolve(true);

  constructor(options: ConfigLeaverOptions) {
    this.#options = options;
  }

  /** The edge may have lost or never had it: the next time it is sent in any case. */
  forget(): void {
    this.#isThere = false;
  }

  /** Resolves to whether the edge now has what holds; what failed is in the log. One at a time. */
  async leave(): Promise<boolean> {
    this.#last = this.#last.then(async () => await this.#leave());
    return await this.#last;
  }

  async #leave(): Promise<boolean> {
    const { log, config } = this.#options;
    const part = edgePartOf(config());
    const said = JSON.stringify(part);
    const key = this.#options.key();
    const isSame = this.#left?.said === said && this.#left.key === key;
    if (isSame && this.#isThere) return true;
    try {
      // The same bytes again cost the edge no write.
      if (isSame && this.#left !== null && (await this.#sendAgain(this.#left))) return true;
      const { clock, edge, homeId, nextVersion, send } = this.#options;
      let jws = '';
      const version = await sendRising({
        clock,
        nextVersion,
        olderCode: 'config-older',
        send: async (next) => {
          jws = await signEdgePart({ version: next, ...part }, { edge, homeId }, key);
          await send(jws);
        },
      });
      this.#left = { said, jws, key };
      this.#isThere = true;
      log.debug(`Left settings ${version} at the edge.`);
      return true;
    } catch (thrown) {
      // An edge of an earlier version goes by the snapshot alone.
      if (thrown instanceof EdgeRefusal && thrown.reason === 'no-such-call') {
        this.#left = { said, jws: '', key };
        this.#isThere = true;
        log.info('The edge does not take settings yet: hosts, title and language hold there by the snapshot.');
        return true;
      }
      log.warn(`Cannot leave the settings at the edge: ${causeOf(thrown)}`);
      return false;
    }
  }

  /** False: the edge has a later one, so that this must be said anew. */
  async #sendAgain({ jws }: Left): Promise<boolean> {
    if (jws === '') return false;
    try {
      await this.#options.send(jws);
      this.#isThere = true;
      return true;
    } catch (thrown) {
      if (thrown instanceof EdgeRefusal && thrown.reason === 'config-older') return false;
      throw thrown;
    }
  }
}
