// Puts the embedded home together from its options; nothing else in this folder constructs what it uses.

import { join } from 'node:path';
import type { createAdaptorServer } from '@hono/node-server';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../log.ts';
import { createReceipts } from '../receipts/receipts.ts';
import { readSecret } from '../receipts/secret.ts';
import { homesOwn } from './activity.ts';
import { openDatabase } from './database.ts';
import { createFederations } from './federation.ts';
import { FeedWatch } from './feed-watch.ts';
import { Followers } from './followers.ts';
import { Greetings } from './greetings.ts';
import { answerHome } from './home-api.ts';
import { handleFederation } from './inbound.ts';
import { Inbox } from './inbox.ts';
import { sealWith } from './key-seal.ts';
import { openActorKeys } from './keys.ts';
import { SqliteKvStore } from './kv.ts';
import type { EmbeddedOptions } from './options.ts';
import { Posts } from './posts.ts';
import { Publisher } from './publish.ts';
import { SqliteMessageQueue } from './queue.ts';
import { createServer } from './server.ts';
import { serveSite } from './site/serve.ts';
import { writeStarter } from './site/starter.ts';

export interface EmbeddedHome {
  readonly server: ReturnType<typeof createAdaptorServer>;
  /** Sends what is queued and posts what is new, until `signal` is aborted and what is under way has ended. */
  run(signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Folder of the actor's database, beside the site's. */
export const actorFolder = 'actor';
export const actorFile = 'actor.sqlite';

export async function openEmbeddedHome(options: EmbeddedOptions, clock: Clock, log: Log): Promise<EmbeddedHome> {
  const { folder, origin, handle, handleHost, title, language, allowPrivateAddresses } = options;
  const receipts = createReceipts(readSecret(options.receiptSecretFile), clock);
  const siteFolder = join(folder, 'site');
  const starter = { origin, title, handle: `@${handle}@${handleHost}`, now: clock.now() };
  if (writeStarter(siteFolder, starter)) log.info(`Wrote a starter site to ${siteFolder}; it is yours to change.`);

  const file = join(folder, actorFolder, actorFile);
  const database = openDatabase(file, 'always');
  // A second connection to the same file: what it commits does not wait for the disk.
  const memory = openDatabase(file, 'eventually');
  const keys = await openActorKeys(database, clock);
  const followers = new Followers(database);
  const inbox = new Inbox(database);
  const posts = new Posts(database);
  const kv = new SqliteKvStore(memory, clock);
  const queue = new SqliteMessageQueue(database, clock, sealWith(keys), log);
  const stores = { database, followers, inbox, posts, queue };
  const person = { origin, handle, handleHost, title, language };
  const federations = await createFederations({ ...person, ...stores, keys, kv, clock, log, allowPrivateAddresses });
  const context = federations.strict.createContext(new URL(origin), homesOwn);
  const publisher = new Publisher({ ...person, ...stores, context, clock, log });
  const feed = new FeedWatch({ folder: siteFolder, origin, publisher, log });
  const greetings = new Greetings({ ...person, ...stores, context, kv, clock });
  const homeApi = { ...person, ...stores, greetings, kv, siteFolder, token: receipts.token };

  return {
    server: createServer({
      federation: handleFederation({ origin, federations, posts, receipts, clock, log }),
      site: serveSite(siteFolder, { title, language }, clock),
      home: async (request) => await answerHome(request, homeApi),
    }),
    run: async (signal) => {
      const sending = federations.strict.startQueue(homesOwn, { signal });
      await feed.start();
      await sending;
      await feed.stop();
    },
    close: () => {
      memory.close();
      database.close();
    },
  };
}
