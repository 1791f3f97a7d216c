// Figures and health over HTTP on loopback, for a monitor on the same machine: GET /metrics (Prometheus) and GET /health
// (200 or 503, JSON). Read only; nothing here is secret, and nothing else can be asked here. Requests that name another
// host than this one are refused: a page in a browser on this machine must not be able to read it by a name of its own
// that points to loopback.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../shared/clock.ts';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { NodeReport } from '../control/report.ts';
import { exposition, expositionType } from './exposition.ts';
import { healthOf } from './health.ts';
import { metricsOf, type ProcessFigures } from './metrics.ts';

export interface MetricsServerOptions {
  /** Loopback address and port; port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Asks the edge too: it is called at most once in `limits.metricsFreshMs`. */
  readonly report: () => Promise<NodeReport>;
  readonly figures: () => ProcessFigures;
  readonly clock: Clock;
}

export class MetricsServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Throws `metrics-listen` when the port is taken. */
  static async listen(options: MetricsServerOptions): Promise<MetricsServer> {
    const report = sparingly(options.report, options.clock);
    const server = createServer((request, response) => {
      answer({ report, figures: options.figures }, request, response).catch((thrown: unknown) => {
        send(response, 500, 'text/plain; charset=utf-8', `${causeOf(thrown)}\n`);
      });
    });
    const { host, port } = options.listen;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) =>
        reject(
          new PorchlightError(
            'metrics-listen',
            `Cannot serve metrics on ${host}:${port}: ${cause.message}; set another address under [metrics].`,
          ),
        ),
      );
      server.listen(port, host, resolve);
    });
    return new MetricsServer(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}

async function answer(
  { report, figures }: Pick<MetricsServerOptions, 'report' | 'figures'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const plain = 'text/plain; charset=utf-8';
  if (!isLoopbackName(request.headers.host)) return send(response, 421, plain, 'Ask by a loopback address.\n');
  if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, plain, 'Only GET.\n');
  switch ((request.url ?? '').split('?', 1)[0]) {
    case '/metrics':
      return send(response, 200, expositionType, exposition(metricsOf(await report(), figures())));
    case '/health': {
      const health = healthOf(await report());
      return send(response, health.well ? 200 : 503, 'application/json', `${JSON.stringify(health)}\n`);
    }
    default:
      return send(response, 404, plain, 'Here are /metrics and /health.\n');
  }
}

/** The same answer for whoever asks within limits.metricsFreshMs, or while it is being asked for; failures are not kept. */
function sparingly<T>(ask: () => Promise<T>, clock: Clock): () => Promise<T> {
  let last: { readonly at: number; readonly answer: Promise<T> } | null = null;
  return async () => {
    const age = last === null ? Number.POSITIVE_INFINITY : Math.abs(clock.now() - last.at);
    if (last !== null && age < limits.metricsFreshMs) return await last.answer;
    const asked = { at: clock.now(), answer: ask() };
    last = asked;
    try {
      return await asked.answer;
    } catch (thrown) {
      if (last === asked) last = null;
      throw thrown;
    }
  };
}

function isLoopbackName(host: string | undefined): boolean {
  return /^(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d+)?$/.test(host ?? '');
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' });
  response.end(body);
}
