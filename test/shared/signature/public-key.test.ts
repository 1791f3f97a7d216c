import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBase58 } from '../../../shared/signature/base58.ts';
import { decodeBase64, encodeBase64 } from '../../../shared/signature/base64.ts';
import { publicKeyFromMultikey, publicKeyFromPem } from '../../../shared/signature/public-key.ts';
import type { RequestSignature } from '../../../shared/signature/signature.ts';
import { verifySignature } from '../../../shared/signature/verify.ts';
import { base64, ed25519Signer, rsaSigner, sign } from './signing.ts';
import { cavageKey, rfcKeys } from './vectors.ts';

const refusal = expect.objectContaining({ code: 'signature-refused' });
const keyId = 'https://peer.example/users/a#main-key';

function signatureOf(base: string, signature: string, named: Partial<RequestSignature> = {}): RequestSignature {
  const bytes = decodeBase64(signature) ?? new Uint8Array();
  const rest = { named: null, numbers: [], covered: [], created: null, expires: null };
  return { by: 'cavage', keyId, algorithm: null, ...rest, signature: bytes, base, ...named };
}

describe('publicKeyFromPem()', () => {
  test.each([
    ['RSA in SPKI', cavageKey, { kind: 'rsa', bits: 1024 }],
    ['RSA in PKCS#1', rfcKeys.rsa, { kind: 'rsa', bits: 2048 }],
    ['P-256', rfcKeys.p256, { kind: 'p256', bits: 256 }],
    ['Ed25519', rfcKeys.ed25519, { kind: 'ed25519', bits: 256 }],
    ['carriage returns', rfcKeys.pss.replaceAll('\n', '\r\n'), { kind: 'rsa', bits: 2048 }],
    ['one long line', rfcKeys.pss.replaceAll(/(?<!-)\n(?!-)/g, ''), { kind: 'rsa', bits: 2048 }],
    ['whitespace around', `\n  ${rfcKeys.pss}\n\n`, { kind: 'rsa', bits: 2048 }],
  ])('reads %s', (_, pem, expected) => {
    expect(publicKeyFromPem(pem)).toMatchObject(expected);
  });

  test('PKCS#1 and SPKI of one key are the same key', async () => {
    const signer = await rsaSigner(keyId);
    // The RSAPublicKey is what the bit string of the SPKI holds, 24 bytes into it for 2048 bits.
    const pkcs1 = `-----BEGIN RSA PUBLIC KEY-----\n${base64(signer.spki.subarray(24))}\n-----END RSA PUBLIC KEY-----`;
    expect(publicKeyFromPem(pkcs1)).toEqual(publicKeyFromPem(signer.pem));
  });

  const asPem = (der: Uint8Array, label = 'PUBLIC KEY') =>
    `-----BEGIN ${label}-----\n${base64(der)}\n-----END ${label}-----`;
  const hex = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

  test.each([
    ['nothing', ''],
    ['text', 'hello'],
    ['a private key', rfcKeys.pss.replaceAll('PUBLIC', 'PRIVATE')],
    ['a certificate', rfcKeys.pss.replaceAll('PUBLIC KEY', 'CERTIFICATE')],
    ['two keys', `${rfcKeys.pss}\n${rfcKeys.rsa}`],
    ['labels that differ', rfcKeys.pss.replace('END PUBLIC KEY', 'END RSA PUBLIC KEY')],
    ['no DER', asPem(hex('ffff'))],
    ['an empty sequence', asPem(hex('3000'))],
    ['DER cut short', asPem(hex('300d06092a864886'))],
    ['a length without end', asPem(hex('3080000000'))],
    ['a length beyond the bytes', asPem(hex('3084ffffffff00'))],
    ['another curve', asPem(hex(`302a300506032b656e032100${'00'.repeat(32)}`))], // X25519
    ['an Ed25519 key cut short', asPem(hex(`3029300506032b6570032000${'00'.repeat(31)}`))],
    ['an RSA exponent of 5 bytes', asPem(hex('300e02030100010207' + '0100000000000001'), 'RSA PUBLIC KEY')],
  ])('refuses %s', (_, pem) => {
    expect(() => publicKeyFromPem(pem)).toThrowError(refusal);
  });

  test('an RSA key of 200,000 bits is refused before anybody calculates with it', () => {
    const long = hex(`308261ac028261a4${'7f'.repeat(25_000)}0203010001`);
    expect(() => publicKeyFromPem(asPem(long, 'RSA PUBLIC KEY'))).toThrowError(refusal);
  });

  test('no bytes make it throw anything but a refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (der, spki) => {
        try {
          publicKeyFromPem(asPem(der, spki ? 'PUBLIC KEY' : 'RSA PUBLIC KEY'));
        } catch (thrown) {
          expect(thrown).toEqual(refusal);
        }
      }),
    );
  });
});

describe('publicKeyFromMultikey()', () => {
  test('reads the Ed25519 example of the W3C Data Integrity EdDSA cryptosuites', () => {
    const key = publicKeyFromMultikey('z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQXJPt4swbTQ2J');
    expect(key).toMatchObject({ kind: 'ed25519', bits: 256 });
  });

  test.each([
    ['nothing', ''],
    ['another base', 'u7QEJX'],
    ['a letter outside of the alphabet', 'z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQXJPt4swbTQ20'],
    ['another kind of key', 'zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme'],
    ['a key cut short', 'z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6'],
    ['a text without end', `z${'2'.repeat(100_000)}`],
  ])('refuses %s', (_, multibase) => {
    expect(() => publicKeyFromMultikey(multibase)).toThrowError(refusal);
  });
});

describe('verifySignature()', () => {
  test.each([
    ['RSA', rsaSigner, 'rsa-v1_5-sha256' as const],
    ['Ed25519', ed25519Signer, 'ed25519' as const],
  ])('%s: holds for the text that was signed, named or by the kind of the key', async (_, make, algorithm) => {
    const signer = await make(keyId);
    const key = publicKeyFromPem(signer.pem);
    const value = await sign(signer, 'a: b');
    expect(await verifySignature(signatureOf('a: b', value), key)).toBe(true);
    expect(await verifySignature(signatureOf('a: b', value, { algorithm }), key)).toBe(true);
    expect(await verifySignature(signatureOf('a: c', value), key)).toBe(false);
    expect(await verifySignature(signatureOf('a: b', value), publicKeyFromPem((await make(keyId)).pem))).toBe(false);
    for (const wrong of ['', 'AAAA', base64(new Uint8Array(64)), base64(new Uint8Array(1000))]) {
      expect(await verifySignature(signatureOf('a: b', wrong), key)).toBe(false);
    }
  });

  test('refuses an algorithm that is not one for the key', async () => {
    const key = publicKeyFromPem(rfcKeys.ed25519);
    const signature = signatureOf('a: b', 'AAAA', { algorithm: 'rsa-v1_5-sha256' });
    await expect(verifySignature(signature, key)).rejects.toThrowError(refusal);
  });

  test('refuses P-256 under draft-cavage', async () => {
    await expect(verifySignature(signatureOf('a: b', 'AAAA'), publicKeyFromPem(rfcKeys.p256))).rejects.toThrowError(
      refusal,
    );
  });

  test('refuses a point that is not on the curve', async () => {
    const prefix = decodeBase64('MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE') ?? new Uint8Array();
    const der = Uint8Array.from([...prefix, ...new Array<number>(64).fill(7)]);
    const key = publicKeyFromPem(`-----BEGIN PUBLIC KEY-----\n${base64(der)}\n-----END PUBLIC KEY-----`);
    const signature = signatureOf('a: b', 'AAAA', { by: 'rfc9421' });
    await expect(verifySignature(signature, key)).rejects.toThrowError(refusal);
  });
});

describe('encodings', () => {
  test('base64 is read as it is written, and each value has one spelling', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(decodeBase64(encodeBase64(bytes))).toEqual(Uint8Array.from(bytes));
      }),
    );
    for (const text of ['A', 'AA', 'AAA', 'AB==', 'AAB=', 'A===', '====', 'AA==AAAA', 'AA AA', 'AA-_', 'AAAA\n']) {
      expect(decodeBase64(text)).toBeNull();
    }
  });

  test('base58btc keeps leading zeros', () => {
    expect(decodeBase58('112')).toEqual(Uint8Array.of(0, 0, 1));
    expect(decodeBase58('2NEpo7TZRRrLZSi2U')).toEqual(new TextEncoder().encode('Hello World!'));
    expect(decodeBase58('0OIl')).toBeNull();
  });
});
