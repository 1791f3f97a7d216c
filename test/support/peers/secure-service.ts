// A service that shows its documents only to who signs the question, as GoToSocial does, and looks the signer's key up for
// it: by a library that is not ours. It has a database of GoToSocial's shape, with one account and what it blocks.

import { createServer, type IncomingMessage, type Server } from 'node:http';
import httpSignature from '@peertube/http-signature';
import { DatabaseSync } from '../../../home-node/sqlite.ts';

const activityJson = 'application/activity+json';
const keyPath = '/users/zoe/main-key';

export interface SecureServiceOptions {
  readonly port: number;
  /** As the world knows it. */
  readonly origin: string;
  readonly databaseFile: string;
  /** The document of a key's owner, as a peer's server or the edge shows it. */
  readonly documentAt: (address: string) => Promise<unknown>;
}

export class SecureService {
  /** What it says to who does not sign. */
  static readonly refusal = '{"error":"sign"}';
  /** What it shows to whom it has no quarrel with, by path. */
  readonly documents: Readonly<Record<string, unknown>>;
  /** What it was asked, and the status of its answer. */
  readonly answered: string[] = [];
  readonly #options: SecureServiceOptions;
  readonly #server: Server;
  readonly #actor: string;

  private constructor(options: SecureServiceOptions) {
    this.#options = options;
    const { origin, databaseFile } = options;
    const actor = `${origin}/users/zoe`;
    this.#actor = actor;
    const context = 'https://www.w3.org/ns/activitystreams';
    const everybody = `${context}#Public`;
    const note = (n: number, to: string) => ({
      '@context': context,
      id: `${actor}/statuses/${n}`,
      type: 'Note',
      attributedTo: actor,
      to: [to],
      content: `note ${n}`,
    });
    const items = [`${actor}/statuses/1`, `${actor}/statuses/2`];
    this.documents = {
      '/users/zoe': {
        '@context': context,
        id: actor,
        type: 'Person',
        preferredUsername: 'zoe',
        inbox: `${actor}/inbox`,
        outbox: `${actor}/outbox`,
        publicKey: { id: `${actor}/main-key`, owner: actor, publicKeyPem: 'shown to all' },
      },
      '/users/zoe/outbox': {
        '@context': context,
        id: `${actor}/outbox`,
        type: 'OrderedCollection',
        totalItems: 2,
        orderedItems: items,
      },
      '/users/zoe/statuses/1': note(1, everybody),
      '/users/zoe/statuses/2': note(2, `${actor}/followers`),
    };
    const database = new DatabaseSync(databaseFile);
    database.exec(`
      CREATE TABLE accounts (id CHAR(26) PRIMARY KEY, username VARCHAR NOT NULL, domain VARCHAR, uri VARCHAR NOT NULL UNIQUE,
        public_key VARCHAR NOT NULL, public_key_uri VARCHAR NOT NULL UNIQUE, fetched_at TIMESTAMPTZ, suspended_at TIMESTAMPTZ);
      CREATE TABLE domain_blocks (id CHAR(26) PRIMARY KEY, domain VARCHAR NOT NULL);
      INSERT INTO accounts VALUES ('1', 'zoe', NULL, '${actor}', 'own', '${actor}/main-key', NULL, NULL);`);
    database.close();
    this.#server = createServer((request, response) => {
      void this.#answer(request).then(([status, type, body]) => {
        this.answered.push(`${request.method} ${request.url} ${status}`);
        // As GoToSocial's api/activitypub.go: keys are for all, and for a week.
        const caching = request.url === keyPath ? 'public, max-age=604800' : 'no-store';
        response.writeHead(status, { 'content-type': type, 'cache-control': caching }).end(body);
      });
    });
  }

  static async start(options: SecureServiceOptions): Promise<SecureService> {
    const service = new SecureService(options);
    await new Promise<void>((resolve) => service.#server.listen(options.port, '127.0.0.1', resolve));
    return service;
  }

  blocks(domains: readonly string[]): void {
    const database = new DatabaseSync(this.#options.databaseFile);
    database.exec('DELETE FROM domain_blocks');
    const put = database.prepare('INSERT INTO domain_blocks VALUES (?, ?)');
    for (const [n, domain] of domains.entries()) put.run(String(n), domain);
    database.close();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage): Promise<readonly [status: number, type: string, body: string]> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.#options.origin);
    const { host } = new URL(this.#options.origin);
    if (pathname === '/.well-known/webfinger') {
      const subject = `acct:zoe@${host}`;
      if (searchParams.get('resource') !== subject) return [404, 'text/plain', ''];
      const links = [{ rel: 'self', type: activityJson, href: this.#actor }];
      return [200, 'application/jrd+json', JSON.stringify({ subject, links })];
    }
    // The one document that GoToSocial shows to all.
    if (pathname === keyPath) {
      const { id, publicKey } = this.documents['/users/zoe'] as { id: string; publicKey: unknown };
      return [200, activityJson, JSON.stringify({ id, type: 'Person', publicKey })];
    }
    if (!pathname.startsWith('/users/')) return [404, 'text/plain', ''];
    if (!(await this.#isProven(request))) return [401, 'application/json', SecureService.refusal];
    const document = this.documents[pathname];
    return document === undefined ? [404, 'text/plain', ''] : [200, activityJson, JSON.stringify(document)];
  }

  async #isProven(request: IncomingMessage): Promise<boolean> {
    try {
      const parsed = httpSignature.parseRequest(request, {
        clockSkew: 300,
        headers: ['(request-target)', 'host', 'date'],
        authorizationHeaderName: 'signature',
      });
      const owner = (await this.#options.documentAt(parsed.keyId)) as { publicKey: { publicKeyPem: string } };
      return httpSignature.verifySignature(parsed, owner.publicKey.publicKeyPem);
    } catch {
      // What the library throws at is not proven.
      return false;
    }
  }
}
