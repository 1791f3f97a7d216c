// Which pages of a service that somebody else runs are worth a copy at the edge: its front page, what its site map names
// (sitemaps.org), and what the front page leads to. The service is asked on loopback, as a stranger's browser would ask;
// one level of links and no more, because the sun pays for each page.

import { limits } from '../../shared/limits.ts';
import { Agent } from '../http-connections.ts';
import { pathsIn } from '../site-links.ts';

export interface PublicService {
  /** Origin on loopback. */
  readonly origin: string;
  /** As visitors address it. */
  readonly host: string;
  /** Of the address that visitors see. */
  readonly scheme: 'http' | 'https';
}

/** Site maps may name other site maps; so many of them are read. */
const siteMaps = 5;

/** At most `most` paths, most important first. What cannot be read is left out; never rejects. */
export async function publicPages(
  service: PublicService,
  most: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const agent = new Agent({ connections: 2 });
  try {
    return await look(async (path) => await textOf(agent, service, path, signal), service, most);
  } finally {
    await agent.destroy();
  }
}

async function look(
  read: (path: string) => Promise<string | null>,
  { scheme, host }: PublicService,
  most: number,
): Promise<readonly string[]> {
  const origin = `${scheme}://${host}`;
  const front = await read('/');
  if (front === null) return [];
  const found = new Set(['/']);
  const maps = ['/sitemap.xml'];
  for (const map of maps) {
    const named = pathsIn((await read(map)) ?? '', map, origin);
    for (const path of named) {
      if (!path.endsWith('.xml')) found.add(path);
      else if (maps.length < siteMaps && !maps.includes(path)) maps.push(path);
    }
  }
  for (const path of pathsIn(front, '/', origin)) found.add(path);
  return [...found].filter((path) => path.length <= limits.copyPathLength).slice(0, most);
}

/** null: it is not there, is no text, or is too long. */
async function textOf(
  agent: Agent,
  { origin, host, scheme }: PublicService,
  path: string,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const headers = { host, accept: 'text/html,application/xml;q=0.9,*/*;q=0.5', 'x-forwarded-proto': scheme };
    const answer = await agent.request({ origin, path, method: 'GET', headers, signal });
    const type = String(answer.headers['content-type'] ?? '');
    const parts: Buffer[] = [];
    let length = 0;
    for await (const part of answer.body as AsyncIterable<Buffer>) {
      length += part.byteLength;
      if (length > limits.searchedBytes) return null;
      parts.push(part);
    }
    return answer.statusCode === 200 && /^(text\/|application\/(xhtml\+)?xml)/.test(type)
      ? Buffer.concat(parts).toString()
      : null;
  } catch {
    // It is asked again at the next bedtime; until then its pages are those that visitors looked at.
    return null;
  }
}
