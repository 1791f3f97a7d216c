// A service at home that remembers everything it was ever handed: each delivery is appended to a file and fsynced
// before it is answered, so that the file is what the service *saw*, whatever was killed. Its effect is by activity
// id, as with real software. It verifies each signature with @peertube/http-signature and no window, because home may
// deliver late. {"op": "pause"} makes it answer 503, {"op": "refuse"} 403, {"op": "hang"} nothing until
// another comes, and any other take again.

import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import httpSignature from '@peertube/http-signature';
import { machineMs } from '../machine-clock.ts';

const { values } = parseArgs({ options: { port: { type: 'string' }, record: { type: 'string' } } });
const record = openSync(values.record ?? '', 'a');
const keys = new Map<string, string>();
let turnedAway: number | null = null;
let hangs = false;
const hanging: (() => void)[] = [];

async function keyOf(keyId: string): Promise<string> {
  const known = keys.get(keyId);
  if (known !== undefined) return known;
  const answer = await fetch(keyId, { headers: { accept: 'application/activity+json' } });
  const { publicKey } = (await answer.json()) as { publicKey: { publicKeyPem: string } };
  keys.set(keyId, publicKey.publicKeyPem);
  return publicKey.publicKeyPem;
}

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    if (request.method !== 'POST') {
      response.writeHead(200, { 'content-type': 'text/plain' }).end('up\n');
      return;
    }
    if (turnedAway !== null) {
      response.writeHead(turnedAway).end();
      return;
    }
    const taken = (): void => {
      take(Buffer.concat(parts)).catch((thrown: unknown) => {
        console.error(thrown);
        response.writeHead(500).end();
      });
    };
    if (hangs) hanging.push(taken);
    else taken();
  });

  async function take(body: Buffer): Promise<void> {
    const parsed = httpSignature.parseRequest(request, {
      clockSkew: 10 * 24 * 3600,
      headers: ['(request-target)', 'host', 'digest'],
      authorizationHeaderName: 'signature',
    });
    const sha256 = createHash('sha256').update(body);
    const digestHolds = request.headers.digest === `SHA-256=${sha256.copy().digest('base64')}`;
    const verified = httpSignature.verifySignature(parsed, await keyOf(parsed.keyId)) && digestHolds;
    const activity = JSON.parse(body.toString('utf8')) as { id: string; actor: string };
    const seen = {
      id: activity.id,
      sender: activity.actor,
      sha256: sha256.digest('hex'),
      path: request.url,
      host: request.headers.host,
      verified,
      at: machineMs(),
    };
    writeSync(record, `${JSON.stringify(seen)}\n`);
    fsyncSync(record);
    response.writeHead(verified ? 202 : 401).end();
  }
});
server.listen(Number(values.port), '127.0.0.1', () => console.log(JSON.stringify({ ready: true })));

createInterface({ input: process.stdin })
  .on('line', (text) => {
    const line = JSON.parse(text) as { id: number; op: string };
    turnedAway = line.op === 'pause' ? 503 : line.op === 'refuse' ? 403 : null;
    hangs = line.op === 'hang';
    if (!hangs) for (const goOn of hanging.splice(0)) goOn();
    console.log(JSON.stringify({ id: line.id, result: { turnedAway, hanging: hanging.length } }));
  })
  .on('close', () => {
    closeSync(record);
    process.exit(0);
  });
