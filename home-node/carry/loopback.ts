// Puts carried requests before home's own services, on loopback. The host decides which service it is, by home's own
// list and nothing else: whatever the edge or a visitor writes, no other address in the house can be reached from here.
// Nothing is followed, retried or decoded.

import { PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { Pool } from '../http-connections.ts';
import type { LinkRequest, LinkResponse, Serve } from '../link/serve.ts';
import { AnswerMemory } from './answer-memory.ts';
import { toWire } from './header-text.ts';
import { RequestBody } from './request-body.ts';
import { ServiceAnswer } from './service-answer.ts';
import { connect } from './service-connection.ts';
import { askForSocket } from './web-socket.ts';

export interface LoopbackService {
  readonly name: string;
  /** Hosts as visitors address them, in lower case; with a port unless it is the scheme's own. */
  readonly hosts: readonly string[];
  /** Where it listens. Only its origin is used. */
  readonly url: string;
}

export interface Loopback {
  readonly serve: Serve;
  /** Closes all connections to the services. */
  close(): Promise<void>;
}

/** Headers of a response that a service may send; the link's own limit is checked where the head is encoded. */
const maxHeaderSize = limits.frameHeadBytes;

export function createLoopback(services: readonly LoopbackService[], memory = new AnswerMemory()): Loopback {
  const byHost = new Map<string, { readonly pool: Pool; readonly origin: string }>();
  const pools: Pool[] = [];
  for (const service of services) {
    // Time is the visitor's and the edge's to limit: a long poll or a live stream may be silent for as long as it likes.
    const timeouts = { headersTimeout: 0, bodyTimeout: 0 };
    const { origin, protocol } = new URL(service.url);
    const connector = protocol === 'http:' ? { connect } : {};
    const pool = new Pool(origin, { connections: limits.linkStreams, maxHeaderSize, ...connector, ...timeouts });
    pools.push(pool);
    for (const host of service.hosts) byHost.set(host, { pool, origin });
  }
  return {
    serve: async (request, signal) => {
      const service = byHost.get(request.host.toLowerCase());
      if (service === undefined) {
        throw new PorchlightError(
          'not-served',
          `Cannot answer for ${request.host}: no service of this home has that host.`,
        );
      }
      if (request.upgrade === undefined) return await ask(service.pool, request, signal, memory);
      return await askForSocket(service.origin, checked(request), signal, memory);
    },
    close: async () => {
      await Promise.all(pools.map(async (pool) => await pool.destroy()));
    },
  };
}

async function ask(pool: Pool, request: LinkRequest, signal: AbortSignal, memory: AnswerMemory): Promise<LinkResponse> {
  const { method, path, host, headers, body } = checked(request);
  const answer = new ServiceAnswer(method, signal, memory);
  const sent = body === null ? null : new RequestBody(body);
  pool.dispatch({ method, path, headers: ['host', host, ...headers.map(toWire)], body: sent }, answer);
  return await answer.response;
}

function checked(request: LinkRequest): LinkRequest {
  if (request.path.startsWith('/')) return request;
  throw new PorchlightError('bad-request', 'Cannot ask the service: the target is no path.');
}
