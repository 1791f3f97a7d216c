// What other proxies let through, byte for byte, against a real edge, the real link and a service that is bytes. Those
// that are about headers alone are in test/edge/link/header-safety.test.ts.

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { RawStage } from './raw-stage.ts';

let raw: RawStage;
beforeAll(async () => {
  raw = await RawStage.open();
}, 60_000);
afterAll(async () => await raw?.close());

const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: @\r\nX-Forwarded-For: 127.0.0.1\r\nConnection: close\r\n\r\n';

/**
 * Each connection to the service carried one request, and none of them is one that the edge did not take for one: the
 * edge's word on who asks is in every one of them, and a stranger's in none.
 */
function expectNothingSmuggled(): void {
  for (const request of raw.seen) {
    const head = request.slice(0, request.indexOf('\r\n\r\n'));
    expect(head).toMatch(/^x-forwarded-for: 203\.0\.113\.7$/m);
    expect(head).not.toContain('127.0.0.1');
    const behind = request.slice(head.length);
    expect(behind.includes('smuggled') && !isBody(head, behind)).toBe(false);
  }
}

/** All that follows the head is a body that the head announces. */
function isBody(head: string, behind: string): boolean {
  const length = /^content-length: (\d+)$/m.exec(head)?.[1];
  return length === undefined ? /^transfer-encoding: chunked$/m.test(head) : behind.length === 4 + Number(length);
}

describe('Pingora, CVE-2026-2833: an upgrade is no tunnel before the service has answered 101', () => {
  test.each(['foo', 'h2c', 'websocket', 'TLS/1.0'])('to %s', async (protocol) => {
    const upgrade = `GET /first HTTP/1.1\r\nHost: @\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;
    const got = await raw.ask(`${upgrade}${smuggled}`);
    expect(got).toMatch(/^HTTP\/1.1 [2-5]\d\d /);
    expectNothingSmuggled();
    for (const request of raw.seen) expect(request).not.toMatch(/^(upgrade|http2-settings):/m);
  });

  test('nor when the service writes on behind an answer that is none', async () => {
    const got = await raw.ask(
      'GET /first HTTP/1.1\r\nHost: @\r\nConnection: Upgrade, close\r\nUpgrade: foo\r\n\r\n',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\nHTTP/1.1 200 OK\r\n\r\nevil',
    );
    expect(got).toMatch(/^HTTP\/1.1 502 /);
    expect(got).not.toContain('evil');
  });
});

describe('Pingora, CVE-2026-2835: what ends a body is the same for everybody on the way', () => {
  const chunks = `5\r\nhello\r\n0\r\n\r\n${smuggled}`;
  test.each([
    ['HTTP/1.0 with chunks', `POST /first HTTP/1.0\r\nHost: @\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`],
    ['HTTP/1.0 without a length', `POST /first HTTP/1.0\r\nHost: @\r\n\r\n${smuggled}`],
    ['HTTP/1.0, kept alive', `POST /first HTTP/1.0\r\nHost: @\r\nConnection: keep-alive\r\n\r\n${smuggled}`],
    [
      'a length before chunks',
      `POST /first HTTP/1.1\r\nHost: @\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
    ],
    [
      'chunks before a length',
      `POST /first HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: chunked\r\nContent-Length: 900\r\n\r\n${chunks}`,
    ],
    ['two codings', `POST /first HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: identity, chunked\r\n\r\n${chunks}`],
    ['chunks not last', `POST /first HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: chunked, identity\r\n\r\n${chunks}`],
    [
      'a coding twice',
      `POST /first HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n${chunks}`,
    ],
    ['a coding in odd letters', `POST /first HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: \x0bchunked\r\n\r\n${chunks}`],
    ['a folded coding', `POST /first HTTP/1.1\r\nHost: @\r\nTransfer-Encoding:\r\n chunked\r\n\r\n${chunks}`],
    ['a space behind the name', `POST /first HTTP/1.1\r\nHost: @\r\nContent-Length : 5\r\n\r\n${chunks}`],
    [
      'two lengths',
      `POST /first HTTP/1.1\r\nHost: @\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nhello${smuggled}`,
    ],
    ['a length with a sign', `POST /first HTTP/1.1\r\nHost: @\r\nContent-Length: +5\r\n\r\nhello${smuggled}`],
    ['a length in hexadecimal', `POST /first HTTP/1.1\r\nHost: @\r\nContent-Length: 0x5\r\n\r\nhello${smuggled}`],
    [
      'a GET with a body',
      `GET /first HTTP/1.1\r\nHost: @\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}${smuggled}`,
    ],
    [
      'a chunk with an extension',
      `POST /first HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: chunked\r\n\r\n5;a="\r\n0\r\n\r\n${smuggled}`,
    ],
    [
      'a chunk too long to count',
      `POST /first HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n${smuggled}`,
    ],
    [
      'a trailer that is a header',
      `POST /first HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n${smuggled}`,
    ],
  ])('%s', async (_, request) => {
    const socket = raw.visitor(request);
    raw.seen.length = 0;
    raw.answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';
    let text = '';
    let isClosed = false;
    socket.on('data', (part: Buffer) => {
      text += part.toString('latin1');
    });
    socket.on('close', () => {
      isClosed = true;
    });
    // What waits for more of a body that never comes is ended by the visitor.
    await vi.waitUntil(() => isClosed || text.startsWith('HTTP/1.1 ') || raw.seen.length > 0, { timeout: 10_000 });
    socket.end();
    await raw.stage.get('/');
    expectNothingSmuggled();
    socket.resetAndDestroy();
  });
});
