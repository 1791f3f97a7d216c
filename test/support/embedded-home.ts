// The embedded home of a journey: what its owner does (a new entry of the feed), what it holds, and what strangers see of it.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Domain } from './domain.ts';
import { until } from './processes.ts';
import type { trustingFetch } from './trusting-fetch.ts';

export const activityJson = { Accept: 'application/activity+json' };

export class EmbeddedHome {
  readonly #domain: Domain;
  readonly #get: ReturnType<typeof trustingFetch>;

  constructor(domain: Domain, get: ReturnType<typeof trustingFetch>) {
    this.#domain = domain;
    this.#get = get;
  }

  /** Writes an entry of this name into the feed: it becomes a post. */
  writeEntry(name: string): void {
    const feed = join(this.#domain.homeFolder, 'home', 'site', 'feed.xml');
    const link = `<link href="${this.#domain.origin}/${name}.html"/>`;
    const updated = `<updated>${new Date().toISOString()}</updated>`;
    const entry = `<entry><title>${name}</title><id>urn:entry:${name}</id>${link}${updated}</entry>`;
    writeFileSync(feed, readFileSync(feed, 'utf8').replace('</feed>', `${entry}</feed>`));
  }

  rows<Row>(sql: string): Row[] {
    const path = join(this.#domain.homeFolder, 'home', 'actor', 'actor.sqlite');
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      return database.prepare(sql).all() as Row[];
    } finally {
      database.close();
    }
  }

  async webFinger(): Promise<Response> {
    const { origin, host } = this.#domain;
    return await this.#get(`${origin}/.well-known/webfinger?resource=acct:owner@${host}`);
  }

  /** Until strangers find the owner. */
  async isFound(): Promise<void> {
    await until('WebFinger', async () => ((await this.webFinger()).status === 200 ? true : null));
  }

  /** The address of the newest post, once there is one in the outbox. */
  async newestPost(): Promise<string> {
    return await until('the post', async () => {
      const outbox = await this.#get(`${this.#domain.origin}/users/owner/outbox`, activityJson);
      const { first } = (await outbox.json()) as { first: string };
      const page = (await (await this.#get(first, activityJson)).json()) as { orderedItems?: unknown };
      const items = [page.orderedItems ?? []].flat() as { object: { id: string } }[];
      return items[0]?.object.id ?? null;
    });
  }
}
