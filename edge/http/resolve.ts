// Asks a resolver which addresses a name has, before the edge fetches from that name: over HTTPS (RFC 8484), in the
// JSON form that public resolvers offer beside the binary one. The platform resolves the name once more when it
// fetches; that it refuses private addresses itself is the second wall, and this is the first.

import { causeOf } from '../../shared/errors.ts';
import { readBody } from './read-body.ts';
import { within } from './within.ts';

export type Resolution =
  | { readonly resolved: 'addresses'; readonly addresses: readonly string[] }
  /** The name does not exist, or has no address. */
  | { readonly resolved: 'no-such-name' }
  /** The resolver, or the name's own servers, could not say. */
  | { readonly resolved: 'failing'; readonly reason: string };

export interface Resolver {
  /** All IPv4 and IPv6 addresses of `hostname`. Rejects only with the reason of `signal`. */
  resolve(hostname: string, signal: AbortSignal): Promise<Resolution>;
}

export type Fetcher = (request: Request) => Promise<Response>;

/** DNS parameters (IANA): types of records and the codes of answers. */
const types = [
  { name: 'A', number: 1 },
  { name: 'AAAA', number: 28 },
] as const;
const noError = 0;
const noSuchName = 3;
/** More than any answer that a name honestly has. */
const answerBytes = 64 * 1024;

/** `endpoint` is the resolver's address, to which `?name=...&type=...` is added. */
export function dnsOverHttps(endpoint: string, fetcher: Fetcher): Resolver {
  return {
    async resolve(hostname, signal) {
      const questions = types.map((type) => ask(endpoint, fetcher, hostname, type, signal));
      const answers = await Promise.all(questions);
      const failing = answers.find((answer) => answer.resolved === 'failing');
      if (failing !== undefined) return failing;
      const addresses = answers.flatMap((answer) => (answer.resolved === 'addresses' ? answer.addresses : []));
      return addresses.length === 0 ? { resolved: 'no-such-name' } : { resolved: 'addresses', addresses };
    },
  };
}

async function ask(
  endpoint: string,
  fetcher: Fetcher,
  hostname: string,
  type: (typeof types)[number],
  signal: AbortSignal,
): Promise<Resolution> {
  const url = new URL(endpoint);
  url.searchParams.set('name', hostname);
  url.searchParams.set('type', type.name);
  try {
    const request = new Request(url, { headers: { Accept: 'application/dns-json' }, redirect: 'manual', signal });
    const response = await within(signal, fetcher(request));
    if (response.status !== 200) {
      await response.body?.cancel();
      return { resolved: 'failing', reason: `the resolver answered ${response.status} for ${hostname}` };
    }
    const body = await within(signal, readBody(response, answerBytes));
    if (body === 'too-large')
      return { resolved: 'failing', reason: `the resolver's answer for ${hostname} is too long` };
    return readAnswer(JSON.parse(new TextDecoder().decode(body)), hostname, type.number);
  } catch (thrown) {
    signal.throwIfAborted();
    return { resolved: 'failing', reason: `the resolver cannot be asked for ${hostname}: ${causeOf(thrown)}` };
  }
}

function readAnswer(answer: unknown, hostname: string, type: number): Resolution {
  const { Status: status, Answer: records } = (answer ?? {}) as { Status?: unknown; Answer?: unknown };
  if (status === noSuchName) return { resolved: 'no-such-name' };
  if (status !== noError) return { resolved: 'failing', reason: `the resolver says ${status} for ${hostname}` };
  // The chain of CNAMEs comes along; only the addresses at its end matter.
  const addresses = (Array.isArray(records) ? records : []).flatMap((record: unknown) => {
    const { type: recordType, data } = (record ?? {}) as { type?: unknown; data?: unknown };
    return recordType === type && typeof data === 'string' ? [data] : [];
  });
  return { resolved: 'addresses', addresses };
}
