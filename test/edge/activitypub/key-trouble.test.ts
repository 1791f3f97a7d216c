// Deliveries whose key cannot be had, or is none.

import { describe, expect, test } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import { cavage } from '../../shared/signature/signing.ts';
import { cavageKey } from '../../shared/signature/vectors.ts';
import { document } from '../http/internet.ts';
import { bytesOf, portsOf } from './home.ts';
import { alice, follow, hour, inboxRig, letter } from './inbox-rig.ts';
import { actorOf, keysOn, night } from './peer.ts';

const rig = inboxRig();

describe('the key', () => {
  const answers: [string, number, () => Response | Promise<Response>][] = [
    ['is gone', 401, () => new Response(null, { status: 410 })],
    ['is not there', 401, () => new Response(null, { status: 404 })],
    ['is a page', 401, () => new Response('<html>', { headers: { 'Content-Type': 'text/html' } })],
    ['is garbage', 401, () => document('garbage')],
    [
      'is too long',
      401,
      () =>
        new Response(new Uint8Array(limits.keyBytes + 1), { headers: { 'Content-Type': 'application/activity+json' } }),
    ],
    ['redirects in a loop', 401, () => new Response(null, { status: 302, headers: { Location: alice } })],
    [
      'redirects to loopback',
      401,
      () => new Response(null, { status: 302, headers: { Location: 'https://127.0.0.1/' } }),
    ],
    [
      'is too weak',
      401,
      () => document({ id: alice, publicKey: { id: `${alice}#main-key`, owner: alice, publicKeyPem: cavageKey } }),
    ],
  ];
  test.each(answers)('%s: %i', async (_, status, site) => {
    rig.internet.add('peer.example', site);
    await rig.expectRefused(status, await cavage(rig.signers.alice, letter));
  });

  test.each([
    'https://127.0.0.1',
    'https://localhost',
    'https://10.0.0.1',
    'https://[::1]',
    'http://peer.example',
    'https://peer.example:8443',
    'https://home.example',
  ])('at %s is not asked for: 401', async (origin) => {
    const actor = `${origin}/users/alice`;
    const content = bytesOf({ ...follow, actor });
    const signer = { ...rig.signers.alice, keyId: `${actor}#main-key` };
    rig.internet.add(new URL(origin).host, () => document(actorOf(signer)));
    await rig.expectRefused(401, await cavage(signer, { ...letter, body: content }), content);
    expect(rig.internet.asked).toEqual([]);
  });

  test('at a name that resolves to a private address is not asked for: 401', async () => {
    rig.internet.add('peer.example', () => document(actorOf(rig.signers.alice)), ['93.184.215.14', '10.0.0.1']);
    await rig.expectRefused(401, await cavage(rig.signers.alice, letter));
    expect(rig.internet.asked).toEqual([]);
  });

  test('at a name that does not exist: 401', async () => {
    rig.internet.remove('peer.example');
    await rig.expectRefused(401, await cavage(rig.signers.alice, letter));
  });

  test('that is slow: 503 with Retry-After, and no row', async () => {
    rig.internet.add('peer.example', () => new Promise(() => undefined));
    const deadline = () => AbortSignal.abort(new Error('time is up'));
    rig.reports = portsOf(keysOn(rig.internet, rig.clock, { deadline }), rig.clock);
    const response = await rig.expectRefused(503, await cavage(rig.signers.alice, letter));
    expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0);
  });

  test.each<[string, () => Response | Promise<Response>]>([
    ['fails', () => new Response(null, { status: 500 })],
    ['is busy', () => new Response(null, { status: 429 })],
    ['wants a signed question', () => new Response(null, { status: 401 })],
    ['is shown to nobody', () => new Response(null, { status: 403 })],
    ['cannot be reached', () => Promise.reject(new TypeError('connection refused'))],
  ])('whose server %s leaves the delivery undecided: 202, home decides', async (_, site) => {
    rig.internet.add('peer.example', site);
    expect((await rig.send(await cavage(rig.signers.alice, letter))).status).toBe(202);
    const arrival = rig.home.spool.arrivals[0]?.arrival;
    expect(arrival).toMatchObject({ sender: `unproven ${alice}`, proof: { by: 'cavage', keyId: `${alice}#main-key` } });
    expect(arrival?.undecided).toMatch(/peer\.example/);
  });

  test('an undecided delivery must still hold in everything else', async () => {
    rig.internet.add('peer.example', () => new Response(null, { status: 500 }));
    await rig.expectRefused(401, await cavage(rig.signers.alice, { ...letter, at: night - 2 * hour }));
    await rig.expectRefused(401, await cavage(rig.signers.alice, letter), bytesOf({ ...follow, id: 'x' }));
    await rig.expectRefused(401, await cavage(rig.signers.mallory, letter));
    expect(rig.internet.asked).toEqual([]);
  });

  test('a forged request costs one question in limits.keyFailureMs', async () => {
    for (let i = 0; i < 5; i++) await rig.expectRefused(401, await cavage(rig.signers.stranger, letter));
    expect(rig.internet.asked).toEqual([alice]);
  });
});
