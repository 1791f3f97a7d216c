// Puts one delivery before home's own service, as its sender sent it: same method, raw path, Host, headers and bytes.
// The service answers as it would answer the sender; its adapter says what that means.

import { hash } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import type { Delivery, HeaderList, Outcome } from '../../shared/delivery.ts';
import { causeOf } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { Adapter, ServiceAnswer } from '../adapters/adapter.ts';
import { type Dispatcher, Pool } from '../http-connections.ts';
import { judgedHeader, judgedValue } from '../receipts/receipt.ts';
import { headersToService } from './forward-headers.ts';

/** A service as intake sees it. */
export interface Recipient {
  readonly name: string;
  readonly adapter: Adapter;
  /** Origin on loopback; null while the service is down. */
  origin(): string | null;
}

export type Attempt = {
  readonly outcome: Outcome;
  /** false: the connection could not be made or broke before an answer; whether the service is up must be asked. */
  readonly answered: boolean;
};

export interface DelivererOptions {
  readonly clock: Clock;
  /** How long the service's answer may take, ms. */
  readonly timeoutMs?: number;
}

export class Deliverer {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #pools = new Map<string, Pool>();

  constructor({ clock, timeoutMs = limits.deliverMs }: DelivererOptions) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Never throws: what went wrong is an outcome with a reason. */
  async deliver(recipient: Recipient, delivery: Delivery, body: Uint8Array): Promise<Attempt> {
    const origin = recipient.origin();
    if (origin === null) return { outcome: { outcome: 'released' }, answered: false };
    if (hash('sha256', body, 'base64url') !== delivery.bodySha256) {
      return later('the body that the edge handed over is not the one that it accepted (SHA-256 differs)');
    }
    let added: HeaderList;
    try {
      added = await recipient.adapter.headersFor(delivery, body);
    } catch (thrown) {
      return later(`home could not add its own headers: ${causeOf(thrown)}`);
    }
    try {
      const answer = await this.#post(origin, delivery, headersToService(delivery, added), body);
      return { outcome: recipient.adapter.outcomeOf(answer, delivery), answered: true };
    } catch (thrown) {
      return failed(thrown);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map(async (pool) => await pool.destroy()));
  }

  /** The service's status once its answer is read to the end, so that the connection can be used again. */
  async #post(origin: string, delivery: Delivery, headers: string[], body: Uint8Array): Promise<ServiceAnswer> {
    return await new Promise((resolve, reject) => {
      let answer: ServiceAnswer | null = null;
      let read = 0;
      const handler: Dispatcher.DispatchHandler = {
        onRequestStart: () => undefined,
        onResponseStart: (_controller, status, fields) => {
          if (status < 200) return;
          const retryAfterMs = this.#retryAfterMs(fields['retry-after']);
          const isJudgedAtArrival = fields[judgedHeader] === judgedValue;
          answer = { status, retryAfterMs, at: this.#clock.now(), isJudgedAtArrival };
        },
        onResponseData: (controller, part) => {
          read += part.byteLength;
          // Nobody reads it: a long answer ends with its connection.
          if (read > limits.serviceAnswerBytes) controller.abort(new Error('the answer is long enough'));
        },
        onResponseEnd: () => (answer === null ? reject(new Error('the answer had no status')) : resolve(answer)),
        // The status is the answer, whatever happens to the rest.
        onResponseError: (_controller, error) => (answer === null ? reject(error) : resolve(answer)),
      };
      const { method, path } = delivery;
      const timeouts = { headersTimeout: this.#timeoutMs, bodyTimeout: this.#timeoutMs };
      this.#pool(origin).dispatch(
        {
          origin,
          method,
          path,
          headers,
          body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
          ...timeouts,
        },
        handler,
      );
    });
  }

  #pool(origin: string): Pool {
    const open = this.#pools.get(origin) ?? new Pool(origin, { connections: limits.deliverParallel });
    this.#pools.set(origin, open);
    return open;
  }

  /** RFC 9110 section 10.2.3: seconds or a date. */
  #retryAfterMs(value: string | string[] | undefined): number | null {
    const text = Array.isArray(value) ? value[0] : value;
    if (text === undefined) return null;
    const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - this.#clock.now();
    return Number.isNaN(ms) ? null : Math.max(0, ms);
  }
}

/** The connection could not be made: the service has not seen the delivery. */
const unreached = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'UND_ERR_CONNECT_TIMEOUT']);

function failed(thrown: unknown): Attempt {
  const code = (thrown as { code?: unknown }).code;
  if (typeof code === 'string' && unreached.has(code)) return { outcome: { outcome: 'released' }, answered: false };
  if (code === 'UND_ERR_INVALID_ARG') {
    return {
      outcome: { outcome: 'dead', reason: `it cannot be sent as HTTP/1.1: ${causeOf(thrown)}` },
      answered: true,
    };
  }
  return { ...later(`the service gave no answer: ${causeOf(thrown)}`), answered: false };
}

function later(reason: string): Attempt {
  return { outcome: { outcome: 'later', reason }, answered: true };
}
