// Bodies on the link, from end to end: long ones, slow ones, and those that somebody gives up.

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answers, block, openAnswering, waitFor } from './answering-stage.ts';
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

describe('a body', () => {
  test('of 64 MiB comes down byte for byte', async () => {
    const blocks = 1024;
    answers.set('/down', (_, response) => {
      let n = 0;
      const write = (): void => {
        while (n < blocks) {
          if (!response.write(block(n++))) {
            response.once('drain', write);
            return;
          }
        }
        response.end();
      };
      write();
    });
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const part of (await stage.get('/down')).body ?? []) {
      hash.update(part);
      bytes += part.length;
    }
    const expected = createHash('sha256');
    for (let n = 0; n < blocks; n++) expected.update(block(n));
    expect([bytes, hash.digest('hex')]).toEqual([64 * MiB, expected.digest('hex')]);
  }, 120_000);

  test.each([
    ['with its length', true],
    ['without a length', false],
  ])(
    'of 64 MiB goes up byte for byte, %s',
    async (_, withLength) => {
      answers.set('/up', (request, response) => {
        const hash = createHash('sha256');
        let bytes = 0;
        request.on('data', (part: Buffer) => {
          hash.update(part);
          bytes += part.length;
        });
        request.on('end', () => response.end(JSON.stringify([bytes, hash.digest('hex')])));
      });
      const blocks = 1024;
      const expected = createHash('sha256');
      for (let n = 0; n < blocks; n++) expected.update(block(n));
      async function* body(): AsyncGenerator<Uint8Array> {
        for (let n = 0; n < blocks; n++) yield block(n);
      }
      const whole = withLength ? Buffer.concat(Array.from({ length: blocks }, (_, n) => block(n))) : body();
      const response = await stage.get('/up', { method: 'POST', body: whole as never, duplex: 'half' } as RequestInit);
      expect(await response.json()).toEqual([64 * MiB, expected.digest('hex')]);
    },
    120_000,
  );

  test('that comes in small pieces is passed on piece by piece', async () => {
    let say: (text: string) => void = () => undefined;
    answers.set('/events', (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-transform' });
      response.flushHeaders();
      say = (text) => (text === '' ? response.end() : response.write(text));
    });
    const response = await stage.get('/events');
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (const event of ['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']) {
      say(event);
      expect((await reader?.read())?.value).toBe(event);
    }
    say('');
    expect((await reader?.read())?.done).toBe(true);
  });

  test('that the service breaks off is an error to the visitor', async () => {
    answers.set('/half', (_, response) => {
      response.writeHead(200, { 'Content-Length': 1000 });
      response.write('half');
      setImmediate(() => response.destroy());
    });
    answers.set('/half-chunked', (_, response) => {
      response.write('half');
      setImmediate(() => response.destroy());
    });
    for (const path of ['/half', '/half-chunked']) {
      await expect(stage.get(path).then(async (response) => await response.text())).rejects.toThrow();
    }
  });
});

describe('cancelling', () => {
  test('by a visitor who leaves a download ends it at the service within a second', async () => {
    let closedAt = 0;
    answers.set('/endless', (_, response) => {
      const write = (): void => {
        while (response.write(block(1)));
      };
      response.on('drain', write);
      response.on('close', () => {
        closedAt = performance.now();
      });
      write();
    });
    const socket = stage.visitor(`GET /endless HTTP/1.1\r\nHost: ${stage.host}\r\n\r\n`);
    let bytes = 0;
    socket.on('data', (part: Buffer) => {
      bytes += part.length;
    });
    await waitFor(() => bytes > MiB);
    socket.destroy();
    const leftAt = performance.now();
    await waitFor(() => closedAt > 0);
    expect(closedAt - leftAt).toBeLessThan(1000);
  });

  test('by a visitor who breaks off an upload ends it at the service within a second', async () => {
    let bytes = 0;
    let abortedAt = 0;
    answers.set('/upload', (request) => {
      request.on('data', (part: Buffer) => {
        bytes += part.length;
      });
      request.on('close', () => {
        abortedAt = performance.now();
      });
      request.on('error', () => undefined);
    });
    const socket = stage.visitor(`POST /upload HTTP/1.1\r\nHost: ${stage.host}\r\nContent-Length: 9999999\r\n\r\n`);
    socket.write('x'.repeat(100_000));
    await waitFor(() => bytes === 100_000);
    socket.destroy();
    const leftAt = performance.now();
    await waitFor(() => abortedAt > 0);
    expect(abortedAt - leftAt).toBeLessThan(1000);
  });

  test('by home reaches the visitor within a second', async () => {
    answers.set('/long', (_, response) => response.write('begun'));
    const second = stage.home();
    const response = await stage.get('/long');
    const reader = response.body?.getReader();
    await reader?.read();
    const brokenAt = performance.now();
    const broken = reader?.read().then(
      () => 'more',
      () => 'broken',
    );
    home.client.close();
    expect(await broken).toBe('broken');
    expect(performance.now() - brokenAt).toBeLessThan(1000);
    home = second;
    home.client.start();
    await waitFor(() => home.client.session !== null);
  });
});
