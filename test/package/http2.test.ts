// The built program loads HTTP/2 only when an edge speaks it, and then speaks it: Cloudflare's does.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openOperatorKey } from '../../home-node/operator/operator-key.ts';
import { makeCertificates } from '../support/certificates.ts';
import { install, pack } from '../support/installed-package.ts';

test('the installed program asks an edge that speaks HTTP/2 alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'porchlight-http2-'));
  const packed = pack();
  const { keyFile, certFile, caFile } = await makeCertificates(folder);
  const seen: string[] = [];
  const server = createSecureServer(
    { key: readFileSync(keyFile), cert: readFileSync(certFile) },
    (request, response) => {
      seen.push(`${request.httpVersion} ${request.method} ${request.url}`);
      response.setHeader('content-type', 'application/json');
      response.end('{"homes":[],"next":null}');
    },
  );
  try {
    const { bin, environment } = install(packed, process.execPath);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const key = join(folder, 'operator-key.json');
    await openOperatorKey(key);
    const args = [bin, 'edge', 'homes', '--edge', `https://localhost:${port}`, '--key', key];
    const child = spawn(process.execPath, args, { env: { ...environment, NODE_EXTRA_CA_CERTS: caFile } });
    let said = '';
    child.stdout.on('data', (part: Buffer) => {
      said += part.toString();
    });
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
    expect(said).toBe('No home has claimed at this edge.\n');
    expect(seen).toEqual(['2.0 GET /.porchlight/v1/operator/homes']);
  } finally {
    server.close();
    packed.remove();
    rmSync(folder, { recursive: true });
  }
});
