// The calls of home to the spool: when, how much, and again.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TurnOutcome } from '../../../home-node/edge-api/edge-api.ts';
import { Intake } from '../../../home-node/intake/lease.ts';
import { createLog } from '../../../home-node/log.ts';
import { systemClock } from '../../../shared/clock.ts';
import { PorchlightError } from '../../../shared/errors.ts';
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

describe('turns', () => {
  test('bring a delivery as soon as the edge calls, and its answer goes back at once', async () => {
    house.connect();
    await until('the first turn', () => (house.edge.turns.length === 1 ? true : null));
    house.edge.put('x');
    await allOf(house, 'kept');
    expect(house.edge.turns.length).toBe(3);
    expect(house.edge.turns[2]).toMatchObject({ answers: [{ id: 'delivery-1', outcome: 'delivered' }] });
  });

  test('say when nothing waits for a service: not before the first, nor while it is down, nor with work in hand', async () => {
    const name = [...house.recipients.keys()][0] ?? '';
    expect(house.intake.isCurrent(name)).toBe(false);
    house.connect();
    expect(house.intake.isCurrent(name)).toBe(false);
    await until('nothing to wait', () => (house.intake.isCurrent(name) ? true : null));
    const answers: (() => void)[] = [];
    house.service.behave = async (_, response) => {
      await new Promise<void>((resolve) => answers.push(resolve));
      response.writeHead(202).end();
    };
    house.edge.put('x');
    await until('the delivery at the service', () => (answers.length === 1 ? true : null));
    expect(house.intake.isCurrent(name)).toBe(false);
    answers[0]?.();
    await until('nothing to wait again', () => (house.intake.isCurrent(name) ? true : null));
    const { serviceOrigin } = house;
    house.serviceOrigin = null;
    expect(house.intake.isCurrent(name)).toBe(false);
    house.serviceOrigin = serviceOrigin;
    house.intake.disconnected();
    expect(house.intake.isCurrent(name)).toBe(false);
    expect(house.intake.isCurrent('another')).toBe(false);
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
    await allOf(house, 'kept');
    expect(most).toBeLessThanOrEqual(2 * limits.leaseDeliveries);
    expect(most).toBeGreaterThan(limits.leaseDeliveries);
  });

  test('whose reply was lost are asked again and answered the same: nothing is delivered twice', async () => {
    house.edge.cutReplies = 3;
    house.edge.put('a-0');
    house.edge.put('a-1');
    house.connect();
    await allOf(house, 'kept');
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
    await allOf(house, 'kept');
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
    await allOf(house, 'kept');
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
    await allOf(house, 'kept');
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
    await allOf(house, 'kept');
    expect(house.service.bodies()).toEqual(['a-0', 'a-1', 'a-2']);
  });
});

describe('a reply that is lost with its link', () => {
  test('is made good by the first turn of the next, which names what is in hand', async () => {
    let finish: () => void = () => undefined;
    house.service.behave = async (_, response) => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      response.writeHead(202).end();
    };
    house.edge.put('slow', { sender: 'a' });
    house.connect();
    await until('it is sent', () => (house.service.bodies().length === 1 ? true : null));
    house.edge.cutReplies = Number.POSITIVE_INFINITY;
    const { length } = house.edge.turns;
    house.edge.put('lost', { sender: 'b' });
    await until('it is leased', () => (house.edge.turns.length > length ? true : null));
    house.service.behave = (_, response) => void response.writeHead(202).end();
    house.calls.use(null);
    house.intake.disconnected();
    house.edge.cutReplies = 0;
    house.edge.openSession('session-2');
    house.connect();
    await until('a turn of the new link', () => (house.edge.turns.length > length + 1 ? true : null));
    expect(house.edge.turns[length + 1]).toMatchObject({ renew: ['lease-1'] });
    finish();
    await allOf(house, 'kept');
    expect(house.service.bodies()).toEqual(['slow', 'lost']);
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
    turns[0]?.reject(new PorchlightError('link-not-open', 'The link has ended.'));
    await until('a turn on the new link', () => (turns.length === 2 ? true : null));
    intake.close();
  });
});

describe('what is known', () => {
  test('is acknowledged again without sending when the edge hands it out once more', async () => {
    for (let n = 0; n < 5; n += 1) house.edge.put(`a-${n}`);
    house.connect();
    await allOf(house, 'kept');
    house.edge.replay();
    house.intake.wake();
    await allOf(house, 'kept');
    expect(house.service.bodies()).toEqual(['a-0', 'a-1', 'a-2', 'a-3', 'a-4']);
    expect(house.edge.answers.length).toBe(10);
  });
});
