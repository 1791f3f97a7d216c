// Gives the edge what a service shows to who signs alone: home asks the service as its own actor (adapters/adapter.ts, Showcase)
// and brings what is for all, in the place of the edge's own questions. What was given before and is for all no more is taken
// back first, because bedtime is short; what is not there any more at the end, when everything was asked for.

import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { DocumentLink, GivenAnswer, Given as GivenAnswers, Warming, WarmReply } from '../../shared/warming.ts';
import type { Showcase, Shown } from '../adapters/adapter.ts';
import type { Log } from '../log.ts';
import type { Given, GivenFile } from './given-file.ts';

export type Warm = (
  host: string,
  paths: readonly string[],
  as: Warming,
  given?: GivenAnswers,
) => Promise<Pick<WarmReply, 'refused' | 'links' | 'given'>>;

export interface GivingOptions {
  readonly log: Log;
  readonly hosts: readonly string[];
  readonly showcase: Showcase;
  readonly file: GivenFile;
  readonly warm: Warm;
  readonly signal: AbortSignal;
}

const gone: GivenAnswer = { status: 404, contentType: '', body: '' };
/** Bytes given before it is known that the edge goes by them: one of an earlier version takes no longer call. */
const firstBytes = 32 * 1024;
/** Questions before the service at the same moment. */
const atOnce = 4;
/** After so many that it failed, as when it has had enough of them, it is asked for nothing more. */
const mostTroubles = 8;

export class Giving {
  readonly #options: GivingOptions;
  /** null: it has not said yet. */
  #isTaken: boolean | null = null;
  readonly #there = new Set<string>();
  #troubles = 0;

  constructor(options: GivingOptions) {
    this.#options = options;
  }

  get posts(): readonly string[] {
    return this.#options.showcase.posts;
  }

  /** Takes back what is for all no more, and the lists, in which it may stand. Rejects as `warm` does. */
  async begin(): Promise<void> {
    const { file, hosts, showcase } = this.#options;
    const given = file.at(hosts);
    const hidden = given.filter(({ host, post }) => post !== null && !showcase.isPublic(host, post));
    if (hidden.length > 0)
      await this.#takeBack([...hidden, ...given.filter((one) => one.isList && !hidden.includes(one))]);
  }

  /** `base`: the service's loopback address. In the place of the edge's own questions for `activitypub`. Rejects as `warm` does. */
  async give(base: URL, host: string, paths: readonly string[]): Promise<Pick<WarmReply, 'refused' | 'links'>> {
    const { warm } = this.#options;
    if (this.#isTaken === false) return await this.#edgeAsks(host, paths);
    const refused: { path: string; reason: string }[] = [];
    const links: Record<string, readonly DocumentLink[]> = {};
    const shown = await this.#ask(base, host, paths, refused);
    while (shown.length > 0) {
      const some = this.#callOf(shown);
      const kept = some.filter(({ answer }) => answer.status === 200);
      this.#options.file.add(kept.map(({ path, post, isList }) => ({ host, path, post, isList })));
      const answers = Object.fromEntries(some.map(({ path, answer }) => [path, answer]));
      const reply = await warm(host, Object.keys(answers), 'activitypub', answers);
      this.#isTaken = reply.given === true;
      refused.push(...reply.refused);
      Object.assign(links, reply.links);
      if (reply.links === undefined) return reply;
      // It asked for these by itself.
      if (!this.#isTaken) {
        const rest = await this.#edgeAsks(
          host,
          shown.map(({ path }) => path),
        );
        return { refused: [...refused, ...rest.refused], links: { ...links, ...rest.links } };
      }
    }
    return { refused, links };
  }

  /** Everything was asked for: what was not there is taken back. Rejects as `warm` does. */
  async end(): Promise<void> {
    const { file, hosts } = this.#options;
    if (this.#isTaken !== true) return;
    await this.#takeBack(file.at(hosts).filter(({ host, path }) => !this.#there.has(host + path)));
  }

  /** A few at a time, as it takes them of who asks for a signature of it. */
  async #edgeAsks(host: string, paths: readonly string[]): Promise<Pick<WarmReply, 'refused' | 'links'>> {
    const refused: WarmReply['refused'][number][] = [];
    const links: Record<string, readonly DocumentLink[]> = {};
    for (let at = 0; at < paths.length; at += limits.warmSignedPaths) {
      const reply = await this.#options.warm(host, paths.slice(at, at + limits.warmSignedPaths), 'activitypub');
      refused.push(...reply.refused);
      Object.assign(links, reply.links);
    }
    return { refused, links };
  }

  /** Of a path that cannot be had now, what was given before stays. */
  async #ask(
    base: URL,
    host: string,
    paths: readonly string[],
    refused: { path: string; reason: string }[],
  ): Promise<(Shown & { readonly path: string })[]> {
    const { showcase, signal } = this.#options;
    const shown = new Map<string, Shown>();
    const queue = [...paths];
    const work = async (): Promise<void> => {
      for (let path = queue.shift(); path !== undefined && !signal.aborted; path = queue.shift()) {
        if (this.#troubles >= mostTroubles) {
          this.#there.add(host + path);
          refused.push({ path, reason: 'the service fails too often' });
          continue;
        }
        try {
          const one = await showcase.shown(base, host, path, signal);
          shown.set(path, one);
          if (one.answer.status === 200) this.#there.add(host + path);
        } catch (thrown) {
          if (!(thrown instanceof PorchlightError)) throw thrown;
          this.#troubles += 1;
          this.#there.add(host + path);
          refused.push({ path, reason: causeOf(thrown) });
        }
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    return paths.flatMap((path) => {
      const one = shown.get(path);
      return one === undefined ? [] : [{ path, ...one }];
    });
  }

  /** Takes from the beginning of `shown` what goes into one call: one in any case. */
  #callOf(shown: (Shown & { readonly path: string })[]): readonly (Shown & { readonly path: string })[] {
    const most = this.#isTaken === true ? limits.givenBytes : firstBytes;
    let [count, bytes] = [0, 0];
    for (const { answer } of shown) {
      bytes += Buffer.byteLength(answer.body);
      if (count > 0 && bytes > most) break;
      count += 1;
    }
    // One of an earlier version signs for a few.
    return shown.splice(0, Math.min(count, this.#isTaken === true ? limits.warmPaths : limits.warmSignedPaths));
  }

  async #takeBack(documents: readonly Given[]): Promise<void> {
    const { file, warm, log } = this.#options;
    for (const host of new Set(documents.map((one) => one.host))) {
      const here = documents.filter((one) => one.host === host);
      for (let at = 0; at < here.length; at += limits.warmPaths) {
        const some = here.slice(at, at + limits.warmPaths);
        const reply = await warm(
          host,
          some.map(({ path }) => path),
          'activitypub',
          Object.fromEntries(some.map(({ path }) => [path, gone])),
        );
        this.#isTaken = reply.given === true;
        // An edge of an earlier version asks by itself, for a few and if it can: what lies there is not known to be gone.
        if (this.#isTaken) file.remove(some);
      }
    }
    if (documents.length > 0) log.debug(`Took ${documents.length} documents back from the edge.`);
  }
}
