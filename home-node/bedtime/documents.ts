// What peers ask for at night, named to the edge while there is still somebody to ask: the actors of a service's accounts,
// and from there as a peer would go on: outbox, newest posts, what is pinned, pictures, replies. The edge asks for each
// over the link and says what it leads to, so that one way serves every software. Bounded, and most important first,
// because bedtime does not wait.

import { causeOf } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { DocumentLink, LinkKind, Warming, WarmReply } from '../../shared/warming.ts';
import type { Log } from '../log.ts';

export interface DocumentService {
  readonly hosts: readonly string[];
  /** Addresses of its accounts' actors. */
  readonly actors: readonly string[];
  /** Addresses of posts, most important first, where the service names some; at most limits.warmPosts of them count. */
  readonly posts?: readonly string[];
  /** It answers only to who signs; then the edge signs, a few at a time. */
  readonly authorizedFetch: boolean;
  /** Paths at which the instance's own actor may be. */
  readonly instanceActors: readonly string[];
}

export interface WarmDocumentsOptions {
  readonly log: Log;
  readonly service: DocumentService;
  /** Of all at most so many. */
  readonly most: number;
  readonly warm: (host: string, paths: readonly string[], as: Warming) => Promise<Pick<WarmReply, 'refused' | 'links'>>;
  /** Ends it: bedtime is not put off for documents. */
  readonly signal: AbortSignal;
  /** Everything that there is was asked for. */
  readonly onWhole?: () => void;
}

/**
 * Where the software that people run has its instance's actor, which other servers ask for to check whoever asks them:
 * Mastodon and WordPress, Pixelfed, Pleroma and Akkoma, PeerTube. Asked as who has no name yet; it is shown to all.
 */
export const usualInstanceActors: readonly string[] = ['/actor', '/i/actor', '/internal/fetch', '/accounts/peertube'];

/** Pages of an outbox that are followed. */
const outboxPages = 3;

type Step = LinkKind | 'actor';

/** The lower, the sooner; of equals, what was found first. */
const ranks: Readonly<Record<Step, number>> = {
  actor: 0,
  key: 0,
  outbox: 1,
  first: 1,
  object: 2,
  featured: 3,
  index: 3,
  media: 4,
  activity: 5,
  replies: 5,
  page: 6,
  next: 7,
};

interface Wanted {
  readonly host: string;
  readonly path: string;
  readonly step: Step;
  readonly rank: number;
  /** Pages of a collection before this one. */
  readonly pages: number;
}

/** Resolves to how many the edge was asked to keep. Never rejects: what is not there is asked for at the next bedtime. */
export async function warmDocuments(options: WarmDocumentsOptions): Promise<number> {
  const { service, most, warm, signal, log } = options;
  const queue = new Queue(firstOf(service));
  let asked = 0;
  while (asked < most && !signal.aborted) {
    const some = queue.take(most - asked, service.authorizedFetch);
    const [head] = some;
    if (head === undefined) {
      options.onWhole?.();
      break;
    }
    const as = warmingOf(head.step);
    try {
      const reply = await warm(
        head.host,
        some.map(({ path }) => path),
        as,
      );
      asked += some.length;
      for (const { path, reason } of reply.refused) log.debug(`The edge does not keep ${head.host}${path}: ${reason}.`);
      // An edge of an earlier version takes all for pages.
      if (reply.links === undefined && as !== 'page' && as !== 'media') break;
      for (const wanted of some) queue.add(reply.links?.[wanted.path] ?? [], wanted);
    } catch (thrown) {
      log.warn(`Cannot leave what peers ask for at the edge: ${causeOf(thrown)}; the copies stay as they are.`);
      break;
    }
  }
  return asked;
}

function firstOf({ hosts, actors, posts = [], instanceActors }: DocumentService): readonly Wanted[] {
  const [host] = hosts;
  const wanted = (addresses: readonly string[], step: Step): Wanted[] =>
    addresses.flatMap((address): Wanted[] => {
      const url = URL.parse(address);
      if (url === null || !hosts.includes(url.host)) return [];
      return [{ host: url.host, path: url.pathname + url.search, step, rank: ranks[step], pages: 0 }];
    });
  const own = [...wanted(actors, 'actor'), ...wanted(posts.slice(0, limits.warmPosts), 'object')];
  const instance = host === undefined || own.length === 0 ? [] : instanceActors;
  return [...own, ...instance.map((path): Wanted => ({ host: host ?? '', path, step: 'key', rank: 0, pages: 0 }))];
}

function warmingOf(step: Step): Warming {
  switch (step) {
    case 'page':
    case 'media':
      return step;
    case 'key':
      return 'open-activitypub';
    default:
      return 'activitypub';
  }
}

/** What is to be asked for, each once. */
class Queue {
  readonly #waiting: Wanted[] = [];
  readonly #seen = new Set<string>();

  constructor(first: readonly Wanted[]) {
    for (const wanted of first) this.#put(wanted);
  }

  /** The next ones that can be asked for in one call: at one host and in one way. */
  take(most: number, isSigned: boolean): readonly Wanted[] {
    this.#waiting.sort((a, b) => a.rank - b.rank);
    const [head] = this.#waiting;
    if (head === undefined) return [];
    const as = warmingOf(head.step);
    const atOnce = isSigned && as === 'activitypub' ? limits.warmSignedPaths : limits.warmPaths;
    const taken = this.#waiting
      .filter(({ host, step, rank }) => host === head.host && warmingOf(step) === as && rank <= head.rank + 1)
      .slice(0, Math.min(most, atOnce));
    for (const one of taken) this.#waiting.splice(this.#waiting.indexOf(one), 1);
    return taken;
  }

  /** What `from` leads to. */
  add(links: readonly DocumentLink[], from: Wanted): void {
    for (const { kind, path } of links) {
      const wanted = stepTo(kind, from);
      if (wanted !== null) this.#put({ host: from.host, path, step: kind, ...wanted });
    }
  }

  #put(wanted: Wanted): void {
    const name = `${warmingOf(wanted.step)} ${wanted.host}${wanted.path}`;
    // Peers who are told of more than can ever be asked for.
    if (this.#seen.has(name) || this.#seen.size >= 10 * limits.warmDocuments) return;
    this.#seen.add(name);
    this.#waiting.push(wanted);
  }
}

/** null: it is not gone that way. */
function stepTo(kind: LinkKind, from: Wanted): Pick<Wanted, 'rank' | 'pages'> | null {
  const rank = ranks[kind];
  switch (from.step) {
    case 'index':
      // Whom somebody follows, and who likes what, is counted and not told.
      return null;
    case 'actor':
      // How many follow, and the face, is what a profile shows.
      return { rank: kind === 'index' || kind === 'media' ? 1 : kind === 'page' ? 3 : rank, pages: 0 };
    case 'outbox':
    case 'first':
    case 'next':
      // What others wrote beneath a post comes after what was written here.
      if (kind !== 'first' && kind !== 'next') return { rank: from.pages < outboxPages ? rank : ranks.next, pages: 0 };
      return from.pages + 1 >= outboxPages ? null : { rank, pages: from.pages + 1 };
    case 'featured':
      return { rank: Math.max(rank, ranks.featured), pages: 0 };
    case 'replies':
      return { rank: ranks.next, pages: outboxPages };
    default:
      return { rank: kind === 'index' ? ranks.next : rank, pages: 0 };
  }
}
