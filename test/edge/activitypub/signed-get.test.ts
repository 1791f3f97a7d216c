// Peers that answer only who says who asks. What is signed is checked here as a peer would: by what the request says and
// the key that the edge's actor publishes.

import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { KeyResolver } from '../../../edge/activitypub/keys.ts';
import { limits } from '../../../shared/limits.ts';
import { publicKeyFromPem } from '../../../shared/signature/public-key.ts';
import { readSignature } from '../../../shared/signature/read.ts';
import { requireProof } from '../../../shared/signature/require.ts';
import { verifySignature } from '../../../shared/signature/verify.ts';
import { rsaSigner, type Signer } from '../../shared/signature/signing.ts';
import { document, Internet } from '../http/internet.ts';
import { actorOf, FakeClock, keysOn, somebody } from './peer.ts';

const actor = 'https://peer.example/users/a';
const keyId = `${actor}#main-key`;
const edgeKeyId = 'https://home.example/.porchlight/actor#main-key';
let signer: Signer;
let edge: Signer;
beforeAll(async () => {
  signer = await rsaSigner(keyId);
  edge = await rsaSigner(edgeKeyId);
});

let internet: Internet;
let clock: FakeClock;
let keys: KeyResolver;
/** How each request was signed, and by which key. */
let seen: string[];
let signedFor: string[];
beforeEach(() => {
  internet = new Internet();
  clock = new FakeClock();
  seen = [];
  signedFor = [];
  const sign = async (homeId: string, text: string) => {
    signedFor.push(homeId);
    return new Uint8Array(
      await crypto.subtle.sign(edge.privateKey.algorithm.name, edge.privateKey, new TextEncoder().encode(text)),
    );
  };
  keys = keysOn(internet, clock, { sign });
});

/** As a peer sees it: 'unsigned', or by what it is proven; throws if the proof does not hold. */
async function proofOf(request: Request): Promise<'unsigned' | 'cavage' | 'rfc9421'> {
  const { host, origin } = new URL(request.url);
  const path = request.url.slice(origin.length);
  // The runtime adds Host itself when it sends.
  const headers: [string, string][] = [...request.headers, ['host', host]];
  if (!request.headers.has('Signature')) return 'unsigned';
  const signed = { method: request.method, scheme: 'https' as const, host, path, headers };
  const signature = readSignature(signed);
  requireProof(signed, signature, clock.now());
  expect(signature.keyId).toBe(edgeKeyId);
  expect(await verifySignature(signature, publicKeyFromPem(signer.pem))).toBe(false);
  expect(await verifySignature(signature, publicKeyFromPem(edge.pem))).toBe(true);
  return signature.by;
}

/** A peer that answers what is proven in one of these ways, and refuses everything else with `status`. */
function peer(takes: readonly string[], status: number, host = 'peer.example'): void {
  internet.add(host, async (request) => {
    const by = await proofOf(request);
    seen.push(by);
    return takes.includes(by) ? document(actorOf(signer)) : new Response(null, { status });
  });
}

describe('a peer that', () => {
  test('answers everybody is asked once, unsigned', async () => {
    peer(['unsigned', 'cavage', 'rfc9421'], 401);
    expect(await keys.resolve(keyId, somebody)).toMatchObject({ key: 'found', owner: actor });
    expect(seen).toEqual(['unsigned']);
    expect(signedFor).toEqual([]);
  });

  test.each([401, 403])('refuses unsigned questions (%i) is asked again with a cavage signature', async (status) => {
    peer(['cavage'], status);
    expect(await keys.resolve(keyId, somebody)).toMatchObject({ key: 'found', owner: actor });
    expect(seen).toEqual(['unsigned', 'cavage']);
    expect(signedFor).toEqual(['home-1']);
  });

  test('refuses cavage too is asked with RFC 9421', async () => {
    peer(['rfc9421'], 401);
    expect(await keys.resolve(keyId, somebody)).toMatchObject({ key: 'found', owner: actor });
    expect(seen).toEqual(['unsigned', 'cavage', 'rfc9421']);
  });

  test('refuses everything (401) is asked three times, and then not for limits.keyFailureMs', async () => {
    peer([], 401);
    expect(await keys.resolve(keyId, somebody)).toMatchObject({ key: 'failed' });
    expect(await keys.resolve(keyId, somebody)).toMatchObject({ key: 'failed' });
    clock.time += limits.keyFailureMs - 1;
    expect(await keys.resolve(keyId, somebody)).toMatchObject({ key: 'failed' });
    expect(seen).toEqual(['unsigned', 'cavage', 'rfc9421']);
  });

  test('says no to who signed (403) is not asked again', async () => {
    peer([], 403);
    expect(await keys.resolve(keyId, somebody)).toMatchObject({ key: 'failed' });
    expect(seen).toEqual(['unsigned', 'cavage']);
  });

  test.each([404, 410, 500, 503])('answers %i is not asked again with a signature', async (status) => {
    peer([], status);
    await keys.resolve(keyId, somebody);
    expect(seen).toEqual(['unsigned']);
  });
});

describe('what an origin wants', () => {
  const next = async () => {
    clock.time += limits.keyFreshMs;
    seen.length = 0;
    return await keys.resolve(keyId, somebody);
  };

  test.each(['cavage', 'rfc9421'])('is remembered: %s is what the next question begins with', async (way) => {
    peer([way], 401);
    await keys.resolve(keyId, somebody);
    expect(await next()).toMatchObject({ key: 'found' });
    expect(seen).toEqual([way]);
  });

  test('is forgotten when it does not help any more', async () => {
    peer(['rfc9421'], 401);
    await keys.resolve(keyId, somebody);
    peer([], 401);
    await next();
    expect(seen).toEqual(['rfc9421']);
    peer(['unsigned'], 401);
    await next();
    expect(seen).toEqual(['unsigned']);
  });

  test('is remembered for each home by itself', async () => {
    peer(['cavage'], 401);
    await keys.resolve(keyId, somebody);
    seen.length = 0;
    await keys.resolve(`${actor}/2#main-key`, { ...somebody, homeId: 'home-2' });
    expect(seen).toEqual(['unsigned', 'cavage']);
    expect(signedFor).toEqual(['home-1', 'home-2']);
  });
});

test('a redirect is signed for where it leads', async () => {
  internet.add('peer.example', async (request) => {
    seen.push(await proofOf(request));
    if (seen.at(-1) === 'unsigned') return new Response(null, { status: 401 });
    return new Response(null, { status: 302, headers: { Location: 'https://ap.peer.example/users/a?x=1' } });
  });
  peer(['cavage'], 401, 'ap.peer.example');
  await keys.resolve(keyId, somebody);
  // What was found elsewhere is asked of its owner too: by then it is known what both want.
  expect(seen).toEqual(['unsigned', 'cavage', 'unsigned', 'cavage', 'cavage', 'cavage']);
});

describe('a peer that refuses one home of the edge', () => {
  const other = { homeId: 'home-2', network: null, origin: 'https://other.example' };

  test('holds nothing back from another, and the one that is refused does not ask again at once', async () => {
    internet.add('peer.example', (request) => {
      const isOther = request.headers.get('Signature')?.includes('https://other.example/') === true;
      seen.push(isOther ? 'other' : 'refused');
      return isOther ? document(actorOf(signer)) : new Response(null, { status: 403 });
    });
    expect(await keys.resolve(keyId, somebody)).toMatchObject({ key: 'failed' });
    const questions = seen.length;
    expect(await keys.resolve(keyId, somebody)).toMatchObject({ key: 'failed' });
    expect(await keys.refresh(keyId, somebody)).toBeNull();
    expect(seen).toHaveLength(questions);
    expect(await keys.resolve(keyId, other)).toMatchObject({ key: 'found', owner: actor });
  });
});
