// Warming, as home does it: at bedtime, and now and then while awake, so that a home which is gone without a word left
// yesterday's pages. Each service's pages are warmed at its own host, and beside them what peers ask for.

import { causeOf } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { Given, Warming, WarmReply } from '../../shared/warming.ts';
import type { Showcase } from '../adapters/adapter.ts';
import type { Log } from '../log.ts';
import type { OnProgress } from '../progress.ts';
import { usualInstanceActors, warmDocuments } from './documents.ts';
import type { GivenFile } from './given-file.ts';
import { Giving } from './giving.ts';
import { publicPages } from './public-pages.ts';
import { warmPages } from './warm.ts';

export interface WarmedService {
  readonly hosts: readonly string[];
  /** Origin on loopback; null while it is down. */
  origin(): string | null;
  /** What it said by itself is worth warming; null: it is looked at as a stranger would. */
  pages(): readonly string[] | null;
  /** Addresses of its accounts' actors, as far as it said; none if left out. */
  actors?(): readonly string[];
  /** It answers ActivityPub questions only to who signs them; false if left out. */
  readonly authorizedFetch?: boolean;
  /** As an adapter has it; absent: the edge asks. */
  showcase?(): Promise<Showcase | null>;
}

export interface WarmerOptions {
  readonly log: Log;
  readonly services: readonly WarmedService[];
  /** Origin of the edge. */
  readonly edge: string;
  /** Pages in all, as the owner wants it now. */
  readonly most: () => number;
  readonly warm: (
    host: string,
    paths: readonly string[],
    as: Warming,
    signal: AbortSignal,
    given?: Given,
  ) => Promise<Pick<WarmReply, 'refused' | 'links' | 'given'>>;
  /** Where it is noted what of services with a showcase lies at the edge. */
  readonly given?: GivenFile;
}

/** What is taken back by day may take so long, ms. */
const takeBackMs = 30_000;

export class Warmer {
  readonly #options: WarmerOptions;
  /** Under way: what is for all now was asked for before what is given meanwhile. */
  #rounds = 0;

  constructor(options: WarmerOptions) {
    this.#options = options;
  }

  /**
   * Resolves to how many pages the edge was asked to keep. Never rejects: `signal` bounds it. What peers ask for goes beside
   * the pages and not before or after them: neither may take all of a short bedtime.
   */
  async warm(signal: AbortSignal, onProgress: OnProgress = () => undefined): Promise<number> {
    this.#rounds += 1;
    const [pages] = await Promise.all([this.#pages(signal, onProgress), this.#documents(signal)]);
    this.#rounds -= 1;
    return pages;
  }

  /**
   * While awake, between two rounds: what is for all no more does not wait for bedtime, which a home that loses its power
   * does not have. Asks nobody where nothing was given. Never rejects.
   */
  async takeBack(): Promise<void> {
    const { services, given } = this.#options;
    if (this.#rounds > 0 || given === undefined) return;
    this.#rounds += 1;
    const signal = AbortSignal.timeout(takeBackMs);
    for (const service of services) if (given.at(service.hosts).length > 0) await this.#giving(service, signal);
    this.#rounds -= 1;
  }

  async #documents(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    let left: number = limits.warmDocuments;
    // Also of one that is down, and before any document of another: what is for all no more must not be given from
    // yesterday's copy because there was no time.
    const begun = this.#options.services.map((service) => {
      return { service, giving: service.authorizedFetch === true ? this.#giving(service, signal) : null };
    });
    for (const { service, giving } of begun) {
      if (left > 0 && !signal.aborted) left -= await this.#documentsOf(service, await giving, left, signal);
    }
    await Promise.all(begun.map(async ({ giving }) => await giving));
  }

  async #documentsOf(
    service: WarmedService,
    giving: Giving | null,
    most: number,
    signal: AbortSignal,
  ): Promise<number> {
    const { log, warm } = this.#options;
    const { hosts, authorizedFetch = false } = service;
    const actors = service.actors?.() ?? [];
    const origin = service.origin();
    if (origin === null || actors.length === 0) return 0;
    let isWhole = false;
    const asked = await warmDocuments({
      log,
      service: {
        hosts,
        actors,
        posts: giving?.posts ?? [],
        // What home brings needs no signature of the edge's.
        authorizedFetch: authorizedFetch && giving === null,
        instanceActors: usualInstanceActors,
      },
      most,
      signal,
      warm: async (host, paths, as) =>
        giving !== null && as === 'activitypub'
          ? await giving.give(new URL(origin), host, paths)
          : await warm(host, paths, as, signal),
      onWhole: () => {
        isWhole = true;
      },
    });
    if (isWhole && giving !== null) await this.#orWarn(async () => await giving.end());
    return asked;
  }

  /** null: the edge asks. */
  async #giving({ hosts, showcase }: WarmedService, signal: AbortSignal): Promise<Giving | null> {
    const { log, given: file, warm } = this.#options;
    if (showcase === undefined || file === undefined) return null;
    return await this.#orWarn(async () => {
      const shown = await orAborted(showcase(), signal);
      if (shown === null) return null;
      const giving = new Giving({
        log,
        hosts,
        showcase: shown,
        file,
        signal,
        warm: async (host, paths, as, given) => await warm(host, paths, as, signal, given),
      });
      await giving.begin();
      return giving;
    });
  }

  /** null: it failed, and the log says why. */
  async #orWarn<What>(work: () => Promise<What>): Promise<What | null> {
    try {
      return await work();
    } catch (thrown) {
      this.#options.log.warn(`Cannot bring the edge what is shown to who signs alone: ${causeOf(thrown)}`);
      return null;
    }
  }

  async #pages(signal: AbortSignal, onProgress: OnProgress): Promise<number> {
    const { services, log, most, warm } = this.#options;
    let left = most();
    let done = 0;
    for (const service of services) {
      const host = service.hosts[0];
      if (host === undefined || left <= 0 || signal.aborted) continue;
      const pages = service.pages() ?? (await this.#look(service, host, left, signal));
      const before = done;
      done += await warmPages({
        log,
        pages,
        most: left,
        signal,
        warm: async (paths) => void (await warm(host, paths, 'page', signal)),
        onPages: (some, of) => onProgress({ step: 'leaving public pages', done: before + some, of: before + of }),
      });
      left -= Math.min(pages.length, left);
    }
    return done;
  }

  async #look(service: WarmedService, host: string, most: number, signal: AbortSignal): Promise<readonly string[]> {
    const origin = service.origin();
    if (origin === null) return [];
    const scheme = new URL(this.#options.edge).protocol === 'http:' ? 'http' : 'https';
    return await publicPages({ origin, host, scheme }, Math.min(most, limits.sitePages), signal);
  }
}

/** Not all that is asked hears the signal: bedtime does not wait for a database that stands still. */
async function orAborted<What>(asking: Promise<What>, signal: AbortSignal): Promise<What> {
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new Error('it takes too long'));
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
  });
  try {
    return await Promise.race([asking, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
