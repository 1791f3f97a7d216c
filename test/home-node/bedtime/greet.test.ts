// Greeting after waking: who is greeted is the services' to say; that it is bounded, paced, told and never in the way is
// home's.

import { beforeEach, describe, expect, test } from 'vitest';
import type { Greeter } from '../../../home-node/adapters/adapter.ts';
import { type GreetingService, greetPeers } from '../../../home-node/bedtime/greet.ts';
import { fullPace } from '../../../home-node/intake/pace.ts';
import { createLog, type Log } from '../../../home-node/log.ts';
import type { Progress } from '../../../home-node/progress.ts';
import { systemClock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';

let said: string[];
let log: Log;
let greeted: string[];
const now = (): number => performance.now();

beforeEach(() => {
  said = [];
  greeted = [];
  log = createLog('info', systemClock, (line) => said.push(line));
});

function service(
  name: string,
  peers: readonly string[],
  change: Partial<GreetingService & Greeter> = {},
): GreetingService {
  const greeter: Greeter = {
    peers: async () => await Promise.resolve(peers),
    greet: async (_, peer) => {
      greeted.push(`${name} ${peer}`);
      await Promise.resolve();
    },
    ...change,
  };
  return { name, greeter, origin: () => 'http://127.0.0.1:1', pace: fullPace, ...change };
}

const manyPeers = (count: number): string[] => Array.from({ length: count }, (_, n) => `https://p${n}.example/inbox`);

async function greet(
  services: readonly GreetingService[],
  { signal }: { readonly signal: AbortSignal } = new AbortController(),
): Promise<{ readonly count: number; readonly progress: readonly Progress[] }> {
  const progress: Progress[] = [];
  return { count: await greetPeers({ log, services, now }, signal, (one) => progress.push(one)), progress };
}

describe('greeting', () => {
  test('goes to whom each service names, one after the other, told as it goes and counted in the log', async () => {
    const { count, progress } = await greet([service('one', ['a', 'b']), service('two', ['c'])]);
    expect([count, greeted]).toEqual([3, ['one a', 'one b', 'two c']]);
    expect(progress).toEqual([0, 1, 2].map((done) => ({ step: 'greeting peers', done, of: 3 })));
    expect(said).toEqual([expect.stringContaining('Greeted 3 of 3 peers')]);
  });

  test('says nothing where nobody is to be greeted, or no service can', async () => {
    const { count, progress } = await greet([service('one', []), { ...service('two', ['a']), greeter: null }]);
    expect([count, progress, said]).toEqual([0, [], []]);
  });

  test('goes to limits.greetPeers at most, of all services together, though a service names more', async () => {
    const asked: number[] = [];
    const greedy = service('one', manyPeers(limits.greetPeers - 1));
    const more = service('two', [], {
      peers: async (_, most) => {
        asked.push(most);
        return await Promise.resolve(manyPeers(500));
      },
    });
    const { count } = await greet([greedy, more, service('three', ['never'])]);
    expect([count, asked, greeted.at(-1)]).toEqual([limits.greetPeers, [1], 'two https://p0.example/inbox']);
  });

  test('keeps to the pace of its service', async () => {
    const begun: number[] = [];
    const paced = service('one', ['a', 'b', 'c'], {
      pace: { ...fullPace, parallel: 1, perSecond: 20 },
      greet: async () => {
        begun.push(now());
        await Promise.resolve();
      },
    });
    await greet([paced]);
    const waits = begun.slice(1).map((at, n) => at - (begun[n] ?? 0));
    // Timers may be early by a part of a millisecond.
    expect(waits.map((wait) => wait > 48)).toEqual([true, true]);
  });

  test('leaves for the next time whom it does not reach, a service that is down, and one that does not say', async () => {
    const failing = service('one', ['a', 'b'], {
      greet: async (_, peer) => {
        if (peer === 'a') throw new Error('it is broken');
        await Promise.resolve();
      },
    });
    const down = service('two', ['c'], { origin: () => null });
    const silent = service('three', [], { peers: async () => await Promise.reject(new Error('no answer')) });
    expect((await greet([failing, down, silent])).count).toBe(1);
    expect(said.join('')).toContain('Greeted 1 of 2 peers');
    expect(said.join('')).toContain('Cannot learn whom three should greet: no answer');
  });

  test('waits for a service that hangs no longer than limits.greetMs, and goes on to the next', async () => {
    const until = async (signal: AbortSignal): Promise<never> =>
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    const hanging = service('one', ['a', 'b'], {
      greet: async (_, peer, signal) => {
        if (peer === 'a') await until(signal);
        greeted.push(peer);
      },
    });
    const silent = service('two', [], { peers: async (_, __, signal) => await until(signal) });
    const { signal } = new AbortController();
    expect(await greetPeers({ log, services: [silent, hanging], now, greetMs: 5 }, signal)).toBe(1);
    expect(greeted).toEqual(['b']);
  });

  test('ends when home does, though a service hangs or the next one’s turn is far off', async () => {
    const ending = new AbortController();
    const hanging = service('one', ['a', 'b'], {
      greet: async (_, __, signal) => {
        setImmediate(() => ending.abort());
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('ended'))));
      },
    });
    expect((await greet([hanging], ending)).count).toBe(0);
    const slow = new AbortController();
    const far = service('two', ['a', 'b'], {
      pace: { ...fullPace, parallel: 1, perSecond: 0.001 },
      greet: async () => {
        setImmediate(() => slow.abort());
        await Promise.resolve();
      },
    });
    expect((await greet([far], slow)).count).toBe(1);
  });
});
