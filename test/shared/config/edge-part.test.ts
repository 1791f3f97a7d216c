// The edge's part of the settings: what of them goes there, and what the edge refuses: forged, foreign, of another kind,
// wider than the claim, malformed.

import { CompactSign, type CryptoKey, generateKeyPair } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { type EdgePart, edgePartOf, signEdgePart, verifyEdgePart } from '../../../shared/config/edge-part.ts';
import { parseHomeConfig } from '../../../shared/config/parse.ts';

const where = { edge: 'https://a.example', homeId: 'home-1' };
const expected = { ...where, claimedHosts: ['a.example', 'b.example'] };
const part: EdgePart = {
  version: 7,
  hosts: ['a.example'],
  language: 'pt-BR',
  title: 'A garden',
  services: [{ name: 'home', kind: 'embedded', hosts: ['a.example'], signatures: ['cavage'] }],
  statusPage: true,
};

let own: { publicKey: CryptoKey; privateKey: CryptoKey };

beforeAll(async () => {
  own = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
});

async function codeOf(verified: Promise<unknown>): Promise<string> {
  try {
    await verified;
  } catch (thrown) {
    return (thrown as { code: string }).code;
  }
  return 'taken';
}

/** Signed by home's key, whatever it says and claims to be. */
async function signed(claims: unknown, typ = 'porchlight-config'): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify(claims));
  return await new CompactSign(payload).setProtectedHeader({ alg: 'EdDSA', typ }).sign(own.privateKey);
}

describe('the edge’s part', () => {
  test('is what the edge needs of porchlight.toml, and nothing else', () => {
    const reading = parseHomeConfig(`domain = "a.example"
admin = "me@a.example"
title = "A garden"
[alerts]
command = ["/bin/secret"]
[[services]]
name = "home"
kind = "embedded"
[[services]]
name = "social"
kind = "activitypub"
hosts = ["b.example"]
url = "http://127.0.0.1:3000"
inboxes = ["/inbox"]
signatures = ["rfc9421"]
`);
    expect('config' in reading ? edgePartOf(reading.config) : reading.faults).toEqual({
      hosts: ['a.example', 'b.example'],
      language: 'en',
      title: 'A garden',
      services: [
        { name: 'home', kind: 'embedded', hosts: ['a.example'], signatures: ['cavage', 'rfc9421'] },
        { name: 'social', kind: 'activitypub', hosts: ['b.example'], signatures: ['rfc9421'] },
      ],
      statusPage: true,
    });
  });

  test('is read as it was signed, and the same part is the same bytes', async () => {
    const jws = await signEdgePart(part, where, own.privateKey);
    expect(await verifyEdgePart(jws, own.publicKey, expected)).toEqual(part);
    expect(await signEdgePart(part, where, own.privateKey)).toBe(jws);
  });

  test('leaves out what this version does not know, so that a newer home can speak to an older edge', async () => {
    const [service] = part.services;
    const services = [{ ...service, signatures: ['cavage', 'of-tomorrow'], kind: 'matrix', port: 1 }];
    const newer = await signed({ ...where, ...part, services, colour: 'red' });
    expect(await verifyEdgePart(newer, own.publicKey, expected)).toEqual({
      ...part,
      services: [{ ...service, kind: 'matrix' }],
    });
  });

  test('is refused when it is forged, of another kind, for another edge or home, or no signature at all', async () => {
    const thief = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
    const good = await signEdgePart(part, where, own.privateKey);
    const [head, , signature] = good.split('.');
    const other = (await signEdgePart({ ...part, title: 'Mine' }, where, own.privateKey)).split('.')[1];
    const forged = [
      await signEdgePart(part, where, thief.privateKey),
      `${head}.${other}.${signature}`,
      await signEdgePart(part, { ...where, edge: 'https://else.example' }, own.privateKey),
      await signEdgePart(part, { ...where, homeId: 'home-2' }, own.privateKey),
      await signed({ ...where, ...part }, 'porchlight-call'),
      await signed(null),
      '',
      'x.y.z',
      JSON.stringify({ ...where, ...part }),
    ];
    for (const jws of forged) expect(await codeOf(verifyEdgePart(jws, own.publicKey, expected))).toBe('config-proof');
  });

  test('is refused when it names a host that was not claimed, for itself or for a service', async () => {
    const [service] = part.services;
    const wide = [
      { ...part, hosts: ['a.example', 'c.example'] },
      { ...part, services: [{ ...service, hosts: ['c.example'] }] },
    ];
    for (const one of wide) {
      const jws = await signed({ ...where, ...one });
      expect(await codeOf(verifyEdgePart(jws, own.publicKey, expected))).toBe('config-foreign-host');
    }
  });

  test.each([
    { version: -1 },
    { version: 1.5 },
    { version: '7' },
    { hosts: [] },
    { hosts: 'a.example' },
    { hosts: ['A.example'] },
    { hosts: ['a.example/x'] },
    { language: 'no language' },
    { language: null },
    { title: ' ' },
    { title: 7 },
    { statusPage: 'yes' },
    { services: null },
    { services: [null] },
    { services: [{ name: '../x', kind: 'embedded', hosts: ['a.example'], signatures: [] }] },
    { services: [{ name: 'x', kind: '', hosts: ['a.example'], signatures: [] }] },
    { services: [{ name: 'x', kind: 'embedded', hosts: [], signatures: [] }] },
    { services: [{ name: 'x', kind: 'embedded', hosts: ['a.example'], signatures: 'cavage' }] },
    { services: [...part.services, ...part.services] },
  ])('is refused when it is malformed: %j', async (change) => {
    const jws = await signed({ ...where, ...part, ...change });
    expect(await codeOf(verifyEdgePart(jws, own.publicKey, expected))).toBe('config-malformed');
  });
});
