// Requests that find no link where one was a moment ago: an edge that was deployed, an object that was reset, a home that
// is being restarted or changed its network. They wait for a moment for home to dial again, and for its service to be
// up again, and are carried then. So is a request that was lost with its link before home's head came, if it may
// be repeated. Timers run only while somebody waits, so that none keeps the object from hibernating.

import type { Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import type { RequestHead } from '../../shared/link/heads.ts';
import { type CarryFailure, mayRepeat, outcomeOf } from './between.ts';

/** A link on which a request may be put. */
export interface Carrier {
  /** `head`: the text of a RequestHead. */
  carry(request: Request, head: string): Promise<Response>;
}

export interface HoldParts {
  readonly clock: () => Clock;
  /** limits.carryHoldMs */
  readonly holdMs: () => number;
  /** Where this request may be put now; `wait`: nowhere, but that may change any moment. */
  readonly look: (head: string) => Carrier | 'wait' | 'away';
  /** Home has dialled only just now: what is not up may be in a moment. */
  readonly isFresh: () => boolean;
  /** The answer to a request that is not carried. */
  readonly absent: (head: string) => Response;
  /** Somebody waited until the end. */
  readonly onVain: () => void;
}

export class Hold {
  readonly #parts: HoldParts;
  readonly #waiting = new Set<() => void>();

  constructor(parts: HoldParts) {
    this.#parts = parts;
  }

  /** A link is open, or says that a service is not as it was: whoever waits looks again. */
  changed(): void {
    for (const goOn of [...this.#waiting]) goOn();
  }

  /**
   * Carries it as soon as it may be, at the latest after `holdMs`. `before`: how it was answered on a link that is lost, or by
   * a home whose service was not up; null when it was on none yet, and its body is unread.
   */
  async carry(request: Request, head: string, before: Response | null): Promise<Response> {
    const { clock, holdMs, look, absent } = this.#parts;
    const until = clock().now() + holdMs();
    let answer = before;
    let lost = 0;
    for (;;) {
      if (answer !== null) {
        const failure = failureOf(answer);
        if (!this.#isPassing(failure) || !mayRepeat(methodOf(head), request.body)) return answer;
        if (failure === 'lost') lost += 1;
        if (lost >= limits.carrySends) return answer;
        // The service has not seen it, and asking at once would find it no different.
        if (failure === 'service-down' && !(await this.#wait(until))) return answer;
      }
      let to = look(head);
      while (to === 'wait' && (await this.#wait(until))) to = look(head);
      if (to === 'wait' || to === 'away') return answer ?? absent(head);
      answer = await to.carry(request, head);
    }
  }

  #isPassing(failure: CarryFailure | null): boolean {
    return failure === 'lost' || (failure === 'service-down' && this.#parts.isFresh());
  }

  /** false: nothing changed in time, or too many wait already. */
  async #wait(until: number): Promise<boolean> {
    const ms = until - this.#parts.clock().now();
    if (ms <= 0 || this.#waiting.size >= limits.carryHeld) return false;
    return await new Promise<boolean>((resolve) => {
      const goOn = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(goOn);
        resolve(true);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(goOn);
        this.#parts.onVain();
        resolve(false);
      }, ms);
      this.#waiting.add(goOn);
    });
  }
}

function failureOf(response: Response): CarryFailure | null {
  const outcome = outcomeOf(response);
  return outcome !== null && 'failed' in outcome ? outcome.failed : null;
}

/** The request itself has another method (carry.ts). */
function methodOf(head: string): string {
  return (JSON.parse(head) as RequestHead).method;
}
