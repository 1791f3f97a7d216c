// Carrying as the visitor sees it: home's answer as home gave it, at the visitor's pace, broken when it broke, and never
// anything that home or a stranger could pass off as something else.

import { describe, expect, test, vi } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import { cancelOf, creditOf, encodeCancel, encodeCredit, encodeFrame } from '../../../shared/link/codec.ts';
import { flags } from '../../../shared/link/frames.ts';
import { type HomeSocket, LinkRig } from './link-rig.ts';

const site = 'https://site.example';

async function open(): Promise<{ rig: LinkRig; home: HomeSocket }> {
  const rig = await LinkRig.open();
  const { socket } = await rig.openLink();
  return { rig, home: socket };
}

function headersOf(flat: readonly string[]): Record<string, string> {
  return Object.fromEntries(flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? '']] : [])));
}

describe('a request', () => {
  test('comes to home with its method, path, query and headers', async () => {
    const { rig, home } = await open();
    const answer = rig.carried(
      new Request(`${site}/a%20b//c?d=%2F&e`, { headers: { 'X-Mine': 'é 1', Accept: 'a/b' } }),
    );
    const { id, head, hasBody } = await home.request();
    expect(head).toMatchObject({ method: 'GET', path: '/a%20b//c?d=%2F&e', host: 'site.example' });
    expect(headersOf(head.headers)).toMatchObject({ 'x-mine': 'é 1', accept: 'a/b' });
    expect(hasBody).toBe(false);
    home.respond(id, 'hello', { status: 203, headers: ['Content-Type', 'text/x'] });
    const response = await answer;
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      203,
      'text/x',
      'hello',
    ]);
  });

  test('comes without whatever a stranger could use to be taken for somebody else', async () => {
    const { rig, home } = await open();
    const forged = {
      'X-Forwarded-For': '127.0.0.1',
      'X-Forwarded-Host': 'evil.example',
      'X-Forwarded-Proto': 'gopher',
      'X-Forwarded-Port': '1',
      'X-Real-IP': '127.0.0.1',
      Forwarded: 'for=127.0.0.1',
      'X-Date': 'x',
      'CF-Connecting-IP': '127.0.0.1',
      'Porchlight-Receipt': 'x',
      X_Forwarded_For: '127.0.0.1',
      X_Any: 'x',
      'Proxy-Authorization': 'x',
      TE: 'trailers',
      Connection: 'X-Drop, X-Forwarded-For, Authorization, Cookie',
      'X-Drop': 'x',
      Authorization: 'kept',
      Cookie: 'kept=1',
      Signature: 'kept',
    };
    const answer = rig.carried(new Request(site, { headers: forged }));
    const { id, head } = await home.request();
    const headers = headersOf(head.headers);
    expect(headers).toEqual({
      authorization: 'kept',
      cookie: 'kept=1',
      forwarded: 'for=203.0.113.7;host=site.example;proto=https',
      signature: 'kept',
      'x-forwarded-for': '203.0.113.7',
      'x-real-ip': '203.0.113.7',
      'x-forwarded-host': 'site.example',
      'x-forwarded-proto': 'https',
    });
    home.respond(id, null);
    await answer;
  });

  test('whose headers are longer than a head may be is not carried', async () => {
    const { rig, home } = await open();
    const headers = { 'X-Long': 'x'.repeat(limits.frameHeadBytes) };
    expect(await rig.carry(new Request(site, { headers }))).toEqual({ failed: 'head-too-large' });
    expect(home.waiting).toEqual([]);
  });

  test('with a body comes byte for byte, and no faster than home gives credit', async () => {
    const { rig, home } = await open();
    const body = crypto.getRandomValues(new Uint8Array(60_000));
    const whole = new Uint8Array(body.length * 5);
    for (let n = 0; n < 5; n++) whole.set(body, n * body.length);
    const headers = { 'Content-Length': String(whole.length) };
    const answer = rig.carried(new Request(`${site}/up`, { method: 'POST', body: whole, headers }));
    const { id, head, hasBody } = await home.request();
    expect([head.method, hasBody, headersOf(head.headers)['content-length']]).toEqual([
      'POST',
      true,
      String(whole.length),
    ]);
    const received: number[] = [];
    let ended = false;
    const take = async (): Promise<void> => {
      const frame = await home.next('DATA');
      for (const byte of frame.payload) received.push(byte);
      ended = (frame.flags & flags.end) !== 0;
    };
    while (received.length < limits.streamInitialBytes) await take();
    expect(received.length).toBe(limits.streamInitialBytes);
    await rig.stub.presence();
    expect(home.waiting).toEqual([]);
    home.send(encodeCredit(id, whole.length));
    while (!ended) await take();
    expect(received.length).toBe(whole.length);
    expect(new Uint8Array(received)).toEqual(whole);
    home.respond(id, 'ok');
    expect(await (await answer).text()).toBe('ok');
  });

  test('whose body home does not want to the end is answered all the same', async () => {
    const { rig, home } = await open();
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(10_000)) });
    const answer = rig.carried(new Request(`${site}/up`, { method: 'PUT', body: endless }));
    const { id } = await home.request();
    await home.next('DATA');
    home.respond(id, 'early', { status: 413 });
    home.send(encodeCancel(id, 'enough', 'not wanted'));
    const response = await answer;
    expect([response.status, await response.text()]).toEqual([413, 'early']);
  });

  test('that is answered early leaves nothing behind, however often', async () => {
    const { rig, home } = await open();
    for (let n = 0; n <= limits.linkStreams; n++) {
      const body = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(50_000)) });
      const answer = rig.carry(new Request(`${site}/up`, { method: 'PUT', body }));
      const { id } = await home.request();
      home.respond(id, 'early');
      home.send(encodeCancel(id, 'enough', ''));
      const result = await answer;
      expect('carried' in result ? await result.carried.text() : result).toBe('early');
    }
  }, 60_000);

  test('finds the link busy when as many are open as it bears, and only then', async () => {
    const { rig, home } = await open();
    const answers = [];
    for (let n = 0; n < limits.linkStreams; n++) answers.push(rig.carry(new Request(`${site}/${n}`)));
    const first = await home.request();
    for (let n = 1; n < limits.linkStreams; n++) await home.request();
    expect(await rig.carry(new Request(site))).toEqual({ failed: 'busy' });
    home.respond(first.id, 'done');
    await answers[0];
    const again = rig.carried(new Request(site));
    home.respond((await home.request()).id, 'room again');
    expect(await (await again).text()).toBe('room again');
    home.close();
    const rest = await Promise.all(answers.slice(1));
    expect(rest.every((result) => 'failed' in result && result.failed === 'lost')).toBe(true);
  });
});

describe('a response', () => {
  test('keeps repeated headers in order, and loses those of the connection, the platform and Porchlight', async () => {
    const { rig, home } = await open();
    const answer = rig.carried(new Request(site));
    const { id } = await home.request();
    const headers = ['Set-Cookie', 'a=1', 'X-A', '1', 'set-cookie', 'b=2', 'Set-Cookie', 'c=3', 'X-A', '2'];
    const lost = ['Connection', 'X-B', 'X-B', '1', 'Transfer-Encoding', 'chunked', 'Keep-Alive', 'x', 'CF-Ray', 'x'];
    home.respond(id, 'x', { headers: [...headers, ...lost, 'Porchlight-Outcome', '{"absent":{"link":"never"}}'] });
    const response = await answer;
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2', 'c=3']);
    expect(response.headers.get('x-a')).toBe('1, 2');
    for (const name of ['connection', 'x-b', 'keep-alive', 'transfer-encoding', 'cf-ray', 'porchlight-outcome']) {
      expect([name, response.headers.get(name)]).toEqual([name, null]);
    }
  });

  test('cannot pretend that home is absent or that carrying failed', async () => {
    const { rig, home } = await open();
    const answer = rig.carry(new Request(site));
    const { id } = await home.request();
    home.respond(id, '{"failed":"timeout"}', { status: 504, headers: ['porchlight-outcome', '{"failed":"timeout"}'] });
    expect(await answer).toHaveProperty('carried');
  });

  test('has no body where there is none to have: HEAD, 204, 205, 304', async () => {
    const { rig, home } = await open();
    const ask = async (method: string, status: number): Promise<Response> => {
      const answer = rig.carried(new Request(site, { method }));
      home.respond((await home.request()).id, null, { status, headers: ['ETag', '"a"', 'Content-Length', '9'] });
      return await answer;
    };
    const head = await ask('HEAD', 200);
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '9', '']);
    for (const status of [204, 304]) {
      const response = await ask('GET', status);
      expect([response.status, response.body, response.headers.get('etag')]).toEqual([status, null, '"a"']);
    }
  });

  test('of 3xx is the visitor’s to follow, never ours', async () => {
    const { rig, home } = await open();
    const answer = rig.carried(new Request(site));
    home.respond((await home.request()).id, null, { status: 302, headers: ['Location', '/elsewhere'] });
    const response = await answer;
    expect([response.status, response.headers.get('location')]).toEqual([302, '/elsewhere']);
    expect(home.waiting).toEqual([]);
  });

  test.each([
    ['two lengths', ['Content-Length', '1', 'Content-Length', '2'], 'x'],
    ['a length that is none', ['Content-Length', '0x1'], 'x'],
    ['a length that its whole body does not have', ['Content-Length', '7'], 'x'],
  ])('with %s is none', async (_, headers, body) => {
    const { rig, home } = await open();
    const answer = rig.carry(new Request(site));
    home.respond((await home.request()).id, body, { headers });
    expect(await answer).toEqual({ failed: 'bad-response' });
  });

  test('is streamed as it comes, and credit goes back as the visitor reads', async () => {
    const { rig, home } = await open();
    const answer = rig.carried(new Request(site));
    const { id } = await home.request();
    home.respond(id, new Uint8Array(40_000).fill(1), { more: true });
    const reader = (await answer).body?.getReader();
    expect((await reader?.read())?.value?.[0]).toBe(1);
    home.data(id, new Uint8Array(limits.streamInitialBytes - 40_000).fill(2));
    let total = 0;
    const read = async (): Promise<boolean> => {
      const part = await reader?.read();
      total += part?.value?.length ?? 0;
      return part?.done === true;
    };
    await read();
    expect(creditOf(await home.next('CREDIT'))).toBeGreaterThanOrEqual(limits.streamInitialBytes / 2);
    home.data(id, 10, true);
    while (!(await read()));
    expect(total).toBeGreaterThan(0);
  });

  test('that home breaks off is an error to the visitor, never a shorter body', async () => {
    const { rig, home } = await open();
    for (const headers of [[], ['Content-Length', '100']]) {
      const answer = rig.carried(new Request(site));
      const { id } = await home.request();
      home.respond(id, 'half', { more: true, headers });
      const response = await answer;
      home.send(encodeCancel(id, 'failed', 'the service fell over'));
      await expect(response.text()).rejects.toThrow();
    }
  });

  test('whose length is not as announced is an error to the visitor', async () => {
    const { rig, home } = await open();
    const answer = rig.carried(new Request(site));
    const { id } = await home.request();
    home.respond(id, 'half', { more: true, headers: ['Content-Length', '100'] });
    const response = await answer;
    home.data(id, 3, true);
    await expect(response.text()).rejects.toThrow();
  });

  test('whose visitor left is cancelled at home', async () => {
    const { rig, home } = await open();
    const answer = rig.carried(new Request(site));
    const { id } = await home.request();
    home.respond(id, 'begun', { more: true });
    const response = await answer;
    await response.body?.cancel();
    await vi.waitUntil(
      () => {
        home.data(id, 10);
        return home.waiting.some((frame) => frame.name === 'CANCEL' && frame.stream === id);
      },
      { interval: 20 },
    );
    expect(cancelOf(await home.next('CANCEL')).code).toBe('enough');
  });

  test('is whatever home says instead: service-down, not-served, and what is not known yet', async () => {
    const { rig, home } = await open();
    const ask = async (cancel: (id: number) => Uint8Array): Promise<unknown> => {
      const answer = rig.carry(new Request(site));
      home.send(cancel((await home.request()).id));
      return await answer;
    };
    expect(await ask((id) => encodeCancel(id, 'service-down', ''))).toEqual({ failed: 'service-down' });
    expect(await ask((id) => encodeCancel(id, 'not-served', ''))).toEqual({ failed: 'not-served' });
    expect(await ask((id) => encodeFrame('CANCEL', id, new Uint8Array([7, 7])))).toEqual({ failed: 'failed' });
  });

  test('that does not come in time is a timeout, and home may stop', async () => {
    const rig = await LinkRig.open();
    await rig.inside((object) => {
      object.outside.carryHeadMs = limits.carryHeadMs / 1000;
    });
    const { socket: home } = await rig.openLink();
    const answers = [rig.carry(new Request(site)), rig.carry(new Request(site))];
    const { id } = await home.request();
    expect(await Promise.all(answers)).toEqual([{ failed: 'timeout' }, { failed: 'timeout' }]);
    expect(cancelOf(await home.next('CANCEL')).code).toBe('too-late');
    home.respond(id, 'too late');
    const next = rig.carried(new Request(`${site}/next`));
    await home.request();
    home.respond((await home.request()).id, 'in time');
    expect(await (await next).text()).toBe('in time');
  });
});
