// fetch that trusts a test authority: a test process cannot be told by NODE_EXTRA_CA_CERTS any more once it runs.

import { Agent, fetch as undiciFetch } from 'undici';

export function trustingFetch(
  ca: string,
): (url: string, headers?: Readonly<Record<string, string>>) => Promise<Response> {
  const dispatcher = new Agent({ connect: { ca } });
  return async (url, headers = {}) => (await undiciFetch(url, { dispatcher, headers })) as unknown as Response;
}
