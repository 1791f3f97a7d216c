// A WebSocket as a page in a real browser has it, to a service at home and back: what the page says and hears, how it learns
// of a close, and that it can come back when the link was lost.

import type { IncomingMessage } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { LinkStage } from '../home-node/link/link-stage.ts';
import { hasBrowser, openBrowser } from '../support/browser.ts';

/** What the page did, in order. */
type Log = readonly (readonly unknown[])[];

/** The service says everything back; at "close" it closes. The page says what it is told to, and notes what comes. */
const page = `<!doctype html><title>w</title><script>
const log = [];
const opened = (path) => new Promise((resolve) => {
  const socket = new WebSocket('ws://' + location.host + path, ['v1', 'v2']);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => { log.push(['open', socket.protocol]); resolve(socket); };
  socket.onmessage = ({ data }) => log.push(typeof data === 'string' ? ['text', data] : ['binary', data.byteLength]);
  socket.onerror = () => log.push(['error']);
  socket.onclose = ({ code, reason, wasClean }) => { log.push(['close', code, reason, wasClean]); resolve(socket); };
});
</script>`;

describe.skipIf(!hasBrowser)('a page in a browser', () => {
  let stage: LinkStage;
  let browser: Browser;
  let tab: Page;

  beforeAll(async () => {
    stage = await LinkStage.open((_, response) => response.setHeader('Content-Type', 'text/html').end(page));
    const sockets = new WebSocketServer({
      server: stage.service,
      handleProtocols: () => 'v2',
      verifyClient: ({ req }: { req: IncomingMessage }) => req.url !== '/refused',
    });
    sockets.on('connection', (socket) => {
      socket.on('message', (data, isBinary) => {
        if (!isBinary && (data as Buffer).toString() === 'close') socket.close(4321, 'as you said');
        else socket.send(data, { binary: isBinary });
      });
    });
    browser = await openBrowser();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await stage?.close();
  });

  async function logged(count: number): Promise<Log> {
    return await vi.waitUntil(
      async () => {
        const log = (await tab.evaluate('log')) as Log;
        return log.length >= count ? log : null;
      },
      { timeout: 20_000, interval: 50 },
    );
  }

  test('opens one, hears what it said, and how the service closed', async () => {
    await stage.openHome();
    tab = await browser.newPage();
    await tab.goto(`${stage.stage.edge.origin}/`);
    await tab.evaluate(`opened('/').then((socket) => {
      socket.send('ping');
      socket.send(new Uint8Array(5 * 1024 * 1024));
      socket.send('close');
    })`);
    expect(await logged(4)).toEqual([
      ['open', 'v2'],
      ['text', 'ping'],
      ['binary', 5 * 1024 * 1024],
      ['close', 4321, 'as you said', true],
    ]);
  }, 60_000);

  test('is refused one as the service refuses it', async () => {
    await tab.evaluate('log.length = 0');
    await tab.evaluate(`opened('/refused')`);
    expect(await logged(2)).toEqual([['error'], ['close', 1006, '', false]]);
  }, 60_000);

  test('learns with 1012 that the link was lost, and gets another when home is back', async () => {
    await tab.evaluate('log.length = 0');
    await tab.evaluate(`opened('/').then(() => undefined)`);
    stage.closeHomes();
    expect(await logged(2)).toEqual([
      ['open', 'v2'],
      ['close', 1012, 'home is out of reach', true],
    ]);
    await stage.openHome();
    await tab.evaluate(`opened('/').then((socket) => socket.send('back'))`);
    expect((await logged(4)).slice(2)).toEqual([
      ['open', 'v2'],
      ['text', 'back'],
    ]);
  }, 60_000);
});
