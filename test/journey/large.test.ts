// Large things through everything that a visitor's request passes: 1 GiB down and 256 MiB up, byte for byte, between a
// service at home and a visitor, with TLS, the router, the link and the home node in between.

import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeCertificates } from '../support/certificates.ts';
import { Domain } from '../support/domain.ts';
import { until } from '../support/processes.ts';

const MiB = 1024 * 1024;

/** The same bytes each time, and no two blocks alike: a block that is lost, doubled or moved shows. */
function* blocks(bytes: number): Generator<Buffer> {
  for (let at = 0; at < bytes / MiB; at += 1) {
    const block = Buffer.alloc(MiB, `block ${at}, `);
    yield block;
  }
}

function digestOf(bytes: number): string {
  const hash = createHash('sha256');
  for (const block of blocks(bytes)) hash.update(block);
  return hash.digest('hex');
}

let folder: string;
let domain: Domain;
let service: Server;
let ca: string;

beforeAll(async () => {
  service = createServer((request, response) => {
    if (request.method === 'POST') {
      const hash = createHash('sha256');
      request.on('data', (part: Buffer) => hash.update(part));
      request.on('end', () => response.end(hash.digest('hex')));
      return;
    }
    const bytes = Number(request.url?.slice(1)) || 0;
    response.writeHead(200, { 'content-length': bytes, 'content-type': 'application/octet-stream' });
    void pipeline(Readable.from(blocks(bytes)), response).catch((thrown: unknown) => console.error(thrown));
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  const { port } = service.address() as AddressInfo;
  folder = mkdtempSync(join(tmpdir(), 'porchlight-large-'));
  const certificates = await makeCertificates(folder);
  ca = readFileSync(certificates.caFile, 'utf8');
  const servicesToml = `[[services]]\nname = "files"\nkind = "activitypub"\nurl = "http://127.0.0.1:${port}"\ninboxes = ["/inbox"]\nsignatures = ["cavage"]\n`;
  domain = await Domain.start({ folder, certificates, peerOrigins: [], servicesToml });
  domain.startHome();
  await until('home', async () => ((await exchange('GET', '/0')).status === 200 ? true : null));
  // Before home has said what it takes, what may be a delivery is not carried.
  await until('its snapshot', async () => ((await exchange('POST', '/upload')).status === 200 ? true : null));
});

afterAll(async () => {
  await domain?.end();
  service?.closeAllConnections();
  service?.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Exchanged {
  readonly status: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly text: string;
}

async function exchange(method: string, path: string, uploadBytes = 0): Promise<Exchanged> {
  return await new Promise((resolve, reject) => {
    const headers = method === 'POST' ? { 'content-length': uploadBytes } : {};
    const request = httpsRequest(`${domain.origin}${path}`, { method, ca, headers }, (response) => {
      const hash = createHash('sha256');
      let bytes = 0;
      let text = '';
      response.on('data', (part: Buffer) => {
        hash.update(part);
        bytes += part.length;
        if (bytes < 1024) text += part.toString('latin1');
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, bytes, sha256: hash.digest('hex'), text }));
      response.on('error', reject);
    });
    request.on('error', reject);
    pipeline(Readable.from(blocks(uploadBytes)), request).catch(reject);
  });
}

test('1 GiB comes down byte for byte', async () => {
  const got = await exchange('GET', `/${1024 * MiB}`);
  expect([got.status, got.bytes]).toEqual([200, 1024 * MiB]);
  expect(got.sha256).toBe(digestOf(1024 * MiB));
});

test('256 MiB go up byte for byte', async () => {
  const got = await exchange('POST', '/upload', 256 * MiB);
  expect([got.status, got.text]).toEqual([200, digestOf(256 * MiB)]);
});
