import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { claim } from '../../../home-node/claim.ts';
import { claimFileName, readClaim } from '../../../home-node/claim-file.ts';
import { type HomeKey, openHomeKey } from '../../../home-node/key.ts';
import { type ClaimReply, claimPath, verifyClaim } from '../../../shared/claim/claim.ts';
import { makeClaimCode } from '../../../shared/claim/code.ts';
import { systemRandom } from '../../../shared/clock.ts';
import { selfSigned } from '../../support/certificates.ts';
import { porchlight } from '../../support/porchlight.ts';

let folder: string;
let key: HomeKey;
let server: Server;
let claims: number;
let status: number;
const code = makeClaimCode(systemRandom);
const edge = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-claim-'));
  key = await openHomeKey(folder);
  claims = 0;
  status = 200;
  server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const text = Buffer.concat(parts).toString();
    expect(text).not.toContain(JSON.parse(readFileSync(join(folder, 'home-key.json'), 'utf8')).d);
    claims += 1;
    if (status !== 200) {
      response.writeHead(status).end(JSON.stringify({ code: 'claim-refused' }));
      return;
    }
    expect(request.url).toBe(claimPath);
    const { publicKey } = await verifyClaim(JSON.parse(text), edge());
    expect(publicKey).toEqual(key.publicKey);
    response.end(JSON.stringify({ homeId: 'home-1', hosts: ['a.example'], already: claims > 1 } satisfies ClaimReply));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

describe('a claim', () => {
  test('that cannot be read is neither taken for none nor overwritten', async () => {
    const path = join(folder, claimFileName);
    writeFileSync(path, '{"homeId":"home-1","ed');
    expect(() => readClaim(folder, edge())).toThrow(expect.objectContaining({ code: 'claim-file' }));
    await expect(claim(folder, edge(), key, code)).rejects.toMatchObject({ code: 'claim-file' });
    expect([claims, readFileSync(path, 'utf8')]).toEqual([0, '{"homeId":"home-1","ed']);
  });

  test('tells the edge the public key with a proof, and is remembered', async () => {
    expect(readClaim(folder, edge())).toBeNull();
    const claimed = await claim(folder, edge(), key, code);
    expect(claimed).toMatchObject({ homeId: 'home-1', hosts: ['a.example'] });
    expect(readClaim(folder, edge())).toEqual(claimed);
    expect(readFileSync(join(folder, claimFileName), 'utf8')).not.toContain(code);
    expect(statSync(join(folder, claimFileName)).isFile()).toBe(true);
  });

  test('with the same code is made once; with another code it is made again', async () => {
    await claim(folder, edge(), key, code);
    await claim(folder, edge(), key, code.toLowerCase());
    expect(claims).toBe(1);
    await claim(folder, edge(), key, makeClaimCode(systemRandom));
    expect(claims).toBe(2);
  });

  test('at one edge says nothing of another', async () => {
    await claim(folder, edge(), key, code);
    expect(readClaim(folder, 'https://other.example')).toBeNull();
  });

  test('that the edge refuses leaves nothing behind', async () => {
    status = 403;
    await expect(claim(folder, edge(), key, code)).rejects.toMatchObject({
      code: 'edge-refused',
      reason: 'claim-refused',
    });
    expect(readClaim(folder, edge())).toBeNull();
  });

  test('with a mistyped code is not sent', async () => {
    await expect(claim(folder, edge(), key, 'ABCD')).rejects.toMatchObject({ code: 'claim-code-malformed' });
    expect(claims).toBe(0);
  });

  test('at an edge that is not there says so', async () => {
    await expect(claim(folder, 'http://127.0.0.1:9', key, code)).rejects.toMatchObject({ code: 'edge-unreachable' });
  });

  // The program runs in a process of its own: which authorities are trusted is read once, when a process starts.
  test.each([
    ['expired', -3, -1, /certificate has expired by home's clock, which says 2\d{3}-/],
    ['is not yet valid', 1, 3, /certificate is not yet valid by home's clock, which says 2\d{3}-/],
    ['is of an unknown issuer', -1, 1, null],
  ] as const)(
    'at an edge whose certificate %s says what home’s clock says only if that may be why',
    async (...given) => {
      const [, fromDays, toDays, said] = given;
      const made = await selfSigned(fromDays, toDays);
      const tls = createTlsServer({ key: made.key, cert: made.cert });
      await new Promise<void>((resolve) => tls.listen(0, '127.0.0.1', resolve));
      const { port } = tls.address() as AddressInfo;
      try {
        writeFileSync(join(folder, 'ca.pem'), said === null ? '' : made.cert);
        writeFileSync(
          join(folder, 'porchlight.toml'),
          `domain = "localhost:${port}"\nedge = "https://localhost:${port}"\n[development]\nallow_private_addresses = true\n`,
        );
        const env = { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') };
        const { code: ended, err } = await porchlight(['claim', code, '--home', folder], { env });
        expect(ended).toBe(4);
        if (said === null) expect(err).not.toContain('clock');
        else expect(err).toMatch(said);
        expect(existsSync(join(folder, claimFileName))).toBe(false);
      } finally {
        tls.close();
      }
    },
  );
});
