// The edge as it is, on this machine: an operator issues a code, a home claims with it, and what was claimed stays.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, importJWK } from 'jose';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type LocalEdge, startEdge } from '../../local/edge.ts';
import { type ClaimReply, claimPath, makeClaim } from '../../shared/claim/claim.ts';

// Processes start and end here, on machines that may be busy with others.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let folder: string;
let edge: LocalEdge;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-edge-'));
  edge = await startEdge({ port: 0, dataDir: folder });
});

afterEach(async () => {
  await edge.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function newKey(): Promise<Parameters<typeof makeClaim>[2]> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  return await exportJWK(privateKey);
}

async function claim(code: string, key: Awaited<ReturnType<typeof newKey>>): Promise<ClaimReply> {
  const privateKey = await importJWK(key, 'EdDSA');
  if (privateKey instanceof Uint8Array) throw new Error('This is no key pair.');
  const body = JSON.stringify(await makeClaim(code, edge.origin, key, privateKey));
  const response = await fetch(`${edge.origin}${claimPath}`, { method: 'POST', body });
  expect(response.status).toBe(200);
  return (await response.json()) as ClaimReply;
}

test('a home claims its hosts, and they are its own after workerd was killed', async () => {
  const host = `localhost:${edge.port}`;
  const code = await edge.issueClaimCode([host]);
  const key = await newKey();
  const claimed = await claim(code, key);
  expect(claimed).toEqual({ homeId: expect.any(String), hosts: [host], already: false });
  expect((await fetch(edge.origin)).status).toBe(503);
  process.kill(edge.workerdPid ?? 0, 'SIGKILL');
  await vi.waitFor(async () => expect(await claim(code, key)).toEqual({ ...claimed, already: true }), 30_000);
});

test('a new code for the hosts of one home replaces its lost key; for those of two it is not issued', async () => {
  const first = await claim(await edge.issueClaimCode(['a.test']), await newKey());
  const again = await claim(await edge.issueClaimCode(['a.test']), await newKey());
  expect(again).toEqual(first);
  await claim(await edge.issueClaimCode(['b.test']), await newKey());
  await expect(edge.issueClaimCode(['a.test', 'b.test'])).rejects.toThrow('belong to 2 homes');
  await expect(edge.issueClaimCode([])).rejects.toThrow('0 hosts are named');
});
