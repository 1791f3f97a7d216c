// Actors whose keys are served here, and what they send, signed. Many actors of one origin that share a key of each
// kind: what is measured does not care, and making thousands of keys takes long.

import { createHash, createSign, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const activityJson = 'application/activity+json';

export type SignedBy = 'cavage' | 'rfc9421';

export interface Post {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Activity {
  readonly id: string;
  readonly [member: string]: unknown;
}

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKeyPem: string;
}

/** Actors of these names have Ed25519 keys, all others RSA of 2048 bits. */
const ed25519 = 'ed-';

export class Senders {
  readonly origin: string;
  readonly #rsa: Pair;
  readonly #ed: Pair;
  readonly #server: Server;
  readonly #asked: { count: number };
  #made = 0;

  private constructor(server: Server, asked: { count: number }, rsa: Pair, ed: Pair) {
    this.#server = server;
    this.#asked = asked;
    this.origin = `http://localhost:${(server.address() as AddressInfo).port}`;
    this.#rsa = rsa;
    this.#ed = ed;
  }

  static async open(): Promise<Senders> {
    const rsa = pairOf(generateKeyPairSync('rsa', { modulusLength: 2048 }));
    const ed = pairOf(generateKeyPairSync('ed25519'));
    const asked = { count: 0 };
    const server = createServer((request, response) => {
      asked.count += 1;
      const id = `http://${request.headers.host}${request.url}`;
      const { publicKeyPem } = request.url?.startsWith(`/users/${ed25519}`) ? ed : rsa;
      const publicKey = { id: `${id}#main-key`, owner: id, publicKeyPem };
      response.writeHead(200, { 'content-type': activityJson });
      response.end(JSON.stringify({ type: 'Person', id, preferredUsername: 'x', inbox: `${id}/inbox`, publicKey }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Senders(server, asked, rsa, ed);
  }

  /** How often a key was asked for. */
  get keyFetches(): number {
    return this.#asked.count;
  }

  actor(name: string): string {
    return `${this.origin}/users/${name}`;
  }

  /** Of all keys of this kind, PEM. */
  publicKeyPem(by: SignedBy): string {
    return (by === 'cavage' ? this.#rsa : this.#ed).publicKeyPem;
  }

  /** A signed note of about 1 KiB, ready to be sent by HTTP. */
  post(name: string, host: string, by: SignedBy = 'cavage'): Post {
    const actor = this.actor(by === 'cavage' ? name : ed25519 + name);
    this.#made += 1;
    const id = `${actor}/notes/${this.#made}`;
    const content = 'A quiet evening, all lamps are lit. '.repeat(20);
    const object = { type: 'Note', id: `${id}#note`, attributedTo: actor, content };
    return this.#signed(by, host, actor, {
      '@context': 'https://www.w3.org/ns/activitystreams',
      id,
      type: 'Create',
      actor,
      object,
    });
  }

  /** The news that an account ended, as servers send it to everybody they know. */
  farewell(name: string, host: string): Post {
    const actor = this.actor(name);
    return this.#signed('cavage', host, actor, {
      '@context': 'https://www.w3.org/ns/activitystreams',
      id: `${actor}#delete`,
      type: 'Delete',
      actor,
      to: ['https://www.w3.org/ns/activitystreams#Public'],
      object: actor,
    });
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #signed(by: SignedBy, host: string, actor: string, activity: Activity): Post {
    const body = JSON.stringify(activity);
    const sha256 = createHash('sha256').update(body).digest('base64');
    const keyId = `${actor}#main-key`;
    const proof = by === 'cavage' ? this.#cavage(host, keyId, sha256) : this.#rfc9421(host, keyId, sha256);
    return { id: activity.id, headers: { host, 'content-type': activityJson, ...proof }, body };
  }

  #cavage(host: string, keyId: string, sha256: string): Record<string, string> {
    const digest = `SHA-256=${sha256}`;
    const date = new Date().toUTCString();
    const base = `(request-target): post /inbox\nhost: ${host}\ndate: ${date}\ndigest: ${digest}`;
    const signature = createSign('sha256').update(base).sign(this.#rsa.privateKey, 'base64');
    return {
      date,
      digest,
      signature: `keyId="${keyId}",algorithm="rsa-sha256",headers="(request-target) host date digest",signature="${signature}"`,
    };
  }

  #rfc9421(host: string, keyId: string, sha256: string): Record<string, string> {
    const digest = `sha-256=:${sha256}:`;
    const created = Math.floor(Date.now() / 1000);
    const parameters = `("@method" "@target-uri" "content-digest");created=${created};keyid="${keyId}"`;
    const base = [
      '"@method": POST',
      `"@target-uri": http://${host}/inbox`,
      `"content-digest": ${digest}`,
      `"@signature-params": ${parameters}`,
    ].join('\n');
    const signature = sign(null, Buffer.from(base), this.#ed.privateKey).toString('base64');
    return {
      'content-digest': digest,
      'signature-input': `sig1=${parameters}`,
      signature: `sig1=:${signature}:`,
    };
  }
}

function pairOf({ publicKey, privateKey }: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }): Pair {
  return { privateKey, publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}
