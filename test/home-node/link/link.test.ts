// The link end to end: a visitor on one side, a service on the other, workerd and the home node between them.

import { gzipSync } from 'node:zlib';
import { generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Answers, openAnswering, waitFor } from './answering-stage.ts';
import type { Home, LinkStage } from './link-stage.ts';

const MiB = 1024 * 1024;

let stage: LinkStage;
let home: Home;
const answers: Answers = new Map();

beforeAll(async () => {
  stage = await openAnswering(answers);
  home = await stage.openHome();
}, 60_000);
afterAll(async () => await stage?.close());

describe('a request', () => {
  test('reaches the service with raw path, host and headers in order, and its answer comes back', async () => {
    answers.set('/a%2Fb//c?x=1&y', (request, response) => {
      response.writeHead(201, ['Set-Cookie', 'a=1', 'X-Host', request.headers.host ?? '', 'Set-Cookie', 'b=2']);
      response.end(JSON.stringify(request.rawHeaders));
    });
    const response = await stage.get('/a%2Fb//c?x=1&y', { headers: { 'X-One': '1', 'X-Forwarded-For': '127.0.0.1' } });
    expect([response.status, response.headers.getSetCookie()]).toEqual([201, ['a=1', 'b=2']]);
    expect(response.headers.get('x-host')).toBe(stage.host);
    const raw = (await response.json()) as string[];
    expect(raw).toContain('x-one');
    expect(raw[raw.indexOf('x-forwarded-for') + 1]).toBe('203.0.113.7');
  });

  test('for a path that the service does not know gets the service’s own 404', async () => {
    const response = await stage.get('/nothing');
    expect([response.status, await response.text()]).toEqual([404, 'no such path']);
  });

  test('and response in UTF-8 headers arrive byte for byte', async () => {
    answers.set('/utf8', (request, response) => {
      const value = String(request.headers['x-name']);
      response.socket?.end(Buffer.from(`HTTP/1.1 200 OK\r\nX-Name: ${value}\r\nContent-Length: 0\r\n\r\n`, 'latin1'));
    });
    const socket = stage.visitor(
      Buffer.from(
        `GET /utf8 HTTP/1.1\r\nHost: ${stage.host}\r\nX-Name: caf\xc3\xa9\r\nConnection: close\r\n\r\n`,
        'latin1',
      ),
    );
    const parts: Buffer[] = [];
    for await (const part of socket) parts.push(part as Buffer);
    expect(Buffer.concat(parts).toString('latin1')).toMatch(/x-name: caf\xc3\xa9\r\n/i);
  });

  test('by HEAD, and answers of 204 and 304, have no body', async () => {
    answers.set('/head', (_, response) => response.writeHead(200, { 'Content-Length': 1234 }).end());
    answers.set('/204', (_, response) => response.writeHead(204).end());
    answers.set('/304', (_, response) => response.writeHead(304, { ETag: '"a"' }).end());
    const head = await stage.get('/head', { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '1234', '']);
    expect((await stage.get('/204')).status).toBe(204);
    const unchanged = await stage.get('/304');
    expect([unchanged.status, unchanged.headers.get('etag')]).toEqual([304, '"a"']);
  });

  test('of a compressed answer gets it as the service compressed it', async () => {
    const bytes = gzipSync('hello '.repeat(1000));
    answers.set('/gzip', (_, response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(bytes));
    const response = await stage.get('/gzip', { headers: { 'Accept-Encoding': 'gzip' } });
    expect(await response.text()).toBe('hello '.repeat(1000));
  });

  test('is answered before its body has ended, if the service wants no more of it', async () => {
    answers.set('/early', (_, response) => {
      response.writeHead(413, { Connection: 'close', 'Content-Length': 9 }).end('too large');
    });
    const socket = stage.visitor(
      `POST /early HTTP/1.1\r\nHost: ${stage.host}\r\nContent-Length: ${64 * MiB}\r\n\r\n${'x'.repeat(MiB)}`,
    );
    let text = '';
    socket.on('data', (part: Buffer) => {
      text += part.toString('latin1');
    });
    await waitFor(() => text.includes('too large'));
    expect(text).toMatch(/^HTTP\/1\.1 413/);
    socket.destroy();
  });

  test('among many at once gets its own answer', async () => {
    answers.set('/many', (request, response) => response.end(`answer ${request.headers['x-n']}`));
    const texts = await Promise.all(
      Array.from(
        { length: 200 },
        async (_, n) => await (await stage.get('/many', { headers: { 'X-N': `${n}` } })).text(),
      ),
    );
    expect(texts).toEqual(Array.from({ length: 200 }, (_, n) => `answer ${n}`));
  });
});

describe('home', () => {
  test('that has no service for the host says so instead of answering', async () => {
    const response = await fetch(`http://127.0.0.1:${stage.stage.edge.port}/`, { headers: {} });
    expect(await response.json()).toEqual({ failed: 'not-served' });
  });

  test('is told of work', async () => {
    const before = stage.works;
    await stage.get('/work');
    await waitFor(() => stage.works === before + 1);
  });

  test('that goes to sleep says until when, and is connected again when it wakes', async () => {
    const until = 1_900_000_000_000;
    await home.client.sleep(until);
    expect(await stage.presence()).toMatchObject({ link: 'asleep', until });
    expect(await (await stage.get('/')).json()).toMatchObject({ absent: { link: 'asleep', until } });
    expect(home.states.at(-1)).toEqual({ link: 'closed' });
    home.client.start();
    await waitFor(() => home.client.session !== null);
    expect(await stage.presence()).toMatchObject({ link: 'connected' });
  });

  test('lets running requests end before it sleeps', async () => {
    let end: () => void = () => undefined;
    answers.set('/running', (_, response) => {
      response.write('begun ');
      end = () => response.end('and ended');
    });
    const response = await stage.get('/running');
    const asleep = home.client.sleep(null);
    await vi.waitUntil(async () => (await stage.presence()).link === 'asleep', { interval: 10 });
    end();
    expect(await response.text()).toBe('begun and ended');
    await asleep;
    home.client.start();
    await waitFor(() => home.client.session !== null);
  });

  test('with a key that is not in the directory is refused, is told why, and tries again later', async () => {
    const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
    const stranger = stage.home({ key: privateKey });
    stranger.client.start();
    await waitFor(() => stranger.states.some((state) => state.link === 'lost'));
    expect(stranger.states.find((state) => state.link === 'lost')).toMatchObject({ code: 'proof-refused' });
    stranger.client.close();
    expect(home.client.session).not.toBeNull();
  });

  test('that was superseded by a newer process stops for good', async () => {
    const newer = stage.home();
    newer.client.start();
    await waitFor(() => home.states.at(-1)?.link === 'superseded');
    expect(home.client.session).toBeNull();
    await waitFor(() => newer.client.session !== null);
    expect(newer.client.session?.epoch).toBeGreaterThan(1);
    home = newer;
  });
});

describe('a newer home node', () => {
  test('takes what comes, and the older finishes what it is answering before it stops', async () => {
    const older = home;
    let end = (): void => undefined;
    answers.set('/running', (_, response) => {
      response.write('begun');
      end = () => response.end(' and ended');
    });
    const response = await stage.get('/running');
    home = await stage.openHome();
    await waitFor(() => older.states.at(-1)?.link === 'draining');
    expect(older.client.session).toBeNull();
    answers.set('/next', (_, answer) => answer.end('by the newer'));
    expect(await (await stage.get('/next')).text()).toBe('by the newer');
    expect(older.states.at(-1)?.link).toBe('draining');
    end();
    expect(await response.text()).toBe('begun and ended');
    await waitFor(() => older.states.at(-1)?.link === 'superseded');
    expect(home.client.session).not.toBeNull();
  });

  test('takes over again and again under way without one request that fails', async () => {
    answers.set('/quick', (_, response) => response.end('quick'));
    let going = true;
    let asked = 0;
    const statuses = new Set<number>();
    const ask = async (): Promise<void> => {
      while (going) {
        statuses.add((await stage.get('/quick')).status);
        asked += 1;
      }
    };
    const asking = Promise.all([ask(), ask(), ask(), ask()]);
    for (let n = 0; n < 5; n += 1) {
      const before = asked;
      const older = home;
      home = await stage.openHome();
      await waitFor(() => older.states.at(-1)?.link === 'superseded' && asked > before + 20);
    }
    going = false;
    await asking;
    expect([...statuses]).toEqual([200]);
  });

  test('that dials again itself, as after a change of its key, fails nothing either', async () => {
    answers.set('/quick', (_, response) => response.end('quick'));
    const asked = Promise.all(Array.from({ length: 20 }, async () => (await stage.get('/quick')).status));
    const before = home.client.session?.session;
    home.client.redial();
    expect(new Set(await asked)).toEqual(new Set([200]));
    await waitFor(() => home.client.session !== null && home.client.session.session !== before);
  });
});

describe('an edge that dies', () => {
  test('is dialled again as soon as it is back, with the same epoch, and the visitor gets an honest answer', async () => {
    const before = home.client.session;
    answers.set('/held', () => undefined);
    const held = stage.get('/held').then(
      (response) => response.status,
      () => 'broken',
    );
    await waitFor(() => stage.stage.edge.workerdPid !== undefined);
    process.kill(stage.edgePid, 'SIGKILL');
    await waitFor(() => home.states.at(-1)?.link === 'lost');
    expect(await held).toBe('broken');
    await waitFor(() => home.client.session !== null, 30_000);
    expect(home.client.session).toMatchObject({ epoch: before?.epoch });
    expect(home.client.session?.session).not.toBe(before?.session);
    answers.set('/after', (_, response) => response.end('back'));
    expect(await (await stage.get('/after')).text()).toBe('back');
  }, 60_000);
});
