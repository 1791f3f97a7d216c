// A Worker that stands in for the edge where a test asks about the machinery around it: it writes a value to every
// kind of storage, and fetches what it is told to.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const script = `
  import { DurableObject } from 'cloudflare:workers';
  class Cell extends DurableObject {
    write(value) {
      this.ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS cell (value TEXT)');
      this.ctx.storage.sql.exec('INSERT INTO cell VALUES (?)', value);
    }
    read() {
      return this.ctx.storage.sql.exec('SELECT value FROM cell ORDER BY rowid').toArray().map((row) => row.value);
    }
  }
  export class LinkObject extends Cell {}
  export class SpoolObject extends Cell {}
  export default {
    async fetch(request, env) {
      const url = new URL(request.url);
      const value = url.searchParams.get('value');
      const spool = env.SPOOL.get(env.SPOOL.idFromName('home'));
      switch (url.pathname) {
        case '/write':
          await spool.write(value);
          await env.STORE.put('r2/' + value, value);
          await env.DIRECTORY.prepare('INSERT INTO homes VALUES (?1, ?1, ?1)').bind(value).run();
          return new Response('written');
        case '/read': {
          const { results } = await env.DIRECTORY.prepare('SELECT home_id FROM homes ORDER BY home_id').all();
          const { objects } = await env.STORE.list({ prefix: 'r2/' });
          return Response.json({
            object: await spool.read(),
            d1: results.map((row) => row.home_id),
            r2: await Promise.all(objects.map(async ({ key }) => await (await env.STORE.get(key)).text())),
          });
        }
        case '/fetch':
          try {
            const response = await fetch(value, { redirect: 'follow' });
            return Response.json({ status: response.status, text: await response.text() });
          } catch (error) {
            return Response.json({ refused: String(error) });
          }
        default:
          return Response.json({ url: request.url, vars: [env.DNS_RESOLVER, env.DEV_KEY_ORIGINS] });
      }
    },
  };
`;

/** Writes the Worker into `folder` and returns its path. */
export function writeProbe(folder: string): string {
  const path = join(folder, 'probe.js');
  writeFileSync(path, script);
  return path;
}
