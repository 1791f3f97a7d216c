// The owner's settings while home runs: porchlight.toml is read again when it is saved. A file with faults changes
// nothing: all of them are told, and what held goes on. What needs a restart is told and waits for one.

import { readFileSync } from 'node:fs';
import { type Change, changesBetween, tookEffect } from '../../shared/config/changes.ts';
import { faultText } from '../../shared/config/faults.ts';
import type { HomeConfig } from '../../shared/config/home-config.ts';
import { parseHomeConfig } from '../../shared/config/parse.ts';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { systemTimers, type Timers } from '../link/timers.ts';
import type { Log } from '../log.ts';
import { type FileWatch, watchFile } from './file-watch.ts';

/** `changed`: paths of the schema, as `alerts.key_days`, of what holds from now on. */
export type SettingsListener = (config: HomeConfig, changed: readonly string[]) => void;

export interface SettingsOptions {
  /** Of porchlight.toml. */
  readonly path: string;
  /** As it was read at the start. */
  readonly config: HomeConfig;
  readonly log: Log;
  readonly timers?: Timers;
}

export class Settings {
  readonly #options: SettingsOptions;
  readonly #listeners = new Set<SettingsListener>();
  #current: HomeConfig;
  /** As the file was last read without faults; differs from `#current` by what needs a restart. */
  #file: HomeConfig;
  /** Told already; the same file is not told twice. */
  #faults = '';
  #watch: FileWatch | null = null;

  constructor(options: SettingsOptions) {
    this.#options = options;
    this.#current = options.config;
    this.#file = options.config;
  }

  /** What holds now. */
  readonly current = (): HomeConfig => this.#current;

  /** Paths of what the file says otherwise than what holds: it waits for a restart. */
  get waiting(): readonly string[] {
    return changesBetween(this.#current, this.#file)
      .filter(({ takesEffect }) => takesEffect === 'after a restart')
      .map(({ path }) => path);
  }

  /** Returns what ends it. */
  onChange(listener: SettingsListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Begins to watch; a folder that cannot be watched is told, and home runs on with what it has. */
  start(): void {
    const { path, log, timers = systemTimers } = this.#options;
    const onTrouble = (error: PorchlightError): void => log.warn(causeOf(error));
    try {
      this.#watch = watchFile({ path, timers, onChange: () => this.reread(), onTrouble });
    } catch (thrown) {
      if (!(thrown instanceof PorchlightError)) throw thrown;
      onTrouble(thrown);
      return;
    }
    // Saved between the first reading and now.
    this.reread();
  }

  end(): void {
    this.#watch?.end();
    this.#watch = null;
  }

  /** Reads the file now. */
  reread(): void {
    const { path, log } = this.#options;
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (thrown) {
      // An editor may be about to put it back: then this is called again.
      log.warn(`Cannot read ${path}: ${causeOf(thrown)}; the settings stay as they were.`);
      return;
    }
    const reading = parseHomeConfig(text);
    if ('config' in reading) {
      this.#faults = '';
      this.#take(reading.config);
      return;
    }
    const faults = reading.faults.map(faultText);
    if (faults.join('\n') === this.#faults) return;
    this.#faults = faults.join('\n');
    log.error(`Cannot use ${path}: ${faults.length} to mend; the settings stay as they were.`);
    for (const fault of faults) log.error(`${path}: ${fault}`);
  }

  #take(next: HomeConfig): void {
    const { log } = this.#options;
    const news = changesBetween(this.#file, next);
    this.#file = next;
    if (news.length === 0) return;
    const waiting = news.filter(({ takesEffect }) => takesEffect === 'after a restart');
    if (waiting.length > 0) log.warn(`Settings changed that hold after a restart of the home node: ${named(waiting)}.`);
    const before = this.#current;
    this.#current = tookEffect(before, next);
    const changed = changesBetween(before, this.#current);
    if (changed.length === 0) return;
    log.info(`Settings changed: ${named(changed)}.`);
    const paths = changed.map(({ path }) => path);
    for (const listener of this.#listeners) listener(this.#current, paths);
  }
}

function named(changes: readonly Change[]): string {
  return changes.map(({ path }) => path).join(', ');
}
