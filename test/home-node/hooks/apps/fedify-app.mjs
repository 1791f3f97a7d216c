// An app made with the real Fedify: one inbox. The argument says whether it wraps its federation itself (`wrapped`) or knows nothing
// of hooks (`plain`). Peers' keys come as JSON in KEYS. It says its port on standard output.

import { createServer } from 'node:http';
import { createFederation, generateCryptoKeyPair, MemoryKvStore } from '@fedify/fedify';
import { Create, Follow, Person } from '@fedify/vocab';

const keys = JSON.parse(process.env.KEYS ?? '{}');

function documentOf(url) {
  const { origin } = new URL(url);
  const actor = `${origin}/actor`;
  const key = {
    id: `${actor}#main-key`,
    type: 'CryptographicKey',
    owner: actor,
    publicKeyPem: keys[`${actor}#main-key`],
  };
  const context = ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'];
  return { '@context': context, id: actor, type: 'Person', inbox: `${origin}/inbox`, publicKey: key };
}

const { getDocumentLoader } = await import('@fedify/vocab-runtime');
const real = getDocumentLoader();
const documentLoader = async (url) =>
  url.startsWith('https://peer.example/')
    ? { contextUrl: null, documentUrl: url, document: documentOf(url) }
    : await real(url);

const pair = await generateCryptoKeyPair('RSASSA-PKCS1-v1_5');
const made = createFederation({
  kv: new MemoryKvStore(),
  documentLoaderFactory: () => documentLoader,
  authenticatedDocumentLoaderFactory: () => documentLoader,
  ...(process.env.WINDOW === undefined ? {} : { signatureTimeWindow: JSON.parse(process.env.WINDOW) }),
});
const federation = process.argv[2] === 'wrapped' ? (await import(process.env.WRAPPER)).judgedAtArrival(made) : made;
federation
  .setActorDispatcher(
    '/users/{identifier}',
    (context, identifier) => new Person({ id: context.getActorUri(identifier) }),
  )
  .setKeyPairsDispatcher(async () => [pair]);
federation
  .setInboxListeners('/users/{identifier}/inbox', '/inbox')
  .on(Follow, () => undefined)
  .on(Create, () => undefined);

const server = createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', async () => {
    const headers = new Headers();
    for (let at = 0; at < request.rawHeaders.length; at += 2)
      headers.append(request.rawHeaders[at], request.rawHeaders[at + 1]);
    const url = `https://${request.headers.host}${request.url}`;
    try {
      const asked = new Request(url, { method: 'POST', headers, body: Buffer.concat(parts) });
      const answer = await federation.fetch(asked, { contextData: undefined });
      response.writeHead(answer.status, [...answer.headers].flat());
      response.end(await answer.text());
    } catch (thrown) {
      process.stderr.write(`${thrown.stack}\n`);
      response.writeHead(400).end();
    }
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
