// Our Worker with three doors more, for what it is measured against: the same proof verified by the same code and one
// bare insert in a Durable Object, the same answer whatever is asked, and the answer to this question as it was
// given first. Everything that Porchlight does besides is what it costs. A header chooses the door, because
// addresses are signed.

import { conclude, read } from '../../edge/activitypub/judge.ts';
import { signedRequestOf } from '../../edge/activitypub/signed-request.ts';
import type { Env } from '../../edge/env.ts';
import door, { LinkObject, SpoolObject as OurSpoolObject } from '../../edge/worker.ts';
import { acceptances } from '../../shared/acceptance/profiles.ts';
import { type PublicKey, publicKeyFromPem } from '../../shared/signature/public-key.ts';

export { LinkObject };

export class SpoolObject extends OurSpoolObject {
  #hasTable = false;

  bare(body: Uint8Array<ArrayBuffer>): void {
    if (!this.#hasTable) {
      this.ctx.storage.sql.exec('create table if not exists bare (id integer primary key, body blob)');
      this.#hasTable = true;
    }
    this.ctx.storage.sql.exec('insert into bare (body) values (?)', body);
  }
}

const publicKeys = new Map<string, PublicKey>();
const firstAnswers = new Map<string, { readonly text: string; readonly headers: Headers }>();

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    switch (request.headers.get('bench-door')) {
      case 'constant':
        return new Response(null, { status: 202 });
      case 'bare':
        return await verifyAndInsert(request, env);
      case 'first-answer':
        return await firstAnswer(request, env);
      default:
        return await door.fetch(request, env);
    }
  },
};

/** The key of a request is told by a header, PEM in base64: asking for keys is not what is measured. */
async function verifyAndInsert(request: Request, env: Env): Promise<Response> {
  const body = new Uint8Array(await request.arrayBuffer());
  const accepts = acceptances.both;
  const claim = await read({ request: signedRequestOf(request), body, receivedAt: Date.now(), accepts });
  if ('verdict' in claim) return new Response(claim.reason, { status: 401 });
  const told = request.headers.get('bench-key') ?? '';
  const publicKey = publicKeys.get(told) ?? publicKeyFromPem(atob(told));
  publicKeys.set(told, publicKey);
  const owner = claim.proof.keyId.slice(0, claim.proof.keyId.indexOf('#'));
  const { verdict } = await conclude(claim, { key: 'found', publicKey, owner });
  if (verdict.verdict !== 'accepted') return new Response('', { status: 401 });
  const spools = env.SPOOL as unknown as DurableObjectNamespace<SpoolObject>;
  await spools.get(spools.idFromName('bare')).bare(body);
  return new Response(null, { status: 202 });
}

async function firstAnswer(request: Request, env: Env): Promise<Response> {
  const known = firstAnswers.get(request.url);
  if (known !== undefined) return new Response(known.text, { headers: known.headers });
  const answer = await door.fetch(request, env);
  const first = { text: await answer.text(), headers: answer.headers };
  if (answer.status === 200) firstAnswers.set(request.url, first);
  return new Response(first.text, { status: answer.status, headers: first.headers });
}
