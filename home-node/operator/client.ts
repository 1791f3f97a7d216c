// What an operator asks of the edge (docs/protocol.md, "Operator calls"): one method for each call. A claim code is made
// here and only its hash is sent. What is not answered is asked again: every call may be repeated without harm.

import { hash } from 'node:crypto';
import { hashClaimCode, makeClaimCode, parseClaimCode } from '../../shared/claim/code.ts';
import type { Clock, Random } from '../../shared/clock.ts';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { operatorPath, operatorScheme, signOperatorCall } from '../../shared/operator/call.ts';
import type { CodeReply, HomesReply, OperatorHome, WaitingCode } from '../../shared/operator/messages.ts';
import { type EdgeRefusal, type EdgeReply, refusalOf, sendOnce } from '../edge-api/send.ts';
import { Agent } from '../http-connections.ts';
import type { KeyPair } from '../key-file.ts';
import { operatorKeyVariable } from './operator-key.ts';

export interface OperatorClientOptions {
  /** Any origin that reaches the edge. */
  readonly edge: string;
  readonly key: KeyPair;
  readonly clock: Clock;
  readonly random: Random;
  /** Certificates to trust, PEM; development. */
  readonly ca?: string;
  /** Waits between attempts, ms. */
  readonly retryMs?: number;
}

export interface IssuedCode extends CodeReply {
  readonly code: string;
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

const attempts = 4;
const attemptMs = 30_000;
const maxReplyBytes = 4 * 1024 * 1024;
/** A key that changes while it is being revoked is looked up again so often. */
const revokeAttempts = 5;

/** Every method throws `operator-clock`, `operator-unknown`, `not-an-edge`, `edge-unreachable`, or `edge-refused` with the edge's code. */
export class OperatorClient {
  readonly #options: OperatorClientOptions;
  readonly #connections: Agent;

  constructor(options: OperatorClientOptions) {
    this.#options = options;
    this.#connections = new Agent(options.ca === undefined ? {} : { connect: { ca: options.ca } });
  }

  /** Makes a code for these hosts known to the edge. */
  async issueCode(hosts: readonly string[]): Promise<IssuedCode> {
    const code = makeClaimCode(this.#options.random);
    const reply = await this.#call<CodeReply>('PUT', `codes/${await hashOf(code)}`, { hosts });
    return { code, ...reply };
  }

  /** Codes that nobody used yet. */
  async codes(): Promise<readonly WaitingCode[]> {
    return (await this.#call<{ codes: WaitingCode[] }>('GET', 'codes')).codes;
  }

  /** Makes a code useless: itself as it was handed out, or the beginning of its hash as `codes` shows it. */
  async dropCode(codeOrHash: string): Promise<void> {
    await this.#call('DELETE', `codes/${await hashNamed(codeOrHash)}`);
  }

  async homes(): Promise<readonly OperatorHome[]> {
    const all: OperatorHome[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const query: string = after === '' ? '' : `?after=${encodeURIComponent(after)}`;
      const { homes, next }: HomesReply = await this.#call<HomesReply>('GET', `homes${query}`);
      all.push(...homes);
      after = next;
    }
    return all;
  }

  /** The key that this home (its id, or one of its hosts) has now may do nothing any more. Throws `no-home` besides. */
  async revoke(homeOrHost: string): Promise<OperatorHome> {
    for (let attempt = 1; ; attempt++) {
      const home = await this.#find(homeOrHost);
      try {
        await this.#call('POST', `homes/${encodeURIComponent(home.homeId)}/revoke`, { key: home.key });
        return await this.#find(home.homeId);
      } catch (thrown) {
        // Whoever has the key may be changing it at this very moment.
        if ((thrown as Partial<EdgeRefusal>).reason !== 'key-not-current' || attempt === revokeAttempts) throw thrown;
      }
    }
  }

  /** Takes the host from its home, so that another may claim it. Throws `no-home` when it is nobody's. */
  async release(host: string): Promise<OperatorHome> {
    const home = await this.#find(host);
    await this.#call('POST', `hosts/${encodeURIComponent(host)}/release`, { homeId: home.homeId });
    return home;
  }

  async close(): Promise<void> {
    await this.#connections.destroy();
  }

  async #find(homeOrHost: string): Promise<OperatorHome> {
    const found = (await this.homes()).find((home) => home.homeId === homeOrHost || home.hosts.includes(homeOrHost));
    if (found !== undefined) return found;
    throw new PorchlightError(
      'no-home',
      `Cannot find a home: none is called ${homeOrHost} or has such a host; see porchlight edge homes.`,
    );
  }

  async #call<T>(method: Method, name: string, asked?: unknown): Promise<T> {
    const { edge, retryMs = 500 } = this.#options;
    const path = `${operatorPath}/${name}`;
    const body = new TextEncoder().encode(asked === undefined ? '' : JSON.stringify(asked));
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(method, path, body);
      if (!(outcome instanceof Error)) {
        if (outcome.status < 300) return JSON.parse(new TextDecoder().decode(outcome.body)) as T;
        const refusal = refusalOf({ method, path }, outcome);
        if (outcome.status < 500 || attempt === attempts) throw this.#explained(refusal);
      } else if (attempt === attempts) {
        const found = causeOf(outcome);
        throw new PorchlightError('edge-unreachable', `Cannot reach ${edge}: ${found}; see whether the edge is there.`);
      }
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }

  async #attempt(method: Method, path: string, body: Uint8Array): Promise<EdgeReply | Error> {
    const { edge, key, clock } = this.#options;
    const claims = { edge, method, path, body: hash('sha256', body, 'base64url'), at: clock.now() };
    const headers = ['Authorization', `${operatorScheme} ${await signOperatorCall(claims, key.privateKey)}`];
    const signal = AbortSignal.timeout(attemptMs);
    try {
      const url = new URL(path, edge);
      return await sendOnce(this.#connections, url, { method, headers, body, maxReplyBytes, signal, attemptMs });
    } catch (thrown) {
      if (thrown instanceof PorchlightError) throw thrown;
      return thrown instanceof Error ? thrown : new Error(String(thrown));
    }
  }

  /** What to do, for refusals that are not about what was asked. */
  #explained(refusal: EdgeRefusal): PorchlightError {
    const { edge, key } = this.#options;
    const variable = `OPERATOR_KEY of the Worker to ${operatorKeyVariable(key.publicKey)} and deploy it`;
    switch (refusal.reason) {
      case 'operator-clock':
        return new PorchlightError('operator-clock', refusal.message);
      case 'operator-call-refused':
        return new PorchlightError(
          'operator-unknown',
          `Cannot call ${edge}: it does not take this operator's key. ${refusal.detail} If the key is right, set ${variable}.`,
        );
      case 'no-operator':
      case 'operator-key':
        return new PorchlightError('operator-unknown', `Cannot call ${edge}: it knows no operator; set ${variable}.`);
      case 'not-from-the-edge':
      case 'unknown-host':
        return new PorchlightError(
          'not-an-edge',
          `Cannot call ${edge}: what answers there (${refusal.status}) is no Porchlight edge, or one from before operators had keys; give its origin, or deploy it anew.`,
        );
      default:
        return refusal;
    }
  }
}

async function hashOf(code: string): Promise<string> {
  return await hashClaimCode(parseClaimCode(code));
}

/** Codes are written in groups; hashes are 8 to 43 characters without. */
async function hashNamed(codeOrHash: string): Promise<string> {
  try {
    return await hashOf(codeOrHash);
  } catch (thrown) {
    if (/^[\w-]{8,43}$/.test(codeOrHash)) return codeOrHash;
    throw new PorchlightError(
      'claim-code-malformed',
      `Cannot drop the code ${JSON.stringify(codeOrHash)}: give all 7 groups of it, or the 8 characters of its hash that porchlight edge codes shows.`,
      { cause: thrown },
    );
  }
}
