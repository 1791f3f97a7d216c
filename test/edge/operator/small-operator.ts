// An operator in a few lines, for tests of the edge: signs calls as any program of the operator's would.

import { SELF } from 'cloudflare:test';
import { base64url, type CryptoKey, importJWK } from 'jose';
import { hashClaimCode, makeClaimCode, parseClaimCode } from '../../../shared/claim/code.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import {
  type OperatorCallClaims,
  operatorPath,
  operatorScheme,
  signOperatorCall,
} from '../../../shared/operator/call.ts';
import type { HomesReply, OperatorHome } from '../../../shared/operator/messages.ts';
import { operatorJwk } from './operator-key.ts';

export async function operatorKey(): Promise<CryptoKey> {
  return (await importJWK(operatorJwk, 'EdDSA')) as CryptoKey;
}

export class SmallOperator {
  readonly origin: string;

  constructor(origin: string) {
    this.origin = origin;
  }

  /** A request as it would be sent; what is signed may be changed, and the key that signs. */
  async request(
    method: string,
    name: string,
    asked?: unknown,
    change: Partial<OperatorCallClaims> = {},
    key?: CryptoKey,
  ): Promise<Request> {
    const path = `${operatorPath}/${name}`;
    const body = new Uint8Array(asked === undefined ? [] : new TextEncoder().encode(JSON.stringify(asked)));
    const digest = base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', body)));
    const claims = { edge: this.origin, method, path, body: digest, at: systemClock.now(), ...change };
    const Authorization = `${operatorScheme} ${await signOperatorCall(claims, key ?? (await operatorKey()))}`;
    const init = { method, headers: { Authorization }, ...(asked === undefined ? {} : { body }) };
    return new Request(`${this.origin}${path}`, init);
  }

  async call(method: string, name: string, asked?: unknown): Promise<Response> {
    return await SELF.fetch(await this.request(method, name, asked));
  }

  /** A code for these hosts, made known. */
  async code(...hosts: string[]): Promise<string> {
    const code = makeClaimCode(systemRandom);
    const response = await this.call('PUT', `codes/${await hashOf(code)}`, { hosts });
    if (response.status !== 200) throw new Error(`The edge answered ${response.status}: ${await response.text()}`);
    return code;
  }

  async home(homeId: string): Promise<OperatorHome> {
    const { homes } = (await (await this.call('GET', 'homes')).json()) as HomesReply;
    const found = homes.find((home) => home.homeId === homeId);
    if (found === undefined) throw new Error(`The edge lists no home ${homeId}.`);
    return found;
  }

  /** Revokes the key that the home has now. */
  async revoke(homeId: string): Promise<Response> {
    const { key } = await this.home(homeId);
    return await this.call('POST', `homes/${homeId}/revoke`, { key });
  }
}

export async function hashOf(code: string): Promise<string> {
  return await hashClaimCode(parseClaimCode(code));
}

/** Status and stable code of a refusal. */
export async function codeOf(response: Response): Promise<[number, string]> {
  const { code } = (await response.json()) as { code: string };
  return [response.status, code];
}
