// What accepting is measured against: a Worker that verifies the same proof by the same code and does one bare insert
// in a Durable Object. Everything that Porchlight does besides is what it costs.

import { DurableObject } from 'cloudflare:workers';
import { conclude, read } from '../../edge/activitypub/judge.ts';
import { signedRequestOf } from '../../edge/activitypub/signed-request.ts';
import { acceptances } from '../../shared/acceptance/profiles.ts';
import { type PublicKey, publicKeyFromPem } from '../../shared/signature/public-key.ts';

interface BareEnv {
  readonly BARE: DurableObjectNamespace<BareObject>;
  readonly ORIGIN: string;
  readonly PEM: string;
}

export class BareObject extends DurableObject<BareEnv> {
  constructor(ctx: DurableObjectState, env: BareEnv) {
    super(ctx, env);
    ctx.storage.sql.exec('create table if not exists bare (id integer primary key, body blob)');
  }

  put(body: Uint8Array<ArrayBuffer>): void {
    this.ctx.storage.sql.exec('insert into bare (body) values (?)', body);
  }
}

let publicKey: PublicKey | null = null;

export default {
  async fetch(request: Request, env: BareEnv): Promise<Response> {
    const body = new Uint8Array(await request.arrayBuffer());
    const facts = { request: signedRequestOf(request), body, receivedAt: Date.now(), accepts: acceptances.cavage };
    const claim = await read(facts);
    if ('verdict' in claim) return new Response(claim.reason, { status: 401 });
    publicKey ??= publicKeyFromPem(env.PEM);
    const owner = claim.proof.keyId.slice(0, claim.proof.keyId.indexOf('#'));
    if (!owner.startsWith(env.ORIGIN)) return new Response('', { status: 401 });
    const { verdict } = await conclude(claim, { key: 'found', publicKey, owner });
    if (verdict.verdict !== 'accepted') return new Response('', { status: 401 });
    await env.BARE.get(env.BARE.idFromName('bare')).put(body);
    return new Response(null, { status: 202 });
  },
};
