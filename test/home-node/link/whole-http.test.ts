// HTTP whole: whatever HTTP can say passes from visitor to service and back as it was said, and what cannot pass is
// refused or broken off, never bent into something else.

import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { RawStage } from './raw-stage.ts';

let raw: RawStage;
beforeAll(async () => {
  raw = await RawStage.open();
}, 60_000);
afterAll(async () => await raw?.close());

const close = 'Host: @\r\nConnection: close\r\n';
const http = 'HTTP/1.1 ';

function headOf(text: string): string {
  return text.slice(0, text.indexOf('\r\n\r\n'));
}

function bodyOf(text: string): string {
  return text.slice(text.indexOf('\r\n\r\n') + 4);
}

function linesNamed(text: string, name: string): readonly string[] {
  return headOf(text)
    .split('\r\n')
    .filter((line) => line.toLowerCase().startsWith(`${name}:`));
}

describe('a method', () => {
  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'REPORT', 'QUERY', 'SEARCH', 'LOCK'])(
    '%s passes without a body and with one',
    async (method) => {
      expect(await raw.ask(`${method} /m HTTP/1.1\r\n${close}\r\n`)).toMatch(/^HTTP\/1.1 200 [\s\S]*ok$/);
      expect([headOf(await raw.request()).split('\r\n')[0], bodyOf(await raw.request())]).toEqual([
        `${method} /m HTTP/1.1`,
        '',
      ]);
      const withBody = await raw.ask(`${method} /m HTTP/1.1\r\n${close}Content-Length: 3\r\n\r\nabc`);
      expect(withBody).toMatch(/^HTTP\/1.1 200 [\s\S]*ok$/);
      const request = await raw.request();
      expect([headOf(request).split('\r\n')[0], bodyOf(request)]).toEqual([`${method} /m HTTP/1.1`, 'abc']);
      expect(linesNamed(request, 'content-length')).toEqual(['content-length: 3']);
    },
  );

  test('HEAD passes, and its answer has the length of what it does not have', async () => {
    const answer = `${http}200 OK\r\nContent-Length: 1234\r\nETag: "a"\r\n\r\n`;
    const got = await raw.ask(`HEAD /m HTTP/1.1\r\n${close}\r\n`, answer);
    expect([got.split('\r\n')[0], linesNamed(got, 'content-length'), bodyOf(got)]).toEqual([
      'HTTP/1.1 200 OK',
      ['Content-Length: 1234'],
      '',
    ]);
  });

  test.each([
    ['TRACE', '', 'method-not-carried'],
    ['HEAD', 'Content-Length: 3\r\n', 'bad-request'],
  ])('%s with "%s" is refused, and no service is asked', async (method, header, failed) => {
    const got = await raw.ask(`${method} /m HTTP/1.1\r\n${close}${header}\r\n${header === '' ? '' : 'abc'}`);
    expect(got).toMatch(/^HTTP\/1.1 502 /);
    if (method !== 'HEAD') expect(JSON.parse(bodyOf(got))).toEqual({ failed });
    expect(raw.seen).toEqual([]);
  });

  test.each(['CONNECT', 'MKCALENDAR', 'INVENTED', 'get'])(
    '%s is refused by the platform, and no service is asked',
    async (method) => {
      expect(await raw.ask(`${method} /m HTTP/1.1\r\n${close}\r\n`)).toMatch(/^HTTP\/1.1 50[01] /);
      expect(raw.seen).toEqual([]);
    },
  );
});

describe('the target', () => {
  test.each([
    '//',
    '//evil.example/x',
    '/a//b',
    '/%2F',
    '/a%2fb%',
    '/%zz',
    '/?',
    '/a?b?c=/../d',
    "/;a=b,'@:80",
    '/%00',
  ])('%s passes byte for byte', async (path) => {
    await raw.ask(`GET ${path} HTTP/1.1\r\n${close}\r\n`);
    expect((await raw.request()).split('\r\n')[0]).toBe(`GET ${path} HTTP/1.1`);
  });

  test('of 50,000 bytes passes byte for byte', async () => {
    const path = `/${'a'.repeat(25_000)}?${'b'.repeat(25_000)}`;
    await raw.ask(`GET ${path} HTTP/1.1\r\n${close}\r\n`);
    expect((await raw.request()).split('\r\n')[0]).toBe(`GET ${path} HTTP/1.1`);
  });

  test.each([
    ['/a/../b', '/b'],
    ['/../../etc/passwd', '/etc/passwd'],
    ['/a/%2e%2e/b', '/b'],
    ['/a/./b', '/a/b'],
    ['/a\\..\\b', '/b'],
    ['/a#b', '/a'],
  ])('%s is %s before any of our code sees it: the platform resolves it', async (path, seen) => {
    await raw.ask(`GET ${path} HTTP/1.1\r\n${close}\r\n`);
    expect((await raw.request()).split('\r\n')[0]).toBe(`GET ${seen} HTTP/1.1`);
  });

  test.each(['http://evil.example/x', 'https://evil.example:8443/x', 'evil.example:443', 'evil.example', '*', '?x'])(
    '%s is never what the service is asked: it gets a path and its own host, or nothing',
    async (target) => {
      await raw.ask(`GET ${target} HTTP/1.1\r\n${close}\r\n`);
      for (const request of raw.seen) {
        expect(request).toMatch(/^GET \/x? HTTP\/1.1\r\n/);
        expect(linesNamed(request, 'host')).toEqual([`host: ${raw.stage.host}`]);
        expect(request).not.toContain('evil');
      }
    },
  );
});

describe('an answer', () => {
  test.each([
    [`${http}204 No Content\r\nETag: "a"\r\n\r\n`, /^HTTP\/1.1 204 [\s\S]*ETag: "a"[\s\S]*\r\n\r\n$/],
    [`${http}205 Reset Content\r\nContent-Length: 0\r\n\r\n`, /^HTTP\/1.1 205 [\s\S]*\r\n\r\n$/],
    [
      `${http}304 Not Modified\r\nETag: "a"\r\nContent-Length: 9\r\n\r\n`,
      /^HTTP\/1.1 304 [\s\S]*ETag: "a"[\s\S]*\r\n\r\n$/,
    ],
    [`${http}599 Odd\r\nContent-Length: 1\r\n\r\nx`, /^HTTP\/1.1 599 [\s\S]*\r\n\r\nx$/],
    [`${http}200\r\nContent-Length: 1\r\n\r\nx`, /^HTTP\/1.1 200 [\s\S]*\r\n\r\nx$/],
    ['HTTP/1.0 200 OK\r\n\r\nuntil it closes', /^HTTP\/1.1 200 [\s\S]*until it closes\r\n0\r\n\r\n$/],
    [
      'HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold',
      /^HTTP\/1.1 200 [\s\S]*Content-Length: 3\r\n[\s\S]*\r\n\r\nold$/,
    ],
    [`${http}200 OK\r\n\r\nno length`, /^HTTP\/1.1 200 [\s\S]*no length\r\n0\r\n\r\n$/],
  ])('%j comes whole', async (answer, expected) => {
    expect(await raw.get(answer)).toMatch(expected);
  });

  test('of 206 keeps its range, and the question its own', async () => {
    const answer = `${http}206 Partial Content\r\nContent-Range: bytes 5-6/10\r\nContent-Length: 2\r\n\r\nab`;
    const got = await raw.ask(`GET / HTTP/1.1\r\n${close}Range: bytes=5-6\r\nIf-Range: "a"\r\n\r\n`, answer);
    expect([got.split('\r\n')[0], linesNamed(got, 'content-range'), bodyOf(got)]).toEqual([
      'HTTP/1.1 206 Partial Content',
      ['Content-Range: bytes 5-6/10'],
      'ab',
    ]);
    const request = await raw.request();
    expect([linesNamed(request, 'range'), linesNamed(request, 'if-range')]).toEqual([
      ['range: bytes=5-6'],
      ['if-range: "a"'],
    ]);
  });

  test('keeps each Set-Cookie by itself and in order', async () => {
    const cookies = ['a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'b="2, 3"', 'a=4'];
    const lines = cookies.map((cookie) => `Set-Cookie: ${cookie}\r\n`).join('X-Between: 1\r\n');
    const got = await raw.get(`${http}200 OK\r\n${lines}Content-Length: 0\r\n\r\n`);
    expect(linesNamed(got, 'set-cookie')).toEqual(cookies.map((cookie) => `Set-Cookie: ${cookie}`));
  });

  test('comes without what was said before it and behind it: 102, 103 and trailers', async () => {
    const early = `${http}102 Processing\r\n\r\n${http}103 Early Hints\r\nLink: </a>\r\n\r\n`;
    const late = '2\r\nhi\r\n0\r\nX-Late: 1\r\n\r\n';
    const got = await raw.get(`${early}${http}200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Late\r\n\r\n${late}`);
    expect(got).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(got).toContain('hi');
    expect(got).not.toMatch(/early|link|late|trailer/i);
  });

  test.each([
    ['nothing at all', ''],
    ['no HTTP', 'hello\r\n\r\n'],
    ['HTTP/0.9', 'hello'],
    ['100 that nobody asked for', `${http}100 Continue\r\n\r\n${http}200 OK\r\nContent-Length: 2\r\n\r\nok`],
    ['101 that nobody asked for', `${http}101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n`],
    ['a status outside of HTTP', `${http}600 Odd\r\nContent-Length: 2\r\n\r\nok`],
    ['a status that no server may invent', `${http}999 Request Denied\r\nContent-Length: 2\r\n\r\nok`],
    [
      'a length beside a coding',
      `${http}200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    ],
    ['two lengths', `${http}200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok.`],
    ['a length below zero', `${http}200 OK\r\nContent-Length: -2\r\n\r\nok`],
    ['a length with a sign', `${http}200 OK\r\nContent-Length: +2\r\n\r\nok`],
    ['a coding that is none', `${http}200 OK\r\nTransfer-Encoding: xchunked\r\n\r\nok`],
    ['a coding that nobody asked for', `${http}200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok`],
    ['two codings', `${http}200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`],
    [
      'one coding twice',
      `${http}200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    ],
    ['a folded header', `${http}200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 2\r\n\r\nok`],
    ['a space behind a name', `${http}200 OK\r\nX-A : 1\r\nContent-Length: 2\r\n\r\nok`],
    ['a zero byte in a value', `${http}200 OK\r\nX-A: a\0b\r\nContent-Length: 2\r\n\r\nok`],
    ['a bare carriage return', `${http}200 OK\r\nX-A: a\rX-B: b\r\nContent-Length: 2\r\n\r\nok`],
    ['bare line feeds', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
  ])('of %s is none: 502, and the link goes on', async (_, answer) => {
    const { epoch, session } = raw.stage.session;
    const got = await raw.get(answer);
    expect([got.split('\r\n')[0], bodyOf(got)]).toEqual(['HTTP/1.1 502 Bad Gateway', '{"failed":"failed"}']);
    expect(raw.stage.session).toMatchObject({ epoch, session });
  });

  test.each([
    ['its length', `${http}200 OK\r\nContent-Length: 10\r\n\r\nhalf`],
    ['its last chunk', `${http}200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`],
    ['the end of a chunk', `${http}200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf`],
    ['a chunk that is one', `${http}200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n0\r\n\r\n`],
  ])('that ends before %s does not look whole', async (_, answer) => {
    const got = await raw.get(answer);
    expect(got).not.toMatch(/\r\n0\r\n\r\n$|Content-Length: [0-4]\r\n/);
  });

  test.each([
    ['204', `${http}204 No Content\r\n\r\n${http}200 OK\r\nContent-Length: 4\r\n\r\nevil`],
    ['205', `${http}205 Reset Content\r\nContent-Length: 4\r\n\r\nevil`],
    ['304', `${http}304 Not Modified\r\n\r\n${http}200 OK\r\nContent-Length: 4\r\n\r\nevil`],
    [
      '200 whose length is over',
      `${http}200 OK\r\nContent-Length: 2\r\n\r\nok${http}200 OK\r\nContent-Length: 4\r\n\r\nevil`,
    ],
  ])('behind %s is nobody’s: neither this visitor’s nor the next one’s', async (_, answer) => {
    expect(await raw.get(answer)).not.toContain('evil');
    expect(await raw.get(`${http}200 OK\r\nContent-Length: 4\r\n\r\nnext`)).toMatch(/next$/);
  });
});

describe('odd but legal bytes', () => {
  const names = "X!#$%&'*+-.^`|~1";

  test('in names and values pass both ways', async () => {
    const header = `${names}: "\\a\tb", (c)\r\nX-Empty:\r\nX-Utf8: caf\xc3\xa9\r\n`;
    const got = await raw.ask(
      `GET / HTTP/1.1\r\n${close}${header}\r\n`,
      `${http}200 OK\r\n${header}Content-Length: 0\r\n\r\n`,
    );
    for (const text of [got, await raw.request()]) {
      expect(linesNamed(text, names.toLowerCase()).map(textAfter)).toEqual(['"\\a\tb", (c)']);
      expect(linesNamed(text, 'x-empty').map(textAfter)).toEqual(['']);
      expect(linesNamed(text, 'x-utf8').map(textAfter)).toEqual(['caf\xc3\xa9']);
    }
  });

  test('that are no UTF-8 become UTF-8, because the platform knows text only', async () => {
    const got = await raw.ask(
      `GET / HTTP/1.1\r\n${close}X-Latin: \xe9\r\n\r\n`,
      `${http}200 OK\r\nX-Latin: \xe9\r\nContent-Length: 0\r\n\r\n`,
    );
    expect(linesNamed(got, 'x-latin').map(textAfter)).toEqual(['\xc3\xa9']);
    expect(linesNamed(await raw.request(), 'x-latin').map(textAfter)).toEqual(['\xef\xbf\xbd']);
  });

  function textAfter(line: string): string {
    return line.slice(line.indexOf(':') + 1).replace(/^ /, '');
  }
});

describe('Expect', () => {
  test('100-continue is met at once, and the service does not see it', async () => {
    const visitor = raw.visitor(`POST / HTTP/1.1\r\n${close}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n`);
    raw.seen.length = 0;
    raw.answer = `${http}200 OK\r\nContent-Length: 2\r\n\r\nok`;
    const got = textOf(visitor);
    await vi.waitUntil(() => got().startsWith('HTTP/1.1 100 Continue\r\n\r\n'), { timeout: 10_000 });
    visitor.write('abc');
    await vi.waitUntil(() => got().endsWith('ok'), { timeout: 10_000 });
    expect(bodyOf(await raw.request())).toBe('abc');
    expect(linesNamed(await raw.request(), 'expect')).toEqual([]);
  });

  test.each(['something', '100-continue, something', '200-ok'])(
    '%s is refused, and no service is asked',
    async (value) => {
      const got = await raw.ask(`POST / HTTP/1.1\r\n${close}Expect: ${value}\r\nContent-Length: 3\r\n\r\nabc`);
      expect(JSON.parse(bodyOf(got))).toEqual({ failed: 'expectation' });
      expect(raw.seen).toEqual([]);
    },
  );
});

describe('an answer before the request has ended', () => {
  const upload = `POST / HTTP/1.1\r\n${close}Content-Length: 1000000\r\n\r\nabc`;

  test('comes whole, whatever of it lies in one piece with its end', async () => {
    const got = await raw.ask(upload, (socket) => {
      socket.write(`${http}200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n`);
      onceSent(() => socket.write('4\r\nlast\r\n0\r\n\r\n'));
    });
    expect(got).toMatch(/first[\s\S]*last\r\n0\r\n\r\n$/);
  });

  test('ends the upload at the service', async () => {
    let isClosed = false;
    const got = await raw.ask(upload, (socket) => {
      socket.on('close', () => {
        isClosed = true;
      });
      socket.write(`${http}413 Content Too Large\r\nContent-Length: 7\r\n\r\ntoo big`);
    });
    expect(got).toMatch(/^HTTP\/1.1 413 [\s\S]*too big$/);
    await vi.waitUntil(() => isClosed);
  });

  /** The visitor has the first piece before the last is written. */
  function onceSent(write: () => void): void {
    void raw.stage.get('/presence').then(write);
  }
});

function textOf(socket: Socket): () => string {
  let text = '';
  socket.on('data', (part: Buffer) => {
    text += part.toString('latin1');
  });
  return () => text;
}
