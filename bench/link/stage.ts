// A stage for the link alone: the real Link object, spool object and Worker side of carrying under the local runtime,
// with one home in the directory, and nothing of lanes, pages or caches in between. Benchmarks and the tests of the link
// play on it. `/self` is answered by the object itself: what carrying is measured against.
// `/made` says how often the object's memory was made. `/poured/<n>` pours n bytes, `/kept` reads a little of what it is sent,
// both in the Worker itself: what the runtime holds for visitors who stop.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { keptBundle } from '../../local/bundle-cache.ts';
import { type LocalEdge, startEdge } from '../../local/edge.ts';

/** `versions`: those of the link that the edge offers; absent: all that it speaks. */
const worker = (versions: readonly number[] | undefined): string => `
import { LinkObject as Link } from './edge/link/object.ts';
import { SpoolObject } from './edge/spool/object.ts';
import { carry } from './edge/link/carry.ts';
import { linkPath, openLink } from './edge/link/door.ts';

const page = new Uint8Array(1024).fill(97);

const poured = new Uint8Array(64 * 1024).fill(98);

async function pour(writable, bytes) {
  const writer = writable.getWriter();
  for (let at = 0; at < bytes; at += poured.length) await writer.write(poured);
  await writer.close();
}

/** As much as a link takes of the body of one request among others. */
async function keep(body) {
  const reader = body.getReader({ mode: 'byob' });
  for (let taken = 0; taken < 2 ** 20; ) {
    const { value } = await reader.read(new Uint8Array(64 * 1024));
    taken += value.length;
    value.buffer.transfer(0);
  }
  return await new Promise(() => undefined);
}

let made = 0;

export class LinkObject extends Link {
  constructor(ctx, env) {
    super(ctx, env);
    made += 1;
    this.outside.versions = ${JSON.stringify(versions) ?? 'this.outside.versions'};
  }
  fetch(request) {
    if (request.url.endsWith('/made')) return new Response(String(made));
    if (request.url.endsWith('/self')) return new Response(page, { headers: { 'content-type': 'text/html' } });
    return super.fetch(request);
  }
}
export { SpoolObject };

export default {
  async fetch(request, env, ctx) {
    const url = new URL(request.url);
    if (url.pathname === linkPath) return openLink(env.LINK, request);
    const link = env.LINK.get(env.LINK.idFromName('stage'));
    if (url.pathname === '/made') return link.fetch('https://link.invalid/made');
    if (url.pathname === '/self') return link.fetch('https://link.invalid/self');
    if (url.pathname === '/presence') return Response.json(await link.presence());
    if (url.pathname === '/work') return new Response(String(await link.announceWork()));
    if (url.pathname === '/kept') return await keep(request.body);
    if (url.pathname.startsWith('/poured/')) {
      const bytes = Number(url.pathname.slice('/poured/'.length));
      const pipe = new FixedLengthStream(bytes);
      ctx.waitUntil(pour(pipe.writable, bytes).catch(() => undefined));
      return new Response(pipe.readable);
    }
    const facts = { clientAddress: '203.0.113.7', host: url.host, scheme: 'https' };
    const result = await carry(link, request, facts);
    return 'carried' in result ? result.carried : Response.json(result, { status: 'absent' in result ? 503 : 502 });
  },
};
`;

export interface Stage {
  readonly edge: LocalEdge;
  readonly homeId: 'stage';
  readonly publicKey: JWK;
  readonly privateKey: CryptoKey;
  stop(): Promise<void>;
}

/** `plainPort`: visitors may come in there without TLS, too. */
export async function openStage(
  tls?: { readonly key: string; readonly cert: string },
  versions?: readonly number[],
  plainPort?: number,
): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'porchlight-link-'));
  const bundlePath = join(folder, 'worker.js');
  writeFileSync(bundlePath, await keptBundle({ text: worker(versions), folder: join(import.meta.dirname, '../..') }));
  const also = { ...(tls && { tls }), ...(plainPort !== undefined && { plainPort }) };
  const edge = await startEdge({ port: 0, dataDir: join(folder, 'data'), bundlePath, ...also });
  const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const publicKey = await exportJWK(pair.publicKey);
  const thumbprint = await calculateJwkThumbprint(publicKey);
  await edge.query('INSERT INTO homes VALUES (?, ?, ?)', 'stage', JSON.stringify(publicKey), thumbprint);
  await edge.query('INSERT INTO hosts VALUES (?, ?)', `localhost:${edge.port}`, 'stage');
  return {
    edge,
    homeId: 'stage',
    publicKey,
    privateKey: pair.privateKey,
    stop: async () => {
      await edge.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
