// Looks now and then, and when something happened, whether the owner must be told; tells each thing once when it begins
// and once when it is over. Whoever could not be told is told again at the next look.

import { causeOf } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { Log } from '../log.ts';
import type { TellOwner } from './hook.ts';
import { type Alert, type AlertFacts, type AlertKind, type AlertRules, judgeAlerts } from './judge.ts';
import { changesOf, type RaisedFile } from './raised.ts';

export interface AlertWatchOptions {
  readonly log: Log;
  /** null: nothing is to be watched now, as while home sleeps. */
  readonly gather: () => Promise<AlertFacts | null>;
  /** As they stand at each look: the owner may change them meanwhile. */
  readonly rules: () => AlertRules;
  /** null: no command is configured; the log says it anyway. */
  readonly tell: () => TellOwner | null;
  readonly file: RaisedFile;
  readonly everyMs?: number;
}

const quarterMs = 15 * 60_000;

export class AlertWatch {
  readonly #options: AlertWatchOptions;
  readonly #raised: Map<AlertKind, Alert>;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();
  /** A look that has not begun; whoever asks meanwhile is served by it. */
  #next: Promise<void> | null = null;
  /** Runs while no further look may be caused. */
  #rest: NodeJS.Timeout | null = null;
  #happenedMeanwhile = false;
  #isOver = false;

  constructor(options: AlertWatchOptions) {
    this.#options = options;
    this.#raised = options.file.read();
  }

  start(): void {
    const { everyMs = quarterMs } = this.#options;
    this.#timer = setInterval(() => void this.look(), everyMs);
    this.#timer.unref();
  }

  /** What was raised and is not over. */
  get raised(): readonly Alert[] {
    return [...this.#raised.values()];
  }

  /** Something happened that may be worth telling: a look now, but no two within `limits.alertLookMs`. */
  happened(): void {
    if (this.#rest !== null) {
      this.#happenedMeanwhile = true;
      return;
    }
    this.#happenedMeanwhile = false;
    this.#rest = setTimeout(() => {
      this.#rest = null;
      if (this.#happenedMeanwhile) this.happened();
    }, limits.alertLookMs);
    this.#rest.unref();
    void this.look();
  }

  /** A look that begins after this call; one at a time. Never rejects. */
  async look(): Promise<void> {
    if (this.#next === null) {
      this.#next = this.#looking.then(async () => {
        this.#next = null;
        try {
          if (!this.#isOver) await this.#look();
        } catch (thrown) {
          this.#options.log.error(`Cannot look after alerts: ${causeOf(thrown)}`);
        }
      });
      this.#looking = this.#next;
    }
    await this.#next;
  }

  /** Resolves when nothing is told any more: the owner's command may be running, and no other is begun. */
  async stop(): Promise<void> {
    this.#isOver = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#rest !== null) clearTimeout(this.#rest);
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { gather, rules, tell, log, file } = this.#options;
    const facts = await gather();
    if (facts === null) return;
    const changes = changesOf(this.#raised, judgeAlerts(facts, rules()));
    for (const change of changes) {
      if (this.#isOver) return;
      const { kind, text } = change.alert;
      if (change.state === 'raised') log.warn(text, { alert: kind });
      else log.info('An alert is over.', { alert: kind });
      try {
        await tell()?.(change);
      } catch (thrown) {
        log.error(causeOf(thrown), { alert: kind });
        continue;
      }
      if (change.state === 'raised') this.#raised.set(kind, change.alert);
      else this.#raised.delete(kind);
      file.write(this.#raised);
    }
  }
}
