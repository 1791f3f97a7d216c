// Gives home another key, by the old one (docs/protocol.md, "A new key for a home"), so that a kill at any moment leaves
// a home that gets in. The next key is on the disk before the edge hears of it. From then on home finds out which of the
// two the edge knows: it dials with one and, when that is refused, with the other. The next one opens the link: it takes
// the old one's place. The old one opens it: the edge is told again. Never dropped because the old one works: what was
// asked before a kill may still be on its way.

import type { KeyChangeReply, KeyChangeRequest } from '../shared/claim/key-change.ts';
import type { ErrorCode } from '../shared/error-codes.ts';
import { causeOf, PorchlightError } from '../shared/errors.ts';
import { EdgeRefusal } from './edge-api/send.ts';
import type { HomeKey, HomeKeys, ObserveKeys } from './key.ts';
import type { Log } from './log.ts';

export interface KeyRotationOptions {
  readonly keys: HomeKeys;
  readonly log: Log;
  readonly observe: ObserveKeys;
  /** The request that makes `next` the key instead of `current`. */
  readonly request: (current: HomeKey, next: HomeKey) => Promise<KeyChangeRequest>;
  readonly send: (request: KeyChangeRequest) => Promise<KeyChangeReply>;
  /** Dials and calls are made with this key from now on. */
  readonly use: (key: HomeKey) => void;
  /** The link is opened anew at once. */
  readonly redial: () => void;
}

interface Waiter {
  readonly done: () => void;
  readonly failed: (why: PorchlightError) => void;
}

/** With these the edge says that it will not know the next key, whatever of this home's is still on its way. */
const final = new Set<string>([
  'key-taken',
  'key-revoked',
  'key-not-current',
  'key-change-malformed',
  'key-change-proof',
  'revoked',
  // An edge from before keys could be changed.
  'no-such-call',
] satisfies ErrorCode[]);

/** What the edge says to a key that is not, or no longer, this home's. */
const refusals = new Set<string>(['proof-refused', 'key-changed'] satisfies ErrorCode[]);

export class KeyRotation {
  readonly #options: KeyRotationOptions;
  readonly #waiters: Waiter[] = [];
  #usesNext = false;
  #isTelling = false;
  /** How often the link was opened: a call that ended with its link is made again on the next. */
  #openings = 0;

  constructor(options: KeyRotationOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the new key is the only one. Throws `key-change-refused` when the old one stays, `key-change-open` when
   * it is not known yet which: home finds out when the link is opened next.
   */
  async rotate(): Promise<void> {
    await this.#options.keys.makeNext();
    const rotated = new Promise<void>((done, failed) => this.#waiters.push({ done, failed }));
    void this.#tell();
    await rotated;
  }

  /** It is not known yet which key counts. */
  get isOpen(): boolean {
    return this.#options.keys.next !== null;
  }

  /** The link is open, by the key that is in use. */
  onOpen(): void {
    this.#openings += 1;
    if (this.#options.keys.next === null) return;
    if (this.#usesNext) this.#promote();
    else void this.#tell();
  }

  /** The link was refused or closed with this code. True if the other key is tried next. */
  onRefused(code: string): boolean {
    const { current, next } = this.#options.keys;
    if (next === null || !refusals.has(code)) return false;
    this.#usesNext = !this.#usesNext;
    this.#options.use(this.#usesNext ? next : current);
    if (!this.#usesNext) this.#fail(open('it knows neither.'));
    return true;
  }

  async #tell(): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    for (let opening = -1; opening !== this.#openings; ) {
      opening = this.#openings;
      const failure = await this.#tellOnce();
      if (failure !== null && opening === this.#openings) this.#failed(failure);
    }
    this.#isTelling = false;
  }

  /** Resolves to what was thrown; null: it is over. */
  async #tellOnce(): Promise<Error | null> {
    const { keys, observe, request, send, use, redial } = this.#options;
    const { current, next } = keys;
    if (next === null) return null;
    try {
      await send(await request(current, next));
    } catch (thrown) {
      if (keys.next !== next) return null;
      return thrown instanceof Error ? thrown : new Error(String(thrown));
    }
    if (keys.next !== next) return null;
    observe('edge-told');
    this.#promote();
    use(next);
    redial();
    return null;
  }

  #promote(): void {
    this.#options.keys.promote();
    this.#usesNext = false;
    this.#options.log.info('Home has a new key; the old one is good for nothing any more.');
    for (const { done } of this.#waiters.splice(0)) done();
  }

  #failed(thrown: unknown): void {
    const { keys, use } = this.#options;
    if (thrown instanceof EdgeRefusal && final.has(thrown.reason)) {
      keys.dropNext();
      this.#usesNext = false;
      use(keys.current);
      const message = `Cannot change home's key: ${thrown.message} The old one stays.`;
      this.#fail(new PorchlightError('key-change-refused', message));
    } else if (!this.#usesNext) {
      // Otherwise the next key is just being tried, and opens the link or does not.
      this.#fail(open(causeOf(thrown)));
    }
  }

  #fail(why: PorchlightError): void {
    this.#options.log.warn(why.message);
    for (const { failed } of this.#waiters.splice(0)) failed(why);
  }
}

function open(found: string): PorchlightError {
  return new PorchlightError(
    'key-change-open',
    `Cannot say yet which key the edge knows: ${found} Home finds out when the link opens again.`,
  );
}
