// The key of the edge's own actor: made once per home, kept, and never handed out.

import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { expect, test } from 'vitest';
import { publicKeyFromPem } from '../../../shared/signature/public-key.ts';
import { bindings } from './spool-rig.ts';

function spoolOf(home: string) {
  return bindings.SPOOL.get(bindings.SPOOL.idFromName(home));
}

async function holds(pem: string, text: string, signature: Uint8Array): Promise<boolean> {
  const der = Uint8Array.from(atob(pem.replace(/-----.*-----|\s/g, '')), (character) => character.charCodeAt(0));
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('spki', der, algorithm, false, ['verify']);
  return await crypto.subtle.verify(algorithm.name, key, signature, new TextEncoder().encode(text));
}

test('is an RSA key of 2,048 bits, the same for all who ask at once, and signs', async () => {
  const spool = spoolOf('key-1');
  const [one, other, signature] = await Promise.all([
    spool.edgeKeyPem(),
    spool.edgeKeyPem(),
    spool.signAsEdge('what is signed'),
  ]);
  expect(publicKeyFromPem(one)).toMatchObject({ kind: 'rsa', bits: 2048 });
  expect(other).toBe(one);
  expect(await holds(one, 'what is signed', signature)).toBe(true);
  expect(await holds(one, 'something else', signature)).toBe(false);
});

test('outlives the object, and costs one row', async () => {
  const before = await spoolOf('key-2').edgeKeyPem();
  const rows = await runInDurableObject(spoolOf('key-2'), (_, { storage }) => [...storage.kv.list()].length);
  await evictDurableObject(spoolOf('key-2'));
  expect(await spoolOf('key-2').edgeKeyPem()).toBe(before);
  expect(await holds(before, 'x', await spoolOf('key-2').signAsEdge('x'))).toBe(true);
  expect(await runInDurableObject(spoolOf('key-2'), (_, { storage }) => [...storage.kv.list()].length)).toBe(rows);
});

test('is each home’s own', async () => {
  const pem = await spoolOf('key-3').edgeKeyPem();
  expect(await spoolOf('key-4').edgeKeyPem()).not.toBe(pem);
  expect(await holds(pem, 'x', await spoolOf('key-4').signAsEdge('x'))).toBe(false);
});
