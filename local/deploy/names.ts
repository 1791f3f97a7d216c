// Whether a name leads anywhere in the DNS, asked of the name servers of its own zone: resolvers on the way remember for
// half an hour that a name did not exist, and whoever deploys asks for names just before they come to be.

import dns from 'node:dns';
import { getDomain } from 'tldts';
import { causeOf, PorchlightError } from '../../shared/errors.ts';

/** For one question to one server, ms. */
const questionMs = 3_000;

/** Throws `names-unreachable` when nobody can be asked. */
export async function leadsSomewhere(host: string): Promise<boolean> {
  const resolver = new dns.promises.Resolver({ timeout: questionMs, tries: 2 });
  const servers = await serversOf(host);
  if (servers.length > 0) resolver.setServers(servers);
  for (const type of ['A', 'AAAA', 'CNAME'] as const) {
    const found = await answersTo(`${host} (${type})`, async () => await resolver.resolve(host, type));
    if (found.length > 0) return true;
  }
  return false;
}

/** Addresses of the zone's name servers; none for a zone that does not exist. */
async function serversOf(host: string): Promise<readonly string[]> {
  const zone = getDomain(host, { allowPrivateDomains: true }) ?? host;
  const names = await answersTo(`${zone} (NS)`, async () => await dns.promises.resolveNs(zone));
  for (const name of names) {
    const addresses = await answersTo(`${name} (A)`, async () => await dns.promises.resolve4(name));
    if (addresses.length > 0) return addresses;
  }
  return [];
}

async function answersTo<T>(question: string, ask: () => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await ask();
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
    throw new PorchlightError(
      'names-unreachable',
      `Cannot look up ${question}: ${causeOf(thrown)}; see whether this machine has a network and may ask name servers (port 53).`,
    );
  }
}
