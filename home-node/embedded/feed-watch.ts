// Watches the site's feed for new entries: told by the file system at once, and looking by itself once a minute because
// some file systems tell nothing.

import { type FSWatcher, readFileSync, type Stats, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { Log } from '../log.ts';
import { readDeleted, readEntries } from './feed-entries.ts';
import type { Publisher } from './publish.ts';

const feedFile = 'feed.xml';
const lookEveryMs = 60_000;
/** Editors write a file in several steps. */
const settleMs = 100;

export interface FeedWatchParts {
  readonly folder: string;
  readonly origin: string;
  readonly publisher: Pick<Publisher, 'take'>;
  readonly log: Log;
}

export class FeedWatch {
  readonly #parts: FeedWatchParts;
  readonly #file: string;
  #seen = '';
  #looking: Promise<void> = Promise.resolve();
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #settling: NodeJS.Timeout | undefined;

  constructor(parts: FeedWatchParts) {
    this.#parts = parts;
    this.#file = join(parts.folder, feedFile);
  }

  /** Resolves after the first look. */
  async start(): Promise<void> {
    const { folder, log } = this.#parts;
    try {
      // The folder, because editors replace files and a watch would stay with the old one.
      this.#watcher = watch(folder, (_event, name) => {
        if (name === feedFile) this.#lookSoon();
      });
      this.#watcher.on('error', (cause) =>
        log.warn(`Cannot watch ${folder}: ${causeOf(cause)}; looking every minute.`),
      );
    } catch (thrown) {
      log.warn(`Cannot watch ${folder}: ${causeOf(thrown)}; looking every minute.`);
    }
    this.#timer = setInterval(() => void this.look(), lookEveryMs);
    await this.look();
  }

  async stop(): Promise<void> {
    this.#watcher?.close();
    clearInterval(this.#timer);
    clearTimeout(this.#settling);
    await this.#looking;
  }

  /** Reads the feed if it has changed and posts what is new. One look at a time; never rejects. */
  async look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look());
    await this.#looking;
  }

  #lookSoon(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => void this.look(), settleMs);
  }

  async #look(): Promise<void> {
    const { origin, publisher, log } = this.#parts;
    const stats = statSync(this.#file, { throwIfNoEntry: false });
    const stamp = stampOf(stats);
    if (stamp === this.#seen) return;
    try {
      if (stats !== undefined && stats.size > limits.feedBytes) {
        throw new PorchlightError(
          'feed',
          `Cannot read the feed: ${feedFile} has ${stats.size} bytes, more than ${limits.feedBytes}; shorten it.`,
        );
      }
      const text = stats === undefined ? null : readFileSync(this.#file, 'utf8');
      const entries = text === null ? [] : readEntries(text, `${origin}/`);
      if (await publisher.take(entries, text === null ? [] : readDeleted(text))) this.#seen = stamp;
    } catch (thrown) {
      log.warn(`Cannot post from the feed: ${causeOf(thrown)}`);
      // Other failures (a database in use) may pass: the next look tries again.
      if (thrown instanceof PorchlightError) this.#seen = stamp;
    }
  }
}

function stampOf(stats: Stats | undefined): string {
  return stats === undefined ? 'none' : `${stats.ino}:${stats.size}:${stats.mtimeMs}`;
}
