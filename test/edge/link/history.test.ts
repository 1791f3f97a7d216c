// The history of a link: what is kept of it, that it costs no row, and that silence shows up in it.

import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { type LinkChange, merged, toldUntil } from '../../../edge/link/history.ts';
import { limits } from '../../../shared/limits.ts';
import { encodeTextFrame } from '../../../shared/link/codec.ts';
import { closeCodes } from '../../../shared/link/frames.ts';
import { HandClock } from '../home/directory-database.ts';
import { type HomeSocket, LinkRig } from './link-rig.ts';

const day = 24 * 3_600_000;
const now = 1_800_000_000_000;

const change = fc.record({
  at: fc.integer({ min: now - 2 * limits.linkHistoryMs, max: now }),
  link: fc.constantFrom('connected' as const, 'asleep' as const, 'lost' as const),
});
const changes = fc.uniqueArray(change, { maxLength: 120, selector: ({ at }) => at });

describe('merged()', () => {
  test('is in order, alternates, is bounded, and merging anything of it again changes nothing', () => {
    fc.assert(
      fc.property(changes, fc.nat(), (all, cut) => {
        const first = all.slice(0, cut % (all.length + 1));
        const second = all.slice(first.length);
        const history = merged([first, second], now);
        expect(history.length).toBeLessThanOrEqual(limits.linkHistoryChanges);
        history.forEach(({ at, link }, i) => {
          const before = history[i - 1];
          if (before === undefined) return;
          expect(at).toBeGreaterThanOrEqual(before.at);
          expect(link).not.toBe(before.link);
        });
        expect(merged([history, first], now)).toEqual(history);
        expect(merged([history, history], now)).toEqual(history);
      }),
    );
  });

  test('keeps of what is older than limits.linkHistoryMs only what the link was when that time began', () => {
    const list: LinkChange[] = [
      { at: now - 20 * day, link: 'connected' },
      { at: now - 10 * day, link: 'lost' },
      { at: now - 9 * day, link: 'connected' },
      { at: now - 2 * day, link: 'asleep' },
    ];
    expect(merged([list], now)).toEqual(list.slice(2));
    expect(merged([list.slice(0, 2)], now)).toEqual(list.slice(1, 2));
    expect(merged([[]], now)).toEqual([]);
  });

  test('of a link that flaps keeps the newest', () => {
    const flaps = Array.from({ length: 3 * limits.linkHistoryChanges }, (_, n): LinkChange => {
      return { at: now - 1_000_000 + n, link: n % 2 === 0 ? 'connected' : 'lost' };
    });
    expect(merged([flaps], now)).toEqual(flaps.slice(-limits.linkHistoryChanges));
    expect(merged([flaps], now, limits.linkUnwrittenChanges)).toHaveLength(limits.linkUnwrittenChanges);
  });
});

test('toldUntil() ends with what the link is now', () => {
  const history: LinkChange[] = [{ at: 5, link: 'connected' }];
  expect(toldUntil({ link: 'connected', since: 9 }, history)).toEqual(history);
  expect(toldUntil({ link: 'lost', since: 9 }, history)).toEqual([...history, { at: 9, link: 'lost' }]);
  expect(toldUntil({ link: 'lost', since: 2 }, history)).toEqual([...history, { at: 5, link: 'lost' }]);
  expect(toldUntil({ link: 'never' }, [])).toEqual([]);
  expect(toldUntil({ link: 'asleep', since: 7, until: null }, [])).toEqual([{ at: 7, link: 'asleep' }]);
});

class Days {
  readonly rig: LinkRig;
  readonly clock = new HandClock();
  readonly begin = this.clock.now();

  private constructor(rig: LinkRig) {
    this.rig = rig;
  }

  static async open(): Promise<Days> {
    const days = new Days(await LinkRig.open());
    await days.setClock();
    return days;
  }

  async setClock(): Promise<void> {
    await this.rig.inside((object) => {
      object.outside.clock = this.clock;
    });
  }

  async hibernate(): Promise<void> {
    await this.rig.hibernate();
    await this.setClock();
  }

  /** [what the link was, since how many ms after the beginning] */
  async told(): Promise<[string, number][]> {
    const { presence, history } = await this.rig.stub.told();
    expect(presence).toEqual(await this.rig.stub.presence());
    if (presence.link !== 'never') expect(history.at(-1)?.link).toBe(presence.link);
    return history.map(({ at, link }) => [link, at - this.begin]);
  }

  async lose(socket: HomeSocket): Promise<void> {
    socket.close();
    await vi.waitUntil(async () => (await this.rig.stub.presence()).link === 'lost', { interval: 2 });
  }

  async sleep(socket: HomeSocket): Promise<void> {
    socket.send(encodeTextFrame('SLEEP', '{"until":null}'));
    await socket.next('SLEPT');
    socket.close();
  }
}

describe('told()', () => {
  test('of a home that was never there has no history', async () => {
    const days = await Days.open();
    expect(await days.told()).toEqual([]);
    expect((await days.rig.stub.told()).presence).toEqual({ link: 'never' });
  });

  test('says how the link went, through evictions, at the cost of the rows that were written before', async () => {
    const days = await Days.open();
    const { rig, clock } = days;
    const writes = async (work: () => Promise<unknown>): Promise<number> => {
      const before = await rig.rowWrites();
      await work();
      return (await rig.rowWrites()) - before;
    };
    let { socket, welcome } = await rig.openLink();
    clock.advance(1_000);
    expect(await writes(async () => await days.lose(socket))).toBe(1);
    clock.advance(1_000);
    // The same process comes back: no row, and yet it is told.
    const reconnect = async (): Promise<unknown> =>
      ({ socket, welcome } = await rig.openLink({ epoch: welcome.epoch }));
    expect(await writes(reconnect)).toBe(0);
    await days.hibernate();
    expect(await days.told()).toEqual([
      ['connected', 0],
      ['lost', 1_000],
      ['connected', 2_000],
    ]);
    clock.advance(1_000);
    expect(await writes(async () => await days.sleep(socket))).toBe(1);
    await days.hibernate();
    clock.advance(1_000);
    expect(await writes(async () => await rig.openLink({ process: 'next morning' }))).toBe(1);
    await days.hibernate();
    expect(await days.told()).toEqual([
      ['connected', 0],
      ['lost', 1_000],
      ['connected', 2_000],
      ['asleep', 3_000],
      ['connected', 4_000],
    ]);
  });

  test('shows a silence from when home was last heard: when it is asked, when it is used, when home dials anew', async () => {
    const days = await Days.open();
    const { rig, clock } = days;
    const heard = async (): Promise<HomeSocket> => {
      const { socket } = await rig.openLink({ epoch: 1 });
      const answer = rig.carried(new Request('https://site.example'));
      socket.respond((await socket.request()).id, 'heard');
      await answer;
      return socket;
    };
    await rig.openLink();
    clock.advance(limits.linkStaleMs + 1);
    expect(await days.told()).toEqual([
      ['connected', 0],
      ['lost', 0],
    ]);
    // Nobody needed the link meanwhile: the same process dials anew, no row is written, and the silence is known.
    const before = await rig.rowWrites();
    const socket = await heard();
    expect((await rig.rowWrites()) - before).toBe(0);
    const second = limits.linkStaleMs + 1;
    const expected = [
      ['connected', 0],
      ['lost', 0],
      ['connected', second],
    ];
    expect(await days.told()).toEqual(expected);
    // Somebody needs it: it is given up, and was lost since it was last heard.
    clock.advance(second);
    expect(await rig.carry(new Request('https://site.example'))).toMatchObject({ why: { reason: 'lost' } });
    expect((await socket.closing()).code).toBe(closeCodes.stale);
    expect(await days.told()).toEqual([...expected, ['lost', second]]);
    expect(await rig.stub.presence()).toEqual({ link: 'lost', since: days.begin + second });
  });

  test('forgets after limits.linkHistoryMs, and keeps the newest limits.linkHistoryChanges', async () => {
    const days = await Days.open();
    const { rig, clock } = days;
    for (let n = 0; n < limits.linkHistoryChanges / 2 + 5; n++) {
      const { socket } = await rig.openLink({ process: `process-${n}` });
      clock.advance(1_000);
      await days.sleep(socket);
      clock.advance(1_000);
    }
    const told = await days.told();
    expect(told).toHaveLength(limits.linkHistoryChanges);
    expect(told[0]?.[1]).toBe(10_000);
    clock.advance(limits.linkHistoryMs);
    expect(await days.told()).toHaveLength(1);
  }, 30_000);

  test('is honest after a row of an earlier release, which has no history', async () => {
    const days = await Days.open();
    const { rig, clock } = days;
    await rig.inside((_, state) => {
      const away = { link: 'lost', since: clock.now() - 5 };
      state.storage.kv.put('link', { process: 'old', epoch: 3, openedAt: clock.now() - 10, away });
    });
    await rig.evict();
    await days.setClock();
    expect(await days.told()).toEqual([['lost', -5]]);
    const { welcome } = await rig.openLink({ process: 'old', epoch: 3 });
    expect(welcome.epoch).toBe(3);
    expect(await days.told()).toEqual([['connected', 0]]);
  });
});
