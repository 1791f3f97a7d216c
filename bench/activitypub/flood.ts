// A day before the inbox of one person whom many servers know: most of what comes are ends of accounts that home never
// met. What such a day costs at the edge in requests, row writes, questions for keys and CPU, beside the platform's free
// plan. Home is asleep throughout.

import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { bundleWorker } from '../../local/edge-bundle.ts';
import { cpuSecondsOf } from '../cpu.ts';
import { type Figure, judged } from '../figure.ts';
import { childrenOf } from '../processes.ts';
import { House } from './house.ts';
import { postAll } from './posting.ts';
import { progress } from './progress.ts';
import { type Post, Senders } from './senders.ts';

/** Of 60,000 requests: what a closed server of one person was seen to get in a day. */
export const wholeDay = 60_000;
const deletesOfHundred = 95;
const parallel = 16;
/** Actors whom home met before, and who write on; and newcomers, whom nobody here has met. */
const friends = 40;
const newcomers = 10;
const perBatch = 2_000;

export interface FloodCounts {
  readonly requests: number;
  readonly deletes: number;
  /** Rows inserted, changed or deleted in the spool's database. */
  readonly rowWrites: number;
  /** Deliveries that wait afterwards. */
  readonly waiting: number;
  readonly keyFetches: number;
  /** Of workerd, for each request, ms: ours, and of a Worker that reads the body and answers. */
  readonly cpuMs: number;
  readonly emptyCpuMs: number;
}

/** Runs it with so many requests; throws when one of them is not answered 202. */
export async function floodOf(requests: number): Promise<FloodCounts> {
  const senders = await Senders.open();
  const house = await House.open([senders.origin], '');
  const empty = await Empty.open();
  try {
    await house.startHome();
    for (let n = 0; n < friends; n += 1) {
      await postAll(house.edge.origin, [senders.post(`friend${n}`, house.host)], 1);
    }
    await house.stopHome();
    const [home] = await house.edge.query<{ home_id: string }>('select home_id from homes');
    if (home === undefined) throw new Error('Cannot measure: no home has claimed the host.');
    const spoolRows = async () => await rowsOf(house, home.home_id);
    // What runs for the first time is not what a day costs.
    await postAll(house.edge.origin, mixed(perBatch, senders, house.host, friends).posts, parallel);
    await postAll(empty.origin, mixed(perBatch, senders, empty.host, friends).posts, parallel);

    const before = await spoolRows();
    const keysBefore = senders.keyFetches;
    let [cpu, emptyCpu, deletes] = [0, 0, 0];
    for (let sent = 0; sent < requests; sent += perBatch) {
      const count = Math.min(perBatch, requests - sent);
      const ours = mixed(count, senders, house.host);
      const theirs = mixed(count, senders, empty.host);
      deletes += ours.deletes;
      cpu += await cpuOf(
        () => house.edge.workerdPid,
        async () => await postAll(house.edge.origin, ours.posts, parallel),
      );
      emptyCpu += await cpuOf(
        () => empty.pid,
        async () => await postAll(empty.origin, theirs.posts, parallel),
      );
    }
    const after = await spoolRows();
    return {
      requests,
      deletes,
      rowWrites: after.written - before.written,
      waiting: after.waiting - before.waiting,
      keyFetches: senders.keyFetches - keysBefore,
      cpuMs: (cpu * 1000) / requests,
      emptyCpuMs: (emptyCpu * 1000) / requests,
    };
  } finally {
    await empty.close();
    await house.close();
    senders.close();
  }
}

export async function flood(): Promise<readonly Figure[]> {
  progress('a day’s flood');
  const found = await floodOf(wholeDay);
  const bench = 'activitypub';
  const named = (figure: string, value: number, unit: string, goal?: string): Figure =>
    judged({ bench, figure: `a day's flood, ${figure}`, value, unit, ...(goal === undefined ? {} : { goal }) });
  return [
    named('requests', found.requests, 'a day', '<= 100000'),
    named('of these Deletes of strangers', found.deletes, 'a day'),
    named('row writes on arrival', found.rowWrites, 'a day', '<= 33000'),
    named('key fetches', found.keyFetches, 'a day'),
    named('CPU of workerd', found.cpuMs, 'ms each'),
    named('CPU of workerd, an empty handler', found.emptyCpuMs, 'ms each'),
    named('CPU less the empty handler', found.cpuMs - found.emptyCpuMs, 'ms each', '<= 10'),
  ];
}

/** Deletes of strangers with, evenly among them, notes of so many who write: friends first, then newcomers. */
function mixed(
  count: number,
  senders: Senders,
  host: string,
  writers = friends + newcomers,
): { readonly posts: Post[]; readonly deletes: number } {
  const posts: Post[] = [];
  let deletes = 0;
  for (let n = 0; n < count; n += 1) {
    if (n % 100 < deletesOfHundred) {
      posts.push(deleteOf(`https://s${n % 97}.example/users/${randomBytes(8).toString('hex')}`, host));
      deletes += 1;
    } else {
      const who = (Math.floor(n / 100) * (100 - deletesOfHundred) + (n % 100)) % writers;
      posts.push(senders.post(who < friends ? `friend${who}` : `newcomer${who - friends}`, host));
    }
  }
  return { posts, deletes };
}

/** As Mastodon sends it. Of the signature only the shape is true: whether it holds is asked of nobody. */
function deleteOf(actor: string, host: string): Post {
  const id = `${actor}#delete`;
  const signature = { type: 'RsaSignature2017', creator: `${actor}#main-key`, signatureValue: base64(256) };
  const body = JSON.stringify({
    '@context': ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'],
    id,
    type: 'Delete',
    actor,
    to: ['https://www.w3.org/ns/activitystreams#Public'],
    object: actor,
    signature,
  });
  const digest = `SHA-256=${createHash('sha256').update(body).digest('base64')}`;
  const covered = '(request-target) host date digest content-type';
  const headers = {
    host,
    date: new Date().toUTCString(),
    digest,
    'content-type': 'application/activity+json',
    signature: `keyId="${actor}#main-key",algorithm="rsa-sha256",headers="${covered}",signature="${base64(256)}"`,
  };
  return { id, headers, body };
}

function base64(bytes: number): string {
  return randomBytes(bytes).toString('base64');
}

async function rowsOf(house: House, homeId: string): Promise<{ readonly written: number; readonly waiting: number }> {
  const ask = async (sql: string): Promise<number> => {
    const [row] = await house.edge.queryObject<{ n: number }>('SpoolObject', homeId, sql);
    return Number(row?.n);
  };
  return {
    written: await ask('select total_changes() as n'),
    waiting: await ask('select count(*) as n from delivery where place > 0'),
  };
}

async function cpuOf(pid: () => number | undefined, work: () => Promise<unknown>): Promise<number> {
  const before = cpuSecondsOf(pid());
  await work();
  return cpuSecondsOf(pid()) - before;
}

/** A Worker that does nothing but read the body, in a workerd of its own. */
class Empty {
  readonly origin: string;
  readonly pid: number;
  readonly #miniflare: Miniflare;

  private constructor(miniflare: Miniflare, origin: string, pid: number) {
    this.#miniflare = miniflare;
    this.origin = origin;
    this.pid = pid;
  }

  get host(): string {
    return new URL(this.origin).host;
  }

  static async open(): Promise<Empty> {
    const before = childrenOf(process.pid);
    const script = await bundleWorker(join(import.meta.dirname, 'empty-worker.ts'));
    const worker = { name: 'empty', modules: true, script, compatibilityDate: '2026-11-01' };
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({ host: '127.0.0.1', port: 0, cf: false, workers: [worker] }),
    );
    const { origin } = await miniflare.ready;
    const [pid, ...more] = childrenOf(process.pid).filter((child) => !before.includes(child));
    if (pid === undefined || more.length > 0) throw new Error('Cannot measure: the empty Worker has not one process.');
    return new Empty(miniflare, origin, pid);
  }

  async close(): Promise<void> {
    await this.#miniflare.dispose();
  }
}
