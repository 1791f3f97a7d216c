// Home's connections to its edge and its services: of undici the two modules that keep connections. Whole, undici also
// loads a browser's fetch, WebSockets, caches and mocks, which took 10 MB of a home node that uses none of them, and Node's
// own fetch is a second undici, with a second parser compiled from WebAssembly.

/// <reference path="./undici-modules.d.ts" />
import request from 'undici/lib/api/api-request.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
import Pool from 'undici/lib/dispatcher/pool.js';

// As undici's index does.
Dispatcher.prototype.request ??= request;

/** What makes a connection for undici. */
export type Connector = Extract<NonNullable<Pool.Options['connect']>, (...args: never) => unknown>;
export type { Dispatcher };
export { Agent, Pool };

const connections = new Agent();

export interface AskOptions {
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/** Asks a service of this home. No redirect is followed; the body must be read or dumped. */
export async function ask(
  url: URL,
  { method = 'GET', headers = {}, body, signal }: AskOptions,
): Promise<Dispatcher.ResponseData> {
  const path = url.pathname + url.search;
  return await connections.request({ origin: url.origin, path, method, headers, body: body ?? null, signal });
}
