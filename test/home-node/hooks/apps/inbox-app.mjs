// An inbox as the services have it, with their real signature library and their own call options, over plain node:http. The
// argument says which; the keys of peers come as JSON in KEYS. It says its port on standard output.

import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const keys = JSON.parse(process.env.KEYS ?? '{}');
const require = createRequire(import.meta.url);

/** Throws what the library throws; resolves to whether the signature holds. */
const services = {
  /** PeerTube while it used this library. */
  'peertube-http-signature': async () => {
    const { default: httpSignature } = await import('@peertube/http-signature');
    return (request) => {
      const options = { clockSkew: 1800, headers: ['(request-target)', 'host', 'digest'] };
      const parsed = httpSignature.parse(request, options);
      const { headers } = parsed.params;
      if (!headers.includes('date') && !headers.includes('(created)')) throw new Error('no time is covered');
      return httpSignature.verifySignature(parsed, keys[parsed.keyId]);
    };
  },
  /** The same where the server is CommonJS. */
  'peertube-http-signature-required': async () => {
    const httpSignature = require('@peertube/http-signature');
    return (request) => {
      const options = { clockSkew: 1800, headers: ['(request-target)', 'host', 'digest'] };
      const parsed = httpSignature.parse(request, options);
      return httpSignature.verifySignature(parsed, keys[parsed.keyId]);
    };
  },
  /** Misskey's releases, with its own check of Host behind. */
  'misskey-http-signature': async () => {
    const { default: httpSignature } = await import('@peertube/http-signature');
    return (request) => {
      const options = { headers: ['(request-target)', 'host', 'date'], authorizationHeaderName: 'signature' };
      const parsed = httpSignature.parseRequest(request, options);
      if (!parsed.params.headers.includes('digest')) throw new Error('digest is not covered');
      return httpSignature.verifySignature(parsed, keys[parsed.keyId]);
    };
  },
  /** PeerTube today. */
  'peertube-message-signatures': async () => {
    const { parseRequestSignature, verifyDraftSignature } = await import('@misskey-dev/node-http-message-signatures');
    return async (request) => {
      const parsed = parseRequestSignature(request, {
        requiredComponents: { draft: ['(request-target)', 'host', 'digest'] },
        clockSkew: { delay: 1_800_000 },
      });
      return await verifyDraftSignature(parsed.value, keys[parsed.value.keyId]);
    };
  },
  'peertube-message-signatures-required': async () => {
    const { parseRequestSignature, verifyDraftSignature } = require('@misskey-dev/node-http-message-signatures');
    return async (request) => {
      const parsed = parseRequestSignature(request, {
        requiredComponents: { draft: ['(request-target)', 'host', 'digest'] },
        clockSkew: { delay: 1_800_000 },
      });
      return await verifyDraftSignature(parsed.value, keys[parsed.value.keyId]);
    };
  },
  /** As Misskey means to call it. */
  'misskey-message-signatures': async () => {
    const { parseRequestSignature, verifyDraftSignature } = await import('@misskey-dev/node-http-message-signatures');
    return async (request) => {
      const parsed = parseRequestSignature(request, {
        requiredComponents: { draft: ['(request-target)', 'host', 'date', 'digest'] },
        clockSkew: { forward: 300_000, delay: 300_000 },
      });
      return await verifyDraftSignature(parsed.value, keys[parsed.value.keyId]);
    };
  },
};

const name = process.argv[2] ?? '';
const verify = await services[name]();

const server = createServer((request, response) => {
  // As Express does below a router; the libraries sign over `url`, which both services leave whole there.
  if (name.startsWith('peertube')) request.originalUrl = request.url;
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', async () => {
    const refuse = (why) => {
      response.statusCode = name.startsWith('peertube') ? 403 : 401;
      response.end(String(why));
    };
    try {
      // Misskey knows one host.
      if (request.headers.host !== process.env.HOST_NAME) return refuse('host');
      const holds = await verify(request);
      const digest = `SHA-256=${createHash('sha256').update(Buffer.concat(parts)).digest('base64')}`;
      if (request.headers.digest !== digest) return refuse('digest');
      if (!holds) return refuse('signature');
      response.statusCode = 202;
      response.end();
    } catch (thrown) {
      refuse(`${thrown.name} ${thrown.constructor.name}`);
    }
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
