// The proof that opens a link, and the epochs that it leads to. Beside each thing that holds stands what must not.

import fc from 'fast-check';
import { CompactSign, type CryptoKey, generateKeyPair } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import { decodeMessage, encodeTextFrame, type Frame } from '../../../shared/link/codec.ts';
import {
  chooseVersion,
  epochFor,
  type Hello,
  helloOf,
  type Incumbent,
  type ProofClaims,
  refusalOf,
  signProof,
  verifyProof,
  welcomeOf,
} from '../../../shared/link/handshake.ts';
import { signCall } from '../../../shared/session/call.ts';

const hello: Hello = { versions: [1], nonce: 'n0nce', edge: 'https://edge.example' };
const claims: ProofClaims = { nonce: 'n0nce', edge: hello.edge, homeId: 'h', version: 1, process: 'p', epoch: 0 };
let home: { publicKey: CryptoKey; privateKey: CryptoKey };
let stranger: { publicKey: CryptoKey; privateKey: CryptoKey };

beforeAll(async () => {
  home = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  stranger = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
});

async function verdict(jws: string): Promise<string> {
  try {
    await verifyProof(jws, home.publicKey, { hello, homeId: 'h' });
    return 'accepted';
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? 'no code';
  }
}

describe('a proof', () => {
  test('is accepted when home signed this socket’s nonce for this edge', async () => {
    const jws = await signProof({ ...claims, epoch: 4 }, home.privateKey);
    expect(await verifyProof(jws, home.publicKey, { hello, homeId: 'h' })).toEqual({ ...claims, epoch: 4 });
  });

  test('signed by another key is refused', async () => {
    expect(await verdict(await signProof(claims, stranger.privateKey))).toBe('proof-refused');
  });

  test.each([
    ['for another socket', { nonce: 'other' }],
    ['for another edge', { edge: 'https://evil.example' }],
    ['for the same edge over plain HTTP', { edge: 'http://edge.example' }],
    ['for another home', { homeId: 'other' }],
    ['with a version that was not offered', { version: 2 }],
    ['without a process', { process: '' }],
    ['with an epoch that is none', { epoch: -1 }],
    ['with half an epoch', { epoch: 0.5 }],
    ['with an epoch after which there would soon be no other', { epoch: limits.linkEpoch + 1 }],
  ])('%s is refused', async (_, change) => {
    expect(await verdict(await signProof({ ...claims, ...change }, home.privateKey))).toBe('proof-refused');
  });

  test('that is a signature of another kind is refused, though home made it', async () => {
    const call = await signCall(
      { homeId: 'h', session: 's', epoch: 1, edge: hello.edge, n: 1, method: 'GET', path: '/', body: '' },
      home.privateKey,
    );
    expect(await verdict(call)).toBe('proof-refused');
  });

  test('that is altered, empty or no JWS is refused', async () => {
    const jws = await signProof(claims, home.privateKey);
    const [header = '', , signature = ''] = jws.split('.');
    const other = btoa(JSON.stringify({ ...claims, epoch: 9 })).replace(/=+$/, '');
    for (const bad of ['', 'a.b.c', '..', `${header}.${other}.${signature}`, `${jws}x`, jws.slice(0, -4)]) {
      expect(await verdict(bad)).toBe('proof-refused');
    }
    for (const payload of ['null', '3', '[', '']) {
      const signed = await new CompactSign(new TextEncoder().encode(payload))
        .setProtectedHeader({ alg: 'EdDSA', typ: 'porchlight-link' })
        .sign(home.privateKey);
      expect(await verdict(signed)).toBe('proof-refused');
    }
  });
});

describe('an epoch', () => {
  const incumbent: Incumbent = { process: 'p', epoch: 5 };

  test('stays with its process, and rises with every other one', () => {
    expect(epochFor(null, claims)).toBe(1);
    expect(epochFor(incumbent, { ...claims, epoch: 5 })).toBe(5);
    expect(epochFor(incumbent, { ...claims, epoch: 0 })).toBe(5);
    expect(epochFor(incumbent, { ...claims, process: 'q' })).toBe(6);
  });

  test('is refused to a process that a later one has superseded', () => {
    expect(epochFor(incumbent, { ...claims, process: 'older', epoch: 4 })).toBeNull();
  });

  const processes = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 40 });

  test('never falls and is never given to two processes, in whatever order they come', () => {
    fc.assert(
      fc.property(processes, (order) => {
        let stored: Incumbent | null = null;
        const known = new Map<string, number>();
        const holders = new Map<number, string>();
        for (const process of order) {
          const epoch = epochFor(stored, { ...claims, process, epoch: known.get(process) ?? 0 });
          if (epoch === null) {
            expect(known.get(process)).toBeLessThan(stored?.epoch ?? 0);
            continue;
          }
          expect(epoch).toBeGreaterThanOrEqual(stored?.epoch ?? 0);
          expect(holders.get(epoch) ?? process).toBe(process);
          holders.set(epoch, process);
          known.set(process, epoch);
          stored = { process, epoch };
        }
      }),
    );
  });

  test('is not lower than the one that its process had, though the edge’s storage went back in time', () => {
    expect(epochFor({ process: 'p', epoch: 2 }, { ...claims, epoch: 5 })).toBe(5);
    expect(epochFor({ process: 'q', epoch: 2 }, { ...claims, epoch: 5 })).toBe(6);
    expect(epochFor(null, { ...claims, epoch: 5 })).toBe(6);
  });
});

describe('the frames of the handshake', () => {
  const frame = (name: 'HELLO' | 'WELCOME' | 'REFUSED', value: unknown): Frame => {
    const [only] = decodeMessage(encodeTextFrame(name, JSON.stringify(value)));
    if (only === undefined) throw new Error('no frame');
    return only;
  };

  test('say what they hold, and more from a newer side is ignored', () => {
    expect(helloOf(frame('HELLO', { ...hello, later: 1 }))).toEqual(hello);
    const welcome = { version: 1, homeId: 'h', session: 's', epoch: 3, windows: { initialBytes: 65536 } };
    expect(welcomeOf(frame('WELCOME', { ...welcome, later: 1 }))).toEqual(welcome);
    expect(refusalOf(frame('REFUSED', { code: 'superseded', reason: 'r' }))).toEqual({
      code: 'superseded',
      reason: 'r',
    });
  });

  test('that lack something are refused', () => {
    expect(() => helloOf(frame('HELLO', { ...hello, nonce: 1 }))).toThrow();
    expect(() => welcomeOf(frame('WELCOME', { version: 1, homeId: 'h', session: 's', epoch: 1 }))).toThrow();
    expect(() => welcomeOf(frame('WELCOME', {}))).toThrow();
    expect(() => refusalOf(frame('REFUSED', {}))).toThrow();
  });

  test('lead to the best version of both sides, or to a clear refusal', () => {
    expect(chooseVersion([1, 2, 3], [2, 1])).toBe(2);
    expect(chooseVersion([1], [2, 1])).toBe(1);
    expect(() => chooseVersion([3], [2, 1])).toThrow(expect.objectContaining({ code: 'no-common-version' }));
    expect(() => chooseVersion([], [1])).toThrow(/update the older/);
  });
});
