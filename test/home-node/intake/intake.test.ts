import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TurnOutcome } from '../../../home-node/edge-api/edge-api.ts';
import { Intake } from '../../../home-node/intake/lease.ts';
import { createLog } from '../../../home-node/log.ts';
import { systemClock } from '../../../shared/clock.ts';
import { PorchlightError } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { until } from '../../support/processes.ts';
import { House } from './house.ts';
import { SmallService } from './small-service.ts';

let house: House;

beforeEach(async () => {
  house = await House.start({ troubleMs: 50 });
});

afterEach(async () => {
  await house.end();
});

const allOf = async (state: string): Promise<true> =>
  await until(`everything ${state}`, () => (house.edge.states().every((one) => one === state) ? true : null));

/** Bodies at the service, by sender (the part before the dash), in the order of arrival. */
function bySender(): Map<string, string[]> {
  return Map.groupBy(house.service.bodies(), (body) => body.split('-')[0] ?? '');
}

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
    await allOf('kept');
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
    await allOf('kept');
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
    await allOf('kept');
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
    await allOf('dead');
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
    await allOf('kept');
    expect(written).toBeLessThan(limits.serviceAnswerBytes + 16 * 1024 * 1024);
  });
});

describe('order', () => {
  test('is kept for each sender, one at a time, while senders go side by side up to limits.deliverParallel', async () => {
    const senders = 40;
    const each = 12;
    const now = new Map<string, number>();
    let worst = 0;
    let allTaken: () => void = () => undefined;
    const full = new Promise<void>((resolve) => {
      allTaken = resolve;
    });
    house.service.behave = async ({ body }, response) => {
      const sender = body.toString().split('-')[0] ?? '';
      now.set(sender, (now.get(sender) ?? 0) + 1);
      worst = Math.max(worst, now.get(sender) ?? 0);
      // The first ones wait for each other: as many as may are there at once.
      if (house.service.received.length === limits.deliverParallel) allTaken();
      await full;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
      now.set(sender, (now.get(sender) ?? 0) - 1);
      response.writeHead(202).end();
    };
    for (let n = 0; n < each; n += 1) {
      for (let s = 0; s < senders; s += 1) house.edge.put(`${s}-${n}`, { sender: String(s) });
    }
    house.connect();
    await allOf('kept');
    expect(worst).toBe(1);
    expect(house.service.mostAtOnce).toBe(limits.deliverParallel);
    for (const [sender, bodies] of bySender()) {
      expect(bodies).toEqual(Array.from({ length: each }, (_, n) => `${sender}-${n}`));
    }
    expect(house.service.received.length).toBe(senders * each);
  });

  test('holds when one is put off: the rest of its sender is released, other senders go on', async () => {
    let refusals = 2;
    house.service.behave = ({ body }, response) => {
      const refuse = body.toString() === 'a-1' && refusals > 0;
      if (refuse) refusals -= 1;
      response.writeHead(refuse ? 503 : 202).end();
    };
    for (let n = 0; n < 4; n += 1) {
      house.edge.put(`a-${n}`, { sender: 'a' });
      house.edge.put(`b-${n}`, { sender: 'b' });
    }
    house.connect();
    await allOf('kept');
    expect(bySender().get('a')).toEqual(['a-0', 'a-1', 'a-1', 'a-1', 'a-2', 'a-3']);
    expect(bySender().get('b')).toEqual(['b-0', 'b-1', 'b-2', 'b-3']);
    const released = house.edge.answers.filter(({ outcome }) => outcome === 'released').map(({ id }) => id);
    expect(released.slice(0, 2)).toEqual(['delivery-5', 'delivery-7']);
  });

  test('holds under a service that fails at random, also across batches', async () => {
    let seed = 7;
    const dice = (): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    house.service.behave = (_, response) => void response.writeHead(dice() < 0.15 ? 503 : 202).end();
    const taken = new Map<string, string[]>();
    const plain = house.service.behave;
    house.service.behave = (received, response) => {
      response.once('finish', () => {
        const [sender = '', n = ''] = received.body.toString().split('-');
        if (response.statusCode === 202) taken.set(sender, [...(taken.get(sender) ?? []), n]);
      });
      return plain(received, response);
    };
    for (let n = 0; n < 400; n += 1) house.edge.put(`${n % 7}-${n}`, { sender: String(n % 7) });
    house.connect();
    await allOf('kept');
    for (const [sender, numbers] of taken) {
      const wanted = Array.from({ length: 400 }, (_, n) => n).filter((n) => String(n % 7) === sender);
      expect(numbers).toEqual(wanted.map(String));
    }
  });
});

describe('turns', () => {
  test('bring a delivery as soon as the edge calls, and its answer goes back at once', async () => {
    house.connect();
    await until('the first turn', () => (house.edge.turns.length === 1 ? true : null));
    house.edge.put('x');
    await allOf('kept');
    expect(house.edge.turns.length).toBe(3);
    expect(house.edge.turns[2]).toMatchObject({ answers: [{ id: 'delivery-1', outcome: 'delivered' }] });
  });

  test('hold at most two batches in memory', async () => {
    let open = 0;
    let most = 0;
    house.service.behave = async (_, response) => {
      open = house.points.filter(([point]) => point === 'leased').length - house.edge.answers.length;
      most = Math.max(most, open);
      await new Promise((resolve) => setImmediate(resolve));
      response.writeHead(202).end();
    };
    for (let n = 0; n < 6 * limits.leaseDeliveries; n += 1) house.edge.put(String(n), { sender: String(n) });
    house.connect();
    await allOf('kept');
    expect(most).toBeLessThanOrEqual(2 * limits.leaseDeliveries);
    expect(most).toBeGreaterThan(limits.leaseDeliveries);
  });

  test('whose reply was lost are asked again and answered the same: nothing is delivered twice', async () => {
    house.edge.cutReplies = 3;
    house.edge.put('a-0');
    house.edge.put('a-1');
    house.connect();
    await allOf('kept');
    expect(house.service.bodies()).toEqual(['a-0', 'a-1']);
  });

  test('are tried again after the edge was in trouble', async () => {
    house.edge.refuseWith = 503;
    house.edge.put('x');
    house.connect();
    await new Promise((resolve) => setTimeout(resolve, 30));
    house.edge.refuseWith = 403;
    await until('the trouble in the log', () => (house.said.some((line) => line.includes('told-to')) ? true : null));
    house.edge.refuseWith = null;
    await allOf('kept');
    expect(house.service.bodies()).toEqual(['x']);
  });

  test('renew the lease of a slow delivery, so that it is not leased again', async () => {
    house.edge.leaseMs = 120;
    let finish: () => void = () => undefined;
    house.service.behave = async (_, response) => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      response.writeHead(202).end();
    };
    house.edge.put('slow');
    house.connect();
    await until('four renewals', () => (house.edge.turns.flatMap(({ renew }) => renew).length >= 4 ? true : null));
    house.intake.wake();
    finish();
    await allOf('kept');
    expect(house.service.bodies()).toEqual(['slow']);
  });

  test('ask again when a deferred delivery is due, without a call', async () => {
    house.edge.deferMs = 150;
    let first = true;
    house.service.behave = (_, response) => {
      response.writeHead(first ? 503 : 202).end();
      first = false;
    };
    house.edge.put('x');
    house.connect();
    await allOf('kept');
    expect(house.service.bodies()).toEqual(['x', 'x']);
  });

  test('go on in a new session: what was finished is told, what was not begun is given back', async () => {
    const open: (() => void)[] = [];
    house.service.behave = async (_, response) => {
      await new Promise<void>((resolve) => open.push(resolve));
      response.writeHead(202).end();
    };
    for (let n = 0; n < 3; n += 1) house.edge.put(`a-${n}`, { sender: 'a' });
    house.connect();
    await until('the first is sent', () => (open.length === 1 ? true : null));
    house.calls.use(null);
    house.intake.disconnected();
    house.edge.openSession('session-2');
    house.connect();
    await until('two given back', () => (house.edge.answers.length >= 2 ? true : null));
    expect(house.edge.answers.map(({ outcome }) => outcome)).toEqual(['released', 'released']);
    house.service.behave = (_, response) => void response.writeHead(202).end();
    for (const finish of open) finish();
    await allOf('kept');
    expect(house.service.bodies()).toEqual(['a-0', 'a-1', 'a-2']);
  });
});

describe('a turn that ends late with its old link', () => {
  test('does not stop the turns of the link that is open now', async () => {
    const turns: { resolve: (outcome: TurnOutcome) => void; reject: (cause: Error) => void }[] = [];
    const intake = new Intake({
      log: createLog('error', systemClock, () => undefined),
      recipients: house.recipients,
      turn: async () => await new Promise((resolve, reject) => turns.push({ resolve, reject })),
      work: async () => await Promise.resolve(),
      observe: () => undefined,
      now: () => 0,
      onDrained: () => undefined,
    });
    intake.connected();
    await until('the first turn', () => (turns.length === 1 ? true : null));
    // The link was lost and is open again before the old turn has noticed.
    intake.disconnected();
    intake.connected();
    turns[0]?.reject(new PorchlightError('no-session', 'The link has ended.'));
    await until('a turn on the new link', () => (turns.length === 2 ? true : null));
    intake.close();
  });
});

describe('what is known', () => {
  test('is acknowledged again without sending when the edge hands it out once more', async () => {
    for (let n = 0; n < 5; n += 1) house.edge.put(`a-${n}`);
    house.connect();
    await allOf('kept');
    house.edge.replay();
    house.intake.wake();
    await allOf('kept');
    expect(house.service.bodies()).toEqual(['a-0', 'a-1', 'a-2', 'a-3', 'a-4']);
    expect(house.edge.answers.length).toBe(10);
  });
});

describe('a service', () => {
  test('that is down is not named in turns, gives back what it was to get, and is served when it is up', async () => {
    const { port } = house.service;
    await house.service.stop();
    for (let n = 0; n < 5; n += 1) house.edge.put(`a-${n}`, { sender: 'a' });
    house.connect();
    await until('everything given back', () => (house.edge.answers.length === 5 ? true : null));
    expect(new Set(house.edge.answers.map(({ outcome }) => outcome))).toEqual(new Set(['released']));
    expect(house.silent).toEqual(['home']);
    house.edge.put('a-5', { sender: 'a' });
    house.intake.wake();
    const before = house.edge.turns.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(house.edge.turns.slice(before)).toEqual([]);
    const again = await SmallService.start(port);
    house.serviceOrigin = again.origin;
    house.intake.wake();
    await allOf('kept');
    expect(again.bodies()).toEqual(['a-0', 'a-1', 'a-2', 'a-3', 'a-4', 'a-5']);
    await again.stop();
  });

  test('that breaks off in the middle is asked again later, and its delivery waits', async () => {
    let breaks = 1;
    house.service.behave = (_, response) => {
      if (breaks > 0) response.destroy();
      else response.writeHead(202).end();
      breaks -= 1;
    };
    house.edge.put('a-0');
    house.edge.put('a-1');
    house.connect();
    await until('two answers', () => (house.edge.answers.length === 2 ? true : null));
    expect(house.edge.answers.map(({ outcome }) => outcome)).toEqual(['later', 'released']);
    house.serviceOrigin = house.service.origin;
    house.intake.wake();
    await allOf('kept');
    expect(house.service.bodies()).toEqual(['a-0', 'a-0', 'a-1']);
  });

  test('that is slow does not keep another service from its deliveries', async () => {
    const other = await SmallService.start();
    house.recipients.set('other', {
      name: 'other',
      adapter: house.recipients.get('home')?.adapter ?? expect.fail(),
      origin: () => other.origin,
    });
    const open: (() => void)[] = [];
    house.service.behave = async (_, response) => {
      await new Promise<void>((resolve) => open.push(resolve));
      response.writeHead(202).end();
    };
    for (let n = 0; n < 3 * limits.leaseDeliveries; n += 1) house.edge.put(`slow-${n}`, { sender: `s${n}` });
    for (let n = 0; n < 20; n += 1) house.edge.put(`quick-${n}`, { sender: 'q', service: 'other' });
    house.connect();
    await until('the quick ones', () => (other.received.length === 20 ? true : null));
    house.service.behave = (_, response) => void response.writeHead(202).end();
    for (const finish of open) finish();
    await allOf('kept');
    await other.stop();
  });
});

describe('bedtime', () => {
  test('finishes what is before a service, gives back the rest, and tells the edge of both', async () => {
    let finish: () => void = () => undefined;
    house.service.behave = async (_, response) => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      response.writeHead(202).end();
    };
    for (let n = 0; n < 3; n += 1) house.edge.put(`a-${n}`, { sender: 'a' });
    house.connect();
    await until('the first is sent', () => (house.service.pending === 1 ? true : null));
    const finished = house.intake.finish(10_000);
    finish();
    expect(await finished).toBe(true);
    expect(house.edge.states()).toEqual(['kept', 'waiting', 'waiting']);
    expect(house.service.bodies()).toEqual(['a-0']);
  });

  test('does not wait longer than its bound for a service that hangs', async () => {
    house.service.behave = () => undefined;
    house.edge.put('hangs');
    house.connect();
    await until('it is sent', () => (house.service.pending === 1 ? true : null));
    expect(await house.intake.finish(100)).toBe(false);
    expect(house.edge.states()).toEqual(['waiting']);
  });

  test('is over at once when nothing is in hand', async () => {
    house.connect();
    await until('the first turn', () => (house.edge.turns.length === 1 ? true : null));
    await until('it is over', async () => ((await house.intake.finish(1_000)) ? true : null));
  });
});
