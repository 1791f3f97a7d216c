// Asks a service that shows its documents to who signs alone, as the service's own actor: it takes that for one of its people,
// whatever names the home has. The key is read from the service's database, is in memory while documents are asked for, and goes
// nowhere: what it signs goes to the service's loopback address. for-all.ts says what of the answers leaves home.

import { type KeyObject, sign } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { signedByCavage } from '../../shared/signature/sign-get.ts';
import type { Showcase, Shown } from '../adapters/adapter.ts';
import type { OwnActorReads } from '../adapters/server-adapter.ts';
import { openReadOnly, type ReadOnlyDatabase, type Row } from './database.ts';
import { forAll, type PublicPosts } from './for-all.ts';
import { privateKeyOf } from './go-rsa-key.ts';
import { activityJson, addressAt, get } from './public-answers.ts';

export interface OwnActorServer {
  readonly clock: Clock;
  readonly hosts: readonly string[];
  /** As porchlight.toml has it. */
  readonly database: string;
  readonly reads: OwnActorReads;
}

interface OwnActor {
  readonly keyId: string;
  readonly key: KeyObject;
}

/** null: its database has no such actor, or does not say which posts are for all. Throws `service-database`. */
export async function showcaseOf(server: OwnActorServer): Promise<Showcase | null> {
  const { hosts, database, reads, clock } = server;
  const open = await openReadOnly(database);
  try {
    const actor = (await rowsOf(open, reads.keys)).map((row) => actorOf(row, hosts)).find((one) => one !== null);
    const posts = actor === undefined ? null : await postsIn(open, reads.posts);
    if (actor === undefined || posts === null) return null;
    return showcase({ clock, actor, known: { hosts, posts, postPath: reads.postPath } });
  } finally {
    await open.close();
  }
}

interface ShowcaseParts {
  readonly clock: Clock;
  readonly actor: OwnActor;
  readonly known: PublicPosts;
}

function showcase({ clock, actor, known }: ShowcaseParts): Showcase {
  return {
    posts: [...known.posts].map((post) => `https://${post}`),
    isPublic: (host, post) => known.posts.has(host + post),
    shown: async (base, host, path, signal): Promise<Shown> => {
      const url = addressAt(`https://${host}`, path);
      const signed = await signedByCavage(
        url.href,
        actor.keyId,
        clock.now(),
        async (text) => await Promise.resolve(sign('sha256', Buffer.from(text), actor.key)),
      );
      return forAll(url, await get({ base, host, signal }, path, activityJson, signed), known);
    },
  };
}

/** Its own actor is called as its host is (the key at another host would be a stranger's). */
function actorOf({ keyId, name, secret }: Row, hosts: readonly string[]): OwnActor | null {
  const host = keyId == null ? undefined : URL.parse(keyId)?.host;
  if (keyId == null || secret == null || host === undefined || name !== host || !hosts.includes(host)) return null;
  const key = privateKeyOf(secret);
  return key === null ? null : { keyId, key };
}

async function rowsOf(database: ReadOnlyDatabase, asked: readonly string[]): Promise<readonly Row[]> {
  const found: Row[] = [];
  for (const sql of asked) found.push(...((await database.rows(sql)) ?? []));
  return found;
}

/** null: none of these tables is there. */
async function postsIn(database: ReadOnlyDatabase, asked: readonly string[]): Promise<ReadonlySet<string> | null> {
  const posts = new Set<string>();
  let isTold = false;
  for (const sql of asked) {
    const rows = await database.rows(sql);
    isTold ||= rows !== null;
    for (const { uri } of rows ?? []) {
      const url = uri == null ? null : URL.parse(uri);
      if (url !== null) posts.add(url.host + url.pathname);
    }
  }
  return isTold ? posts : null;
}
