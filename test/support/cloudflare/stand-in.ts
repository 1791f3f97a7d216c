// A stand-in for Cloudflare's API, on loopback. It is not Cloudflare: it knows only what wrangler asks when Porchlight is
// deployed, read from wrangler's source and from what wrangler sends; it records calls and keeps what was made. Nothing
// that is tested with it has run on Cloudflare. Wrangler is the real one, told of it by CLOUDFLARE_API_BASE_URL.

import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StandInAccount } from './account.ts';
import { answerDatabases } from './databases.ts';
import { answerWorkers } from './workers.ts';

export interface ApiRequest {
  readonly method: string;
  /** Below /accounts/<id>. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  readonly contentType: string;
}

/** What Cloudflare's envelope says: a result, or an error with Cloudflare's own code. */
export type ApiAnswer =
  | { readonly result: unknown; readonly info?: unknown }
  | { readonly status: number; readonly code: number; readonly message: string };

export const accountId = '0123456789abcdef0123456789abcdef';
export const token = 'stand-in-token';

export class CloudflareStandIn {
  readonly account = new StandInAccount();
  /** "GET /d1/database", in the order of arrival. */
  readonly calls: string[] = [];
  /** Calls that this does not know: a test that sees one has found a gap in it. */
  readonly unknown: string[] = [];
  /** The token is good for nothing but what it names: calls below these paths are refused as Cloudflare would. */
  readonly forbidden: string[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<CloudflareStandIn> {
    const server = createServer();
    const standIn = new CloudflareStandIn(server);
    server.on('request', (request: IncomingMessage, response) => {
      void standIn.#answer(request).then((answer) => {
        const failed = 'status' in answer;
        response.writeHead(failed ? answer.status : 200, { 'Content-Type': 'application/json' });
        const errors = failed ? [{ code: answer.code, message: answer.message }] : [];
        const result = failed ? null : answer.result;
        const info = failed ? undefined : answer.info;
        response.end(JSON.stringify({ success: !failed, errors, messages: [], result, result_info: info }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return standIn;
  }

  /** For wrangler's environment. */
  get env(): Readonly<Record<string, string>> {
    const { port } = this.#server.address() as AddressInfo;
    return { CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${port}/client/v4`, CLOUDFLARE_API_TOKEN: token };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    this.account.close();
  }

  async #answer(incoming: IncomingMessage): Promise<ApiAnswer> {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const url = new URL(incoming.url ?? '/', 'http://stand-in');
    const whole = url.pathname.replace('/client/v4', '');
    const path = whole.replace(`/accounts/${accountId}`, '');
    const method = incoming.method ?? 'GET';
    this.calls.push(`${method} ${path}`);
    if (incoming.headers.authorization !== `Bearer ${token}`) {
      return { status: 401, code: 10_000, message: 'Authentication error' };
    }
    if (this.forbidden.some((one) => path.startsWith(one))) {
      return { status: 403, code: 10_000, message: 'Authentication error' };
    }
    const request: ApiRequest = {
      method,
      path,
      query: url.searchParams,
      body: Buffer.concat(parts),
      contentType: incoming.headers['content-type'] ?? '',
    };
    const answer =
      answerUser(request) ?? answerDatabases(this.account, request) ?? (await answerWorkers(this.account, request));
    if (answer !== null) return answer;
    this.unknown.push(`${method} ${path}`);
    return { status: 501, code: 1, message: `The stand-in does not know ${method} ${path}.` };
  }
}

/** Whose token it is. */
function answerUser({ method, path }: ApiRequest): ApiAnswer | null {
  if (method !== 'GET') return null;
  const account = { id: accountId, name: 'Example account' };
  switch (path) {
    case '/user/tokens/verify':
      return { result: { id: 'token', status: 'active' } };
    case '/user':
      return { result: { id: 'user', email: 'operator@example.org' } };
    case '/accounts':
      return { result: [account], info: { page: 1, per_page: 50, count: 1, total_count: 1, total_pages: 1 } };
    case '/memberships':
      return {
        result: [{ id: 'membership', account, roles: ['Administrator'] }],
        info: { page: 1, per_page: 50, count: 1, total_count: 1, total_pages: 1 },
      };
    default:
      return null;
  }
}
