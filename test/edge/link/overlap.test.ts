// Two links of one home: a newer home node takes over, and the older one ends what it has begun with.

import { describe, expect, test, vi } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import { encodeTextFrame, recordOf } from '../../../shared/link/codec.ts';
import { closeCodes } from '../../../shared/link/frames.ts';
import { type HomeSocket, LinkRig } from './link-rig.ts';

const site = 'https://site.example';

interface Two {
  readonly rig: LinkRig;
  readonly older: HomeSocket;
  readonly newer: HomeSocket;
  /** Under way on the older link. */
  readonly first: Promise<Response>;
  readonly firstId: number;
}

async function two(drainMs?: number): Promise<Two> {
  const rig = await LinkRig.open();
  await rig.holdFor(5_000);
  await rig.inside((object) => {
    if (drainMs !== undefined) object.outside.linkDrainMs = drainMs;
  });
  const { socket: older } = await rig.openLink({ version: 3 });
  const first = rig.carried(new Request(`${site}/first`));
  const { id: firstId } = await older.request();
  const { socket: newer } = await rig.openLink({ version: 3, process: 'newer' });
  return { rig, older, newer, first, firstId };
}

describe('a newer home node', () => {
  test('gets all that comes, and the older is told why, and answers what it has begun with', async () => {
    const { rig, older, newer, first, firstId } = await two();
    expect(recordOf(await older.next('DRAIN'))).toMatchObject({ code: 'superseded', reason: expect.any(String) });
    const second = rig.carried(new Request(`${site}/second`));
    newer.respond((await newer.request()).id, 'by the newer');
    older.respond(firstId, 'by the ', { more: true });
    const response = await first;
    older.data(firstId, new TextEncoder().encode('older'), true);
    expect([await response.text(), await (await second).text()]).toEqual(['by the older', 'by the newer']);
    expect(older.closed).toBeNull();
    older.close();
    const third = rig.carried(new Request(`${site}/third`));
    newer.respond((await newer.request()).id, 'here');
    expect(await (await third).text()).toBe('here');
    expect(older.waiting.filter(({ name }) => name === 'REQUEST')).toEqual([]);
    expect(await rig.stub.presence()).toMatchObject({ link: 'connected' });
  });

  test('of a version that knows no DRAIN ends the older at once', async () => {
    const rig = await LinkRig.open();
    const { socket: older } = await rig.openLink({ version: 2 });
    await rig.openLink({ version: 3, process: 'newer' });
    expect(recordOf(await older.next('REFUSED'))).toMatchObject({ code: 'superseded' });
    expect((await older.closing()).code).toBe(closeCodes.replaced);
  });

  test('takes over what the older could not begin to answer, if that may be asked twice', async () => {
    const { older, newer, first } = await two();
    await older.next('DRAIN');
    older.close();
    newer.respond((await newer.request()).id, 'by the newer after all');
    expect(await (await first).text()).toBe('by the newer after all');
  });

  test('waits no longer for the older than it may', async () => {
    const { older, newer, first } = await two(limits.linkDrainMs / 1000);
    await older.next('DRAIN');
    expect((await older.closing()).code).toBe(closeCodes.replaced);
    newer.respond((await newer.request()).id, 'by the newer after all');
    expect(await (await first).text()).toBe('by the newer after all');
  });

  test('is followed by a third: the oldest is closed', async () => {
    const { rig, older, newer, first } = await two();
    await older.next('DRAIN');
    const { socket: third } = await rig.openLink({ version: 3, process: 'third' });
    expect((await older.closing()).code).toBe(closeCodes.replaced);
    await newer.next('DRAIN');
    expect(newer.closed).toBeNull();
    third.respond((await third.request()).id, 'by the third');
    expect(await (await first).text()).toBe('by the third');
  });
});

describe('an older home node', () => {
  test('cannot make its home sleep, nor speak for its services, nor break what the newer carries', async () => {
    const { rig, older, newer, first, firstId } = await two();
    await older.next('DRAIN');
    older.send(encodeTextFrame('SLEEP', '{"until":null}'));
    await older.next('SLEPT');
    older.send(encodeTextFrame('SERVICES', JSON.stringify({ n: 99, services: [] })));
    const second = rig.carried(new Request(`${site}/second`));
    const { id } = await newer.request();
    older.respond(firstId, 'done');
    await first;
    older.send(Uint8Array.of(1, 2, 3));
    expect((await older.closing()).code).toBe(closeCodes.protocol);
    newer.respond(id, 'untouched');
    expect(await (await second).text()).toBe('untouched');
    expect(await rig.stub.presence()).toMatchObject({ link: 'connected' });
    expect((await rig.stub.presence()).services).toBeUndefined();
  });

  test('is forgotten with the memory that knew what was open on it, and the newer is not', async () => {
    const { rig, older, newer, first, firstId } = await two();
    older.respond(firstId, 'done');
    await (await first).text();
    await rig.hibernate();
    expect((await older.closing()).code).toBe(closeCodes.replaced);
    const second = rig.carried(new Request(site));
    newer.respond((await newer.request()).id, 'awake');
    expect(await (await second).text()).toBe('awake');
  });

  test('ends at once when its key is revoked', async () => {
    const { rig, older, newer, first } = await two();
    const lost = expect(first).rejects.toThrow('lost');
    await rig.stub.keepOnly(null, { code: 'revoked', reason: 'test' });
    expect(recordOf(await older.next('REFUSED'))).toMatchObject({ code: 'revoked' });
    expect(recordOf(await newer.next('REFUSED'))).toMatchObject({ code: 'revoked' });
    await lost;
  });

  test('that lost its link cannot come back, and is not told anew', async () => {
    const { rig, older, newer } = await two();
    older.close();
    const { socket, hello } = await rig.dial();
    expect(await rig.verdict(socket, await rig.proof(hello, { version: 3, epoch: 1 }))).toBe('superseded');
    await vi.waitFor(async () => expect(await rig.stub.presence()).toMatchObject({ link: 'connected' }));
    expect(newer.closed).toBeNull();
  });
});
