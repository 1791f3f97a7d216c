// Warming: before home sleeps it names public pages, and the edge asks for each over the link, as a browser without
// cookies would, and keeps what any stranger may read. So the site is there in the morning though nobody saw it by day.

import { limits } from '../../shared/limits.ts';
import type { Copies } from '../cache/store.ts';
import { whyNotStrangers } from '../cache/strangers.ts';
import { carry } from '../link/carry.ts';

export interface WarmReply {
  readonly stored: readonly string[];
  readonly refused: readonly { readonly path: string; readonly reason: string }[];
}

export interface WarmParts {
  readonly copies: Copies;
  readonly link: Pick<Fetcher, 'fetch'>;
}

/** At once; home answers visitors meanwhile. */
const together = 4;

export interface WarmOrder {
  readonly host: string;
  readonly paths: readonly string[];
}

/**
 * What a call asks for; null when it is not a list of at most `limits.warmPaths` paths at a host of this home. A home of
 * an earlier version names no host and means `ownHost`, at which it called.
 */
export function warmOrder(asked: unknown, hosts: readonly string[], ownHost: string): WarmOrder | null {
  const fields = (typeof asked === 'object' && asked !== null ? asked : {}) as { paths?: unknown; host?: unknown };
  const { paths, host = ownHost } = fields;
  if (typeof host !== 'string' || !hosts.includes(host)) return null;
  if (!Array.isArray(paths) || paths.length > limits.warmPaths) return null;
  const isPath = (path: unknown): path is string => typeof path === 'string' && /^\/[\x21-\x7e]*$/.test(path);
  return paths.every(isPath) ? { host, paths } : null;
}

/** `origin` is that of a host that this home claimed. */
export async function warm(
  { copies, link }: WarmParts,
  homeId: string,
  origin: string,
  paths: readonly string[],
): Promise<WarmReply> {
  const refused: { path: string; reason: string }[] = [];
  const stored: string[] = [];
  const queue = [...paths];
  const work = async (): Promise<void> => {
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      const reason = await warmOne(copies, link, homeId, `${origin}${path}`);
      if (reason === null) stored.push(path);
      else refused.push({ path, reason });
    }
  };
  await Promise.all(Array.from({ length: together }, work));
  return { stored, refused };
}

/** null when the page lies in the store now; otherwise why not. */
async function warmOne(
  copies: Copies,
  link: Pick<Fetcher, 'fetch'>,
  homeId: string,
  address: string,
): Promise<string | null> {
  const headers = {
    Accept: 'text/html,*/*;q=0.8',
    'Accept-Encoding': 'br, gzip',
    'User-Agent': 'Porchlight (warming)',
  };
  const request = new Request(address, { headers });
  const url = new URL(address);
  const question = { method: 'GET', url, headers: request.headers };
  const special = whyNotStrangers(question);
  if (special !== null) return special;
  const scheme = url.protocol === 'http:' ? 'http' : 'https';
  const outcome = await carry(link, request, { clientAddress: null, host: url.host, scheme });
  if ('absent' in outcome) {
    const { reason, service } = outcome.why;
    return service === null ? `home is ${reason}` : `its service is down (${reason})`;
  }
  if ('failed' in outcome) return `home could not be asked: ${outcome.failed}`;
  try {
    return await copies.keep(homeId, question, outcome.carried);
  } catch {
    // The page broke off, or the store refused it; the next bedtime asks again.
    return 'it did not come whole';
  }
}
