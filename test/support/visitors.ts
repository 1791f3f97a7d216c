// Visitors who come at a steady pace, whatever happens: each asks for a page or sends a form over a connection of its own,
// straight at the edge, and what became of each is written down.

import { request } from 'node:https';

export interface Visit {
  readonly method: 'GET' | 'POST';
  /** null: there was no HTTP response, or not all of it. */
  readonly status: number | null;
  /** What came instead of a response. */
  readonly error: string;
  readonly retryAfter: string | undefined;
  readonly body: string;
  readonly startedAt: number;
  readonly tookMs: number;
}

export interface VisitorsOptions {
  /** Where the edge listens on loopback. */
  readonly port: number;
  /** As the domain is called. */
  readonly host: string;
  readonly ca: string;
  readonly getsPerSecond: number;
  readonly postsPerSecond: number;
  /** What all ask for; absent: each something of its own. */
  readonly path?: string;
}

export class Visitors {
  readonly visits: Visit[] = [];
  readonly #options: VisitorsOptions;
  readonly #open = new Set<Promise<void>>();
  readonly #timers: NodeJS.Timeout[] = [];
  #count = 0;

  constructor(options: VisitorsOptions) {
    this.#options = options;
    const { getsPerSecond, postsPerSecond } = options;
    this.#timers.push(setInterval(() => this.#come('GET'), 1000 / getsPerSecond));
    this.#timers.push(setInterval(() => this.#come('POST'), 1000 / postsPerSecond));
  }

  /** Visits of this method that ended with 200. */
  served(method: Visit['method']): number {
    return this.visits.filter((visit) => visit.method === method && visit.status === 200).length;
  }

  /** Nobody comes any more, and everybody who came has an answer. */
  async end(): Promise<readonly Visit[]> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(this.#open);
    return this.visits;
  }

  #come(method: Visit['method']): void {
    const visit = this.#visit(method).then((done) => {
      this.visits.push(done);
      this.#open.delete(visit);
    });
    this.#open.add(visit);
  }

  async #visit(method: Visit['method']): Promise<Visit> {
    this.#count += 1;
    const { port, host, ca, path = `/${method.toLowerCase()}/${this.#count}` } = this.#options;
    const startedAt = Date.now();
    const began = performance.now();
    return await new Promise((resolve) => {
      let status: number | null = null;
      let retryAfter: string | undefined;
      let body = '';
      const done = (error: string): void => {
        const tookMs = Math.round(performance.now() - began);
        resolve({ method, status: error === '' ? status : null, error, retryAfter, body, startedAt, tookMs });
      };
      const options = { port, ca, method, path, agent: false, servername: 'localhost', headers: { Host: host } };
      const asked = request(options, (response) => {
        status = response.statusCode ?? null;
        retryAfter = response.headers['retry-after'];
        response.setEncoding('utf8').on('data', (part: string) => {
          body += part;
        });
        response.on('error', (cause) => done(cause.message));
        response.on('end', () => done(response.complete ? '' : 'cut off'));
      });
      asked.once('error', (cause) => done(cause.message));
      asked.end(method === 'POST' ? 'a form'.repeat(2_000) : undefined);
    });
  }
}

/** What became of visits, for an assertion that says what went wrong: how often each. */
export function tally(visits: readonly Visit[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { method, status, error } of visits) {
    const what = `${method} ${status ?? error}`;
    counts[what] = (counts[what] ?? 0) + 1;
  }
  return counts;
}
