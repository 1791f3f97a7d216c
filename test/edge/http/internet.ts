// The outside world for tests inside workerd, which cannot start servers: names with addresses, and what answers at
// them. It stands behind the port through which the edge fetches, the resolver's questions included.

import type { Fetcher } from '../../../edge/http/resolve.ts';

export type Site = (request: Request) => Response | Promise<Response>;

export const resolverUrl = 'https://resolver.example/dns-query';

export class Internet {
  /** Every request that left the edge, questions to the resolver apart. */
  readonly asked: string[] = [];
  readonly #sites = new Map<string, Site>();
  readonly #addresses = new Map<string, readonly string[]>();

  /** A site at a host (with a port, if it has one of its own) that resolves to public addresses. */
  add(host: string, site: Site, addresses: readonly string[] = ['93.184.215.14', '2606:2800:21f::1']): void {
    this.#sites.set(host, site);
    this.#addresses.set(host, addresses);
  }

  remove(host: string): void {
    this.#sites.delete(host);
    this.#addresses.delete(host);
  }

  readonly fetcher: Fetcher = async (request) => {
    if (request.url.startsWith(resolverUrl)) return this.#resolve(new URL(request.url));
    this.asked.push(request.url);
    const site = this.#sites.get(new URL(request.url).host);
    if (site === undefined) throw new TypeError('connection refused');
    return await site(request);
  };

  #resolve({ searchParams }: URL): Response {
    const type = searchParams.get('type') === 'A' ? 1 : 28;
    const addresses = this.#addresses.get(searchParams.get('name') ?? '');
    if (addresses === undefined) return Response.json({ Status: 3 });
    const data = addresses.filter((address) => address.includes(':') === (type === 28));
    return Response.json({ Status: 0, Answer: data.map((each) => ({ name: 'x', type, TTL: 60, data: each })) });
  }
}

/** A document as ActivityPub servers serve it. */
export function document(body: unknown, contentType = 'application/activity+json'): Response {
  return new Response(JSON.stringify(body), { headers: { 'Content-Type': contentType } });
}
