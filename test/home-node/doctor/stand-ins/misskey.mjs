// Misskey's inbox as far as a late request of doctor comes (ActivityPubServerService.ts, `inbox`): the real signature library
// first, then Host, then the digest, and then the queue, where the signature is looked at by somebody else later. The
// argument says which library; the host comes in HOST_NAME. `GET /queue` tells how many it took.

import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

const libraries = {
  'http-signature': async () => {
    const { default: httpSignature } = await import('@peertube/http-signature');
    const options = { headers: ['(request-target)', 'host', 'date'], authorizationHeaderName: 'signature' };
    return (request) => httpSignature.parseRequest(request, options).params.headers;
  },
  'message-signatures': async () => {
    const { parseRequestSignature } = await import('@misskey-dev/node-http-message-signatures');
    const requiredComponents = { draft: ['(request-target)', 'host', 'date', 'digest'] };
    const clockSkew = { forward: 300_000, delay: 300_000 };
    return (request) => parseRequestSignature(request, { requiredComponents, clockSkew }).value.params.headers;
  },
};

const coveredOf = await libraries[process.argv[2]]();
let queued = 0;

function statusOf(request, body) {
  let covered;
  try {
    covered = coveredOf(request);
  } catch {
    return 401;
  }
  if (!covered.includes('host') || request.headers.host !== process.env.HOST_NAME) return 401;
  if (!covered.includes('digest')) return 401;
  const [, algorithm, value] = /^([a-zA-Z0-9-]+)=(.+)$/.exec(request.headers.digest ?? '') ?? [];
  if (algorithm?.toUpperCase() !== 'SHA-256') return 401;
  if (createHash('sha256').update(body).digest('base64') !== value) return 401;
  queued += 1;
  return 202;
}

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.end(String(queued));
    return;
  }
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    response.statusCode = statusOf(request, Buffer.concat(parts));
    response.end();
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
