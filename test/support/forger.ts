// Signs inbox requests as draft-cavage senders do and lets a test spoil any part before they leave: headers are
// written to the socket as they are, repeated if repeated, because a client library would mend them.

import { createHash, createSign, generateKeyPairSync } from 'node:crypto';
import { connect } from 'node:net';

export interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

export function makeKeyPair(): KeyPair {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    privateKey: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

export interface InboxRequest {
  path: string;
  headers: [name: string, value: string][];
  body: Uint8Array;
  /** Header lines that say how long the body is; its true length if left out. */
  framing?: string;
}

export interface Signing {
  readonly host: string;
  readonly path: string;
  readonly keyId: string;
  readonly privateKey: string;
  readonly body: string | Uint8Array;
  readonly date?: Date;
  /** Names that the signature covers; these four if left out. */
  readonly covered?: readonly string[];
  /** Further parameters of the Signature header, before `headers`. */
  readonly parameters?: string;
}

export function signedRequest(signing: Signing): InboxRequest {
  const body = typeof signing.body === 'string' ? new TextEncoder().encode(signing.body) : signing.body;
  const date = (signing.date ?? new Date()).toUTCString();
  const digest = `SHA-256=${createHash('sha256').update(body).digest('base64')}`;
  const values: Record<string, string> = {
    '(request-target)': `post ${signing.path}`,
    host: signing.host,
    date,
    digest,
    'content-type': 'application/activity+json',
  };
  const covered = signing.covered ?? ['(request-target)', 'host', 'date', 'digest'];
  const base = covered.map((name) => `${name}: ${values[name] ?? ''}`).join('\n');
  const signature = createSign('sha256').update(base).sign(signing.privateKey, 'base64');
  const parameters = signing.parameters ?? 'algorithm="rsa-sha256"';
  const header = `keyId="${signing.keyId}",${parameters},headers="${covered.join(' ')}",signature="${signature}"`;
  return {
    path: signing.path,
    headers: [
      ['Host', signing.host],
      ['Date', date],
      ['Digest', digest],
      ['Content-Type', 'application/activity+json'],
      ['Signature', header],
    ],
    body,
  };
}

/** Sends it word for word; resolves with the status code. */
export async function send(port: number, request: InboxRequest): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const status = await attemptToSend(port, request);
    if (status !== 'cut-off') return status;
    if (attempt === 5) throw new Error(`The edge cut ${request.path} off ${attempt} times without an answer.`);
  }
}

/** A server may answer and close while the body is still on its way; the answer is then lost now and then. */
async function attemptToSend(port: number, request: InboxRequest): Promise<number | 'cut-off'> {
  return await new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let said = '';
    socket.setTimeout(30_000, () => socket.destroy(new Error('no answer in 30 s')));
    socket.on('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EPIPE' || cause.code === 'ECONNRESET') resolve('cut-off');
      else reject(cause);
    });
    socket.on('data', (part) => {
      said += part.toString('latin1');
      const status = /^HTTP\/1\.1 (\d{3}) [\s\S]*?\r\n\r\n/.exec(said)?.[1];
      if (status === undefined) return;
      resolve(Number(status));
      socket.destroy();
    });
    socket.on('close', () => resolve('cut-off'));
    const lines = request.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const framing = request.framing ?? `Content-Length: ${request.body.length}\r\n`;
    socket.write(`POST ${request.path} HTTP/1.1\r\n${lines}${framing}Connection: close\r\n\r\n`);
    socket.write(request.body);
  });
}

/** The value of a header changed, in a copy. */
export function changeText(request: InboxRequest, name: string, change: (value: string) => string): InboxRequest {
  const headers = request.headers.map(([each, value]): [string, string] => [
    each,
    each === name ? change(value) : value,
  ]);
  return { ...request, headers };
}
