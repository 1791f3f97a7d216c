// Forgeries and junk against the real edge: each gets its documented status, leaves no row, and raises no exception
// that nobody handled. Home sleeps meanwhile, so that a row would stay. An honest request beside them is taken.

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { limits } from '../../shared/limits.ts';
import { type InboxRequest, type Signing, send, signedRequest } from '../support/forger.ts';
import { until } from '../support/processes.ts';
import { SleepingEdge } from '../support/sleeping-edge.ts';

let stage: SleepingEdge;
let host: string;
let complaints: string[];

const origin = (): string => stage.origin;
const actor = (): string => `${origin()}/users/alice`;

beforeAll(async () => {
  complaints = [];
  const write = process.stderr.write.bind(process.stderr);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    complaints.push(String(text));
    return write(text as string);
  });
  stage = await SleepingEdge.start({
    'private.example.org': ['10.0.0.7'],
    'loopback.example.org': ['127.0.0.1'],
    'link-local.example.org': ['169.254.169.254'],
    'six.example.org': ['fd00::7'],
    'half.example.org': ['93.184.216.34', '192.168.1.1'],
  });
  host = stage.host;
});

afterAll(async () => await stage?.stop());

const rows = async (): Promise<number> => await stage.rows();

let made = 0;
function activity(by: string = actor()): string {
  made += 1;
  return JSON.stringify({
    id: `${by}/activities/${made}`,
    type: 'Like',
    actor: by,
    object: `http://${host}/users/owner`,
  });
}

function honest(changes: Partial<Signing> = {}): InboxRequest {
  const keyId = `${actor()}#main-key`;
  return signedRequest({
    host,
    path: '/inbox',
    keyId,
    privateKey: stage.alice.privateKey,
    body: activity(),
    ...changes,
  });
}

function changed(request: InboxRequest, name: string, value: string): InboxRequest {
  for (const header of request.headers) if (header[0] === name) header[1] = value;
  return request;
}

function added(request: InboxRequest, name: string, value: string): InboxRequest {
  request.headers.push([name, value]);
  return request;
}

function headerOf(request: InboxRequest, name: string): string {
  return request.headers.find((header) => header[0] === name)?.[1] ?? '';
}

/** Signed by a key at this address, the actor being whoever lives there. */
const keyAt = (address: string): InboxRequest => honest({ keyId: `${address}#main-key`, body: activity(address) });
const huge = new Uint8Array(10 * limits.inboxBodyBytes).fill(0x20);
const framed = (body: Uint8Array, framing: string): InboxRequest => ({ ...honest(), body, framing });
const chunked = (body: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]);
const hour = 3_600_000;
const frontComplaint = 'Invalid URL string';

const forgeries: readonly (readonly [name: string, status: number, make: () => InboxRequest])[] = [
  ['a wrong key', 401, () => honest({ privateKey: stage.mallory.privateKey })],
  ['no signature', 401, () => ({ ...honest(), headers: honest().headers.filter(([name]) => name !== 'Signature') })],
  ['a signature that cannot be read', 401, () => changed(honest(), 'Signature', 'keyId="x')],
  [
    'a key of another host',
    401,
    () =>
      honest({
        keyId: `http://localhost:${stage.otherKeys.port}/users/alice#main-key`,
        privateKey: stage.mallory.privateKey,
      }),
  ],
  ['a key whose owner is not the actor', 401, () => honest({ body: activity(`${origin()}/users/bob`) })],
  ['an altered body', 401, () => ({ ...honest(), body: new TextEncoder().encode(activity()) })],
  ['an altered Digest', 401, () => changed(honest(), 'Digest', headerOf(honest(), 'Digest'))],
  ['a missing Digest', 401, () => ({ ...honest(), headers: honest().headers.filter(([name]) => name !== 'Digest') })],
  ['a Digest that is not covered', 401, () => honest({ covered: ['(request-target)', 'host', 'date'] })],
  ['a path that is not covered', 401, () => honest({ covered: ['host', 'date', 'digest'] })],
  ['a Host that is not covered', 401, () => honest({ covered: ['(request-target)', 'date', 'digest'] })],
  ['no time that is covered', 401, () => honest({ covered: ['(request-target)', 'host', 'digest'] })],
  ['a stale Date', 401, () => honest({ date: new Date(Date.now() - 2 * hour) })],
  ['a Date to come', 401, () => honest({ date: new Date(Date.now() + 2 * hour) })],
  [
    'a created time that the signature does not cover, over a stale Date',
    401,
    () =>
      honest({
        date: new Date(Date.now() - 16 * hour),
        parameters: `algorithm="hs2019",created=${Math.floor(Date.now() / 1000)}`,
      }),
  ],
  [
    'an expires time that the signature does not cover',
    401,
    () => honest({ parameters: `algorithm="hs2019",expires=${Math.floor(Date.now() / 1000) + 600}` }),
  ],
  [
    'an X-Date',
    401,
    () => added(honest({ date: new Date(Date.now() - 2 * hour) }), 'X-Date', new Date().toUTCString()),
  ],
  ['an X-Date beside a good Date', 401, () => added(honest(), 'X-Date', new Date().toUTCString())],
  [
    'a second signature in Authorization',
    401,
    () => added(honest(), 'Authorization', `Signature ${headerOf(honest(), 'Signature')}`),
  ],
  ['a repeated Signature', 401, () => added(honest(), 'Signature', headerOf(honest(), 'Signature'))],
  ['a repeated Date', 401, () => added(honest(), 'Date', new Date().toUTCString())],
  ['a repeated Digest', 401, () => added(honest(), 'Digest', headerOf(honest(), 'Digest'))],
  ['a request replayed to another path', 401, () => ({ ...honest(), path: '/users/owner/inbox' })],
  ['a key at a loopback address', 401, () => keyAt(`http://127.0.0.1:${stage.keys.port}/users/alice`)],
  ['a key at localhost', 401, () => keyAt('https://localhost/users/alice')],
  ['a key at a private address', 401, () => keyAt('https://10.1.2.3/users/alice')],
  ['a key at a link-local address', 401, () => keyAt('https://169.254.169.254/latest/meta-data')],
  ['a key at the IPv6 loopback address', 401, () => keyAt('https://[::1]/users/alice')],
  ['a key at an IPv4 address in IPv6 clothes', 401, () => keyAt('https://[::ffff:127.0.0.1]/users/alice')],
  ['a key at an address written as one number', 401, () => keyAt('https://2130706433/users/alice')],
  ['a key over plain HTTP', 401, () => keyAt('http://example.org/users/alice')],
  ['a key on another port', 401, () => keyAt('https://example.org:8443/users/alice')],
  ['a key at a name with a password', 401, () => keyAt('https://me:secret@example.org/users/alice')],
  ['a key at our own host', 401, () => keyAt(`http://${host}/users/owner`)],
  ['a key at a name of a private address', 401, () => keyAt('https://private.example.org/users/alice')],
  ['a key at a name of the loopback address', 401, () => keyAt('https://loopback.example.org/users/alice')],
  ['a key at a name of a link-local address', 401, () => keyAt('https://link-local.example.org/users/alice')],
  ['a key at a name of a private IPv6 address', 401, () => keyAt('https://six.example.org/users/alice')],
  ['a key at a name with one public and one private address', 401, () => keyAt('https://half.example.org/users/alice')],
  ['a key behind a redirect to a loopback address', 401, () => keyAt(`${origin()}/redirect-to-loopback`)],
  ['a key behind a redirect to a private name', 401, () => keyAt(`${origin()}/redirect-to-private-name`)],
  ['a key behind redirects without end', 401, () => keyAt(`${origin()}/redirect-loop`)],
  ['a key in 50 MB', 401, () => keyAt(`${origin()}/huge`)],
  ['a key on an HTML page', 401, () => keyAt(`${origin()}/page`)],
  ['a key that is gone', 401, () => keyAt(`${origin()}/gone`)],
  ['a key that comes too slowly', 503, () => keyAt(`${origin()}/slow`)],
  ['a body of 10 MB', 413, () => honest({ body: huge })],
  ['a body of 10 MB that declares 5 bytes, of which no more is read', 400, () => framed(huge, 'Content-Length: 5\r\n')],
  ['a body of 10 MB in one chunk', 413, () => framed(chunked(huge), 'Transfer-Encoding: chunked\r\n')],
  [
    'a body of 10 MB in one chunk that declares 5 bytes, too',
    413,
    () => framed(chunked(huge), 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'),
  ],
  [
    '10 MB that are declared and never come',
    413,
    () => framed(new Uint8Array(0), `Content-Length: ${huge.length}\r\n`),
  ],
  ['a body that is not UTF-8', 400, () => honest({ body: new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]) })],
  ['JSON nested 10,000 deep', 400, () => honest({ body: `${'['.repeat(10_000)}${']'.repeat(10_000)}` })],
  ['an object nested 10,000 deep', 400, () => honest({ body: `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}` })],
  ['what is not JSON', 400, () => honest({ body: 'Dear edge, please follow me.' })],
  ['JSON that is not an object', 400, () => honest({ body: '[1, 2, 3]' })],
  ['an activity without an actor', 400, () => honest({ body: '{"type":"Like"}' })],
];

describe('the edge refuses', () => {
  test.each(forgeries)('%s: %i', async (_name, status, make) => {
    const before = await rows();
    expect(await send(stage.edge.port, make())).toBe(status);
    expect(await rows()).toBe(before);
  });

  // The front of the local runtime cannot read such an address and fails by itself; the platform's answers 400.
  test('a repeated Host, before the Worker sees it', async () => {
    const before = await rows();
    expect([400, 500]).toContain(await send(stage.edge.port, added(honest(), 'Host', host)));
    expect(await rows()).toBe(before);
    await until('its complaint', () => (complaints.some((text) => text.includes(frontComplaint)) ? true : null), 5_000);
  });

  test('and never asked a private address for a key', () => {
    expect(stage.keys.requests).not.toContain('/latest/meta-data');
    expect(stage.resolver.requests).toContain('private.example.org');
  });

  test('and raised no exception that nobody handled', () => {
    const ours = complaints.filter((text) => !text.includes(frontComplaint));
    expect(ours.filter((text) => /uncaught|unhandled|internal error|Error:/i.test(text))).toEqual([]);
  });
});

describe('the edge accepts', () => {
  test('the honest request beside them, and its bytes are durable', async () => {
    const before = await rows();
    expect(await send(stage.edge.port, honest())).toBe(202);
    expect(await rows()).toBe(before + 1);
  });

  test('what it cannot decide because the key server is down, marked and under its quota', async () => {
    const before = await rows();
    for (let sent = 0; sent < limits.undecidedPerOrigin; sent += 1) {
      expect(await send(stage.edge.port, keyAt(`${origin()}/broken`))).toBe(202);
    }
    expect(await send(stage.edge.port, keyAt(`${origin()}/broken`))).toBe(429);
    expect(await rows()).toBe(before + limits.undecidedPerOrigin);
  });

  test('the Delete of an actor that home never met, without asking for a key and without a row', async () => {
    const before = await rows();
    const asked = stage.keys.requests.length;
    const stranger = `${origin()}/users/stranger`;
    const body = JSON.stringify({ id: `${stranger}#delete`, type: 'Delete', actor: stranger, object: stranger });
    expect(await send(stage.edge.port, honest({ keyId: `${stranger}#main-key`, body }))).toBe(202);
    expect(await rows()).toBe(before);
    expect(stage.keys.requests.length).toBe(asked);
  });
});
