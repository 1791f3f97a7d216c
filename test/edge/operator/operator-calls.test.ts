// Who may call as the operator, and that nobody else learns anything by trying.

import { reset, SELF } from 'cloudflare:test';
import { CompactSign, generateKeyPair } from 'jose';
import { beforeEach, describe, expect, test } from 'vitest';
import { operatorKeyOf } from '../../../edge/env.ts';
import { readCallOfOperator } from '../../../edge/operator/operator-call.ts';
import { systemClock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import { operatorPath, operatorScheme } from '../../../shared/operator/call.ts';
import { migrated } from '../home/directory-database.ts';
import { operatorJwk } from './operator-key.ts';
import { codeOf, operatorKey, SmallOperator } from './small-operator.ts';

const origin = 'https://edge.example';
const operator = new SmallOperator(origin);
const calls: [string, string][] = [
  ['GET', 'codes'],
  ['PUT', `codes/${'a'.repeat(43)}`],
  ['DELETE', `codes/${'a'.repeat(43)}`],
  ['GET', 'homes'],
  ['POST', 'homes/x/revoke'],
  ['POST', 'hosts/x/release'],
  ['GET', 'anything'],
];

beforeEach(async () => {
  await reset();
  await migrated();
});

describe("an operator's call", () => {
  test('is answered at any host that reaches the Worker, also one that the directory does not know', async () => {
    for (const at of [origin, 'https://porchlight.account.workers.dev']) {
      expect((await new SmallOperator(at).call('GET', 'homes')).status).toBe(200);
    }
    expect(await codeOf(await operator.call('GET', 'anything'))).toEqual([404, 'no-such-call']);
  });

  test.each(calls)('%s %s is refused unsigned, forged, and signed by another key', async (method, name) => {
    const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
    const address = `${origin}${operatorPath}/${name}`;
    const bare = await SELF.fetch(address, { method });
    expect(bare.headers.get('WWW-Authenticate')).toBe(operatorScheme);
    expect(await codeOf(bare)).toEqual([401, 'not-signed']);
    for (const Authorization of ['Bearer x', operatorScheme, `${operatorScheme} a b`, 'Porchlight x.y.z']) {
      expect(await codeOf(await SELF.fetch(address, { method, headers: { Authorization } }))).toEqual([
        401,
        'not-signed',
      ]);
    }
    const foreign = await SELF.fetch(await operator.request(method, name, undefined, {}, privateKey));
    expect(foreign.status).toBe(401);
    // Who is not the operator is told no details, not even the edge's time.
    expect(await foreign.json()).toEqual({ title: expect.any(String), status: 401, code: 'operator-call-refused' });
  });

  test('is about one edge, method, path, query and body', async () => {
    const refusedWith = async (request: Request): Promise<unknown> => await (await SELF.fetch(request)).json();
    for (const change of [{ edge: 'https://other.example' }, { method: 'PUT' }, { path: '/x' }, { body: '' }]) {
      expect(await refusedWith(await operator.request('GET', 'homes', undefined, change))).toMatchObject({
        code: 'operator-call-refused',
        detail: expect.stringContaining(`its ${Object.keys(change)[0]} is not that of this request`),
      });
    }
    const good = await operator.request('GET', 'homes');
    const elsewhere = new Request(`${good.url}?after=x`, { headers: good.headers });
    expect(await refusedWith(elsewhere)).toMatchObject({ code: 'operator-call-refused' });
    const foreign = await operator.request('GET', 'homes', undefined, { edge: 'https://other.example' });
    expect(await refusedWith(foreign)).toMatchObject({ detail: expect.stringContaining(origin) });
  });

  test('may differ from the edge’s clock by limits.operatorClockOffMs, and beyond is told both times', async () => {
    const key = operatorKeyOf(operatorJwk.x);
    const now = Date.UTC(2026, 10, 21, 3);
    for (const off of [limits.operatorClockOffMs, -limits.operatorClockOffMs]) {
      const near = await operator.request('GET', 'homes', undefined, { at: now + off });
      expect(await readCallOfOperator(near, key, now)).toBeInstanceOf(Uint8Array);
      const far = await operator.request('GET', 'homes', undefined, { at: now + off + Math.sign(off) });
      const refusal = (await readCallOfOperator(far, key, now)) as Response;
      expect(refusal.status).toBe(401);
      expect(await refusal.json()).toMatchObject({
        code: 'operator-clock',
        detail: expect.stringContaining('2026-11-21T03:00:00.000Z'),
      });
    }
    for (const at of [Number.NaN, 1.5, 9e15, -9e15, '2026' as never, null as never]) {
      const odd = await operator.request('GET', 'homes', undefined, { at });
      expect((await readCallOfOperator(odd, key, now)) as Response).toMatchObject({ status: 401 });
    }
  });

  test('recorded and sent again later is refused', async () => {
    const at = systemClock.now() - limits.operatorClockOffMs - 60_000;
    const old = await operator.request('GET', 'homes', undefined, { at });
    expect(await codeOf(await SELF.fetch(old))).toEqual([401, 'operator-clock']);
  });

  test('that is a signature of another kind by the right key is refused', async () => {
    const sign = async (typ: string, payload: string): Promise<number> => {
      const jws = await new CompactSign(new TextEncoder().encode(payload))
        .setProtectedHeader({ alg: 'EdDSA', typ })
        .sign(await operatorKey());
      const headers = { Authorization: `${operatorScheme} ${jws}` };
      return (await SELF.fetch(`${origin}${operatorPath}/homes`, { headers })).status;
    };
    for (const typ of ['porchlight-call', 'porchlight-link', 'porchlight-claim', 'porchlight-key', 'JWT']) {
      expect(await sign(typ, '{}')).toBe(401);
    }
    for (const payload of ['null', '7', '[]', 'x', '{}']) expect(await sign('porchlight-operator', payload)).toBe(401);
  });

  test('longer than limits.operatorBodyBytes is refused, and what is no JSON object', async () => {
    const long = { hosts: ['a.example'], more: 'x'.repeat(limits.operatorBodyBytes) };
    expect(await codeOf(await operator.call('PUT', `codes/${'a'.repeat(43)}`, long))).toEqual([413, 'too-large']);
    for (const asked of [[], 'x', 7, null]) {
      expect(await codeOf(await operator.call('PUT', `codes/${'a'.repeat(43)}`, asked))).toEqual([
        400,
        'operator-malformed',
      ]);
    }
  });

  test('by a stranger is refused before its body is read', async () => {
    const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
    const { url, headers } = await operator.request('PUT', 'codes/x', undefined, {}, privateKey);
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(64 * 1024));
        if (pulled > 64) controller.close();
      },
    });
    expect((await SELF.fetch(url, { method: 'PUT', headers, body })).status).toBe(401);
    expect(pulled).toBeLessThan(32);
  });
});

describe('OPERATOR_KEY', () => {
  const answer = async (text: string): Promise<[number, string]> => {
    const call = await operator.request('GET', 'homes');
    const outcome = await readCallOfOperator(call, operatorKeyOf(text), systemClock.now());
    return outcome instanceof Response ? await codeOf(outcome) : [200, 'taken'];
  };

  test('is a JWK or its x alone', async () => {
    const { kty, crv, x } = operatorJwk;
    expect(await answer(x)).toEqual([200, 'taken']);
    expect(await answer(` ${JSON.stringify({ kty, crv, x, use: 'sig' })}\n`)).toEqual([200, 'taken']);
  });

  test('left empty means that nobody is the operator', async () => {
    expect(await answer('')).toEqual([404, 'no-operator']);
    expect(await answer('  ')).toEqual([404, 'no-operator']);
  });

  test('that is no public key is nobody’s, and a private one is neither taken nor repeated', async () => {
    for (const text of ['x', '{', '[]', '{"kty":"RSA"}', `${operatorJwk.x}x`, JSON.stringify(operatorJwk)]) {
      expect(await answer(text)).toEqual([503, 'operator-key']);
    }
    expect(JSON.stringify(operatorKeyOf(JSON.stringify(operatorJwk)))).not.toContain(operatorJwk.d);
  });
});
