// Sends prepared posts as fast as the other side takes them, a fixed number at a time.

import { Pool } from 'undici';
import type { Post } from './senders.ts';

/** Seconds that it took. Throws when an answer is not 202. */
export async function postAll(origin: string, posts: readonly Post[], parallel: number): Promise<number> {
  const pool = new Pool(origin, { connections: parallel });
  let next = 0;
  const start = performance.now();
  const worker = async (): Promise<void> => {
    for (let post = posts[next++]; post !== undefined; post = posts[next++]) {
      const { statusCode, body } = await pool.request({
        method: 'POST',
        path: '/inbox',
        headers: post.headers,
        body: post.body,
      });
      await body.dump();
      if (statusCode !== 202) throw new Error(`Cannot measure: a post was answered with ${statusCode}.`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  const seconds = (performance.now() - start) / 1000;
  await pool.close();
  return seconds;
}
