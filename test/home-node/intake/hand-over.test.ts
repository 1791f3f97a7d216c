// What reaches the service of one delivery, and what becomes of it by what the service answers.

import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import { until } from '../../support/processes.ts';
import { allOf } from './all-of.ts';
import { House } from './house.ts';

let house: House;

beforeEach(async () => {
  house = await House.start({ troubleMs: 50 });
});

afterEach(async () => {
  await house.end();
});

describe('a delivery', () => {
  test('reaches the service byte for byte, with its path, Host and every signed header in the order they were sent', async () => {
    const body = Buffer.concat([Buffer.from([0xff, 0xfe, 0x00, 0x80]), randomBytes(5_000)]);
    house.edge.put(body, {
      path: '/users/owner/inbox?a=%20b&a=%41//x',
      headers: [
        ['Host', 'attacker.example'],
        ['Signature', 'keyId="k",headers="(request-target) host date digest x-two",signature="s=="'],
        ['Date', 'Sat, 21 Nov 2026 03:29:00 GMT'],
        ['X-Two', 'first'],
        ['x-two', 'second'],
        ['Content-Type', 'application/activity+json'],
        ['Digest', 'SHA-256=abc'],
        ['Content-Length', '5004'],
      ],
    });
    house.connect();
    await allOf(house, 'kept');
    const [received] = house.service.received;
    expect(received?.method).toBe('POST');
    expect(received?.path).toBe('/users/owner/inbox?a=%20b&a=%41//x');
    expect(received?.body.equals(body)).toBe(true);
    const headers = received?.rawHeaders ?? [];
    const pairs = headers.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), headers[at + 1]]] : []));
    expect(pairs.filter(([name]) => name === 'host')).toEqual([['host', 'home.example']]);
    expect(pairs.filter(([name]) => name === 'x-two')).toEqual([
      ['x-two', 'first'],
      ['x-two', 'second'],
    ]);
    expect(pairs).toContainEqual(['signature', expect.stringContaining('keyId="k"')]);
    expect(pairs).toContainEqual(['x-forwarded-proto', 'https']);
    expect(pairs).toContainEqual(['x-forwarded-for', '192.0.2.7']);
    expect(pairs).toContainEqual(['porchlight-receipt', 'for delivery-1']);
    expect(pairs.filter(([name]) => name === 'content-length')).toEqual([['content-length', '5004']]);
  });

  test('never brings what only home may say, in any spelling', async () => {
    const forged: [string, string][] = [
      ['Authorization', 'Signature keyId="k"'],
      ['Cookie', 'session=1'],
      ['X-Date', 'Sat, 21 Nov 2026 03:29:00 GMT'],
      ['X_Date', 'Sat, 21 Nov 2026 03:29:00 GMT'],
      ['Forwarded', 'for=127.0.0.1'],
      ['X-Forwarded-For', '127.0.0.1'],
      ['X_Forwarded_Host', 'inside.example'],
      ['X-Forwarded-Proto', 'http'],
      ['X-Real-IP', '127.0.0.1'],
      ['porchlight-receipt', 'forged'],
      ['PORCHLIGHT_RECEIPT', 'forged'],
      ['Transfer-Encoding', 'chunked'],
      ['Connection', 'close, signature'],
      ['Expect', '100-continue'],
    ];
    house.edge.put('{}', { headers: [...forged, ['Signature', 's']] });
    house.connect();
    await allOf(house, 'kept');
    const raw = house.service.received[0]?.rawHeaders.join('\n') ?? '';
    for (const value of ['forged', '127.0.0.1', 'inside.example', 'chunked', 'session=1', 'GMT', '100-continue']) {
      expect(raw).not.toContain(value);
    }
    expect(raw).toContain('Signature\ns');
  });

  test('that is large is fetched from the edge and delivered whole', async () => {
    const body = randomBytes(900_000);
    house.edge.put(body, { large: true });
    house.edge.put('after', {});
    house.connect();
    await allOf(house, 'kept');
    expect(house.service.received[0]?.body.equals(body)).toBe(true);
    expect(house.service.bodies()[1]).toBe('after');
  });

  test('whose bytes are not those that the edge accepted is not delivered', async () => {
    house.edge.deferMs = 60_000;
    for (const large of [true, false]) {
      house.edge.put('altered', { large, bodySha256: 'x'.repeat(43), sender: `s${large}` });
    }
    house.connect();
    await until('two answers', () => (house.edge.answers.length === 2 ? true : null));
    for (const answer of house.edge.answers) {
      expect(answer).toMatchObject({ outcome: 'later', reason: expect.stringContaining('SHA-256') });
    }
    expect(house.service.received).toEqual([]);
  });

  test('that cannot be sent as HTTP becomes a dead letter', async () => {
    house.edge.put('{}', { path: '/in box' });
    house.connect();
    await allOf(house, 'dead');
    expect(house.service.received).toEqual([]);
  });

  test('that the service refuses for ever becomes a dead letter and does not stop its sender', async () => {
    house.service.behave = ({ body }, response) => void response.writeHead(body.toString() === 'bad' ? 400 : 202).end();
    house.edge.put('bad');
    house.edge.put('good');
    house.connect();
    await until('both', () => (house.edge.answers.length === 2 ? true : null));
    expect(house.edge.states()).toEqual(['dead', 'kept']);
  });

  test('is put off as long as the service asks for', async () => {
    house.edge.deferMs = 60_000;
    house.service.behave = (_, response) => void response.writeHead(429, { 'Retry-After': '120' }).end();
    house.edge.put('x');
    house.connect();
    await until('an answer', () => (house.edge.answers.length === 1 ? true : null));
    expect(house.edge.answers[0]).toMatchObject({ outcome: 'later', retryAfterMs: 120_000 });
  });

  test('whose service hangs is put off when limits.deliverMs are over', async () => {
    expect(limits.deliverMs).toBeGreaterThanOrEqual(30_000);
    await house.end();
    house = await House.start({ deliverMs: 300 });
    house.edge.deferMs = 60_000;
    house.service.behave = () => undefined;
    house.edge.put('x');
    house.connect();
    await until('an answer', () => (house.edge.answers.length === 1 ? true : null));
    expect(house.edge.answers[0]).toMatchObject({ outcome: 'later' });
    expect(house.silent).toEqual(['home']);
  });

  test('is delivered by the status of an answer that never ends, of which limits.serviceAnswerBytes are read', async () => {
    let written = 0;
    house.service.behave = (_, response) => {
      response.writeHead(202);
      const more = (): void => {
        if (response.destroyed) return;
        written += 16 * 1024;
        response.write(Buffer.alloc(16 * 1024), () => setImmediate(more));
      };
      more();
    };
    house.edge.put('x');
    house.connect();
    await allOf(house, 'kept');
    expect(written).toBeLessThan(limits.serviceAnswerBytes + 16 * 1024 * 1024);
  });
});
