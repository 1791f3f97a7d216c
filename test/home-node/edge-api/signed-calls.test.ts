import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, generateKeyPair } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CallRequest, SignedCalls } from '../../../home-node/edge-api/signed-calls.ts';
import { systemRandom } from '../../../shared/clock.ts';
import { type CallClaims, callScheme, type Session, verifyCall } from '../../../shared/session/call.ts';

interface Seen {
  readonly jws: string;
  readonly claims: CallClaims;
}

let server: Server;
let calls: SignedCalls;
let keys: { publicKey: CryptoKey; privateKey: CryptoKey };
let seen: Seen[];
let respond: (response: ServerResponse, nth: number) => void;
const session: Session = { homeId: 'h', session: 's1', epoch: 3 };

beforeEach(async () => {
  keys = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  seen = [];
  respond = (response) => void response.end('{}');
  server = createServer((request, response) => void take(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  calls = new SignedCalls({
    edge: origin(),
    key: keys.privateKey,
    random: systemRandom,
    retryFirstMs: 5,
    retryMaxMs: 20,
    attemptMs: 300,
  });
  calls.use(session);
});

afterEach(async () => {
  await calls.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const origin = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const turn: CallRequest = {
  method: 'POST',
  path: '/x?y=1',
  body: new TextEncoder().encode('hello'),
  again: 'as-it-was',
  maxReplyBytes: 1000,
};

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const [scheme, jws = ''] = (request.headers.authorization ?? '').split(' ');
  const body = await crypto.subtle.digest('SHA-256', Buffer.concat(parts));
  const claims = await verifyCall(jws, keys.publicKey, {
    edge: origin(),
    homeId: 'h',
    method: request.method ?? '',
    path: request.url ?? '',
    body: Buffer.from(body).toString('base64url'),
  });
  expect(scheme).toBe(callScheme);
  seen.push({ jws, claims });
  respond(response, seen.length);
}

describe('a call', () => {
  test('is signed over session, method, path and body, with a number that rises', async () => {
    respond = (response) => void response.writeHead(200, { Date: 'Sat, 21 Nov 2026 03:29:00 GMT' }).end('answer');
    const reply = await calls.call(turn);
    expect(new TextDecoder().decode(reply.body)).toBe('answer');
    expect(reply.edgeTime).toBe(Date.UTC(2026, 10, 21, 3, 29));
    await calls.call({ method: 'GET', path: '/z', again: 'anew', maxReplyBytes: 10 });
    expect(seen.map(({ claims }) => [claims.session, claims.epoch, claims.n])).toEqual([
      ['s1', 3, 1],
      ['s1', 3, 2],
    ]);
  });

  test('of a turn goes out again as it was when the connection broke, or the edge was in trouble', async () => {
    respond = (response, nth) => {
      if (nth === 1) response.destroy();
      else if (nth === 2) response.writeHead(503).end();
      else response.end('late');
    };
    expect(new TextDecoder().decode((await calls.call(turn)).body)).toBe('late');
    expect(new Set(seen.map(({ jws }) => jws)).size).toBe(1);
    expect(seen.length).toBe(3);
  });

  test('of another kind is signed anew each time, and given up after a few', async () => {
    respond = (response) => void response.destroy();
    const call = calls.call({ ...turn, again: 'anew' });
    await expect(call).rejects.toMatchObject({ code: 'edge-unreachable' });
    expect(seen.map(({ claims }) => claims.n)).toEqual([1, 2, 3, 4]);
  });

  test('that the edge refuses is not tried again; its code and detail are told', async () => {
    respond = (response) =>
      void response.writeHead(409).end(JSON.stringify({ code: 'older-epoch', detail: 'Epoch 4 has taken over.' }));
    await expect(calls.call(turn)).rejects.toMatchObject({
      code: 'edge-refused',
      status: 409,
      reason: 'older-epoch',
      message: expect.stringContaining('Epoch 4 has taken over.'),
    });
    expect(seen.length).toBe(1);
  });

  test('that something else answered is told as that, without its page', async () => {
    respond = (response) => void response.writeHead(404).end('<html>Wi-Fi login</html>');
    await expect(calls.call(turn)).rejects.toMatchObject({
      reason: 'not-from-the-edge',
      message: expect.not.stringContaining('Wi-Fi'),
    });
  });

  test('reads no more of an answer than it may hold', async () => {
    respond = (response) => void response.end('x'.repeat(5_000));
    await expect(calls.call(turn)).rejects.toMatchObject({ code: 'edge-reply-too-long' });
  });

  test('that gets no answer in time is tried again', async () => {
    respond = (response, nth) => {
      if (nth > 1) response.end('at last');
    };
    expect(new TextDecoder().decode((await calls.call(turn)).body)).toBe('at last');
  });

  test('ends with its session, also in the middle of trying', async () => {
    respond = (response) => void response.destroy();
    const call = calls.call(turn);
    call.catch(() => undefined);
    calls.use({ ...session, session: 's2' });
    await expect(call).rejects.toMatchObject({ code: 'link-not-open' });
    respond = (response) => void response.end('{}');
    await calls.call(turn);
    expect(seen.at(-1)?.claims).toMatchObject({ session: 's2', n: 1 });
  });

  test('without a session is not sent', async () => {
    calls.use(null);
    await expect(calls.call(turn)).rejects.toMatchObject({ code: 'link-not-open' });
    expect(seen).toEqual([]);
  });

  test('ends when its caller has no more time', async () => {
    respond = () => undefined;
    await expect(calls.call({ ...turn, signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
      code: 'edge-unreachable',
    });
  });
});
