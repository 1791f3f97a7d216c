// What the local edge may reach: a Worker between it and the network. A deployed Worker cannot reach private
// addresses; workerd on this machine could, and a stranger's key address must not become a request to this machine or
// its neighbours. Everything goes to a network that resolves names itself and connects to public addresses only,
// except the origins named at start.

import tls from 'node:tls';
import type { MiniflareOptions } from 'miniflare';

export const egressName = 'egress';

const script = `
  export default {
    async fetch(request, env) {
      const named = env.NAMED_ORIGINS.includes(new URL(request.url).origin);
      return await (named ? env.NAMED : env.PUBLIC).fetch(request);
    },
  };
`;

/** `namedOrigins` may be loopback; nothing else may. CAs of NODE_EXTRA_CA_CERTS are trusted besides the usual ones. */
export function egressWorker(
  namedOrigins: readonly string[],
  compatibilityDate: string,
): MiniflareOptions['workers'][number] {
  const tlsOptions = { trustBrowserCas: true, trustedCertificates: tls.getCACertificates('extra') };
  return {
    config: {
      name: egressName,
      compatibilityDate,
      manifest: { mainModule: 'egress.js', modules: { 'egress.js': { type: 'esm', contents: script } } },
      env: {
        PUBLIC: { type: 'network', allow: ['public'], tlsOptions },
        NAMED: { type: 'network', allow: ['public', 'local'], tlsOptions },
        NAMED_ORIGINS: { type: 'json', value: [...namedOrigins] },
      },
    },
    dev: { unsafeRegisterWorker: false },
  };
}
