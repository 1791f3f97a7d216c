// A peer that asks as Fedify asks: it looks objects up by address, with signatures of its own actor if it is told to, and
// with @peertube/http-signature. A process with an origin of its own (HTTPS), at which its key and its
// name can be read. Spoken to in JSON lines: {"id", "op", ...} → {"id", "result"}.

import { readFileSync } from 'node:fs';
import { createServer, request as httpsRequest } from 'node:https';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { generateCryptoKeyPair, getAuthenticatedDocumentLoader } from '@fedify/fedify';
import { Application, CryptographicKey, isActor, lookupObject } from '@fedify/vocab';
import { getDocumentLoader } from '@fedify/vocab-runtime';
import httpSignature from '@peertube/http-signature';
import { exportPKCS8 } from 'jose';

const { values } = parseArgs({
  options: { port: { type: 'string' }, key: { type: 'string' }, cert: { type: 'string' } },
});
const origin = `https://localhost:${values.port}`;
const keyId = new URL(`${origin}/actor#main-key`);
const { privateKey, publicKey } = await generateCryptoKeyPair('RSASSA-PKCS1-v1_5');
const loaders = {
  unsigned: getDocumentLoader({ allowPrivateAddress: true }),
  signed: getAuthenticatedDocumentLoader({ keyId, privateKey }, { allowPrivateAddress: true }),
};

async function actor(): Promise<unknown> {
  const owner = new URL(`${origin}/actor`);
  const key = new CryptographicKey({ id: keyId, owner, publicKey });
  const inbox = new URL(`${origin}/inbox`);
  return await new Application({ id: owner, preferredUsername: 'asker', inbox, publicKey: key }).toJsonLd();
}

interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** As PeerTube signs a GET. */
async function get(address: string): Promise<Got> {
  const url = new URL(address);
  const headers = { accept: 'application/activity+json', date: new Date().toUTCString(), host: url.host };
  const request = httpsRequest(url, { method: 'GET', headers, timeout: 20_000 });
  httpSignature.signRequest(request, {
    key: await exportPKCS8(privateKey),
    keyId: keyId.href,
    algorithm: 'rsa-sha256',
    authorizationHeaderName: 'signature',
    headers: ['(request-target)', 'host', 'date'],
  });
  return await new Promise((resolve, reject) => {
    request.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    request.on('error', reject);
    request.end();
  });
}

async function answer(op: string, line: Readonly<Record<string, unknown>>): Promise<unknown> {
  const address = String(line.address);
  switch (op) {
    case 'lookup': {
      const documentLoader = loaders[line.signed === true ? 'signed' : 'unsigned'];
      const found = await lookupObject(address, {
        documentLoader,
        contextLoader: loaders.unsigned,
      });
      return found === null
        ? null
        : { isActor: isActor(found), json: await found.toJsonLd({ contextLoader: loaders.unsigned }) };
    }
    case 'get':
      return await get(address);
    default:
      throw new Error(`no operation ${op}`);
  }
}

const server = createServer(
  { key: readFileSync(values.key ?? ''), cert: readFileSync(values.cert ?? '') },
  (request, response) => {
    if (request.url?.startsWith('/.well-known/webfinger?') === true) {
      const links = [{ rel: 'self', type: 'application/activity+json', href: `${origin}/actor` }];
      const subject = `acct:asker@${new URL(origin).host}`;
      response.writeHead(200, { 'content-type': 'application/jrd+json' }).end(JSON.stringify({ subject, links }));
      return;
    }
    if (request.url !== '/actor') {
      response.writeHead(404).end();
      return;
    }
    actor()
      .then((json) =>
        response.writeHead(200, { 'content-type': 'application/activity+json' }).end(JSON.stringify(json)),
      )
      .catch((thrown: unknown) => {
        console.error(thrown);
        response.destroy();
      });
  },
);
server.listen(Number(values.port), '127.0.0.1', () => console.log(JSON.stringify({ ready: true, origin })));

createInterface({ input: process.stdin })
  .on('line', (text) => {
    const line = JSON.parse(text) as Readonly<Record<string, unknown>>;
    answer(String(line.op), line)
      .then((result) => console.log(JSON.stringify({ id: line.id, result: result ?? null })))
      .catch((thrown: unknown) => console.log(JSON.stringify({ id: line.id, error: String(thrown) })));
  })
  .on('close', () => process.exit(0));
