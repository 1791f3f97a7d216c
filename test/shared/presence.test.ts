// What may be carried, and what is promised, over any sequence of what can happen to a link and its services.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Absence,
  type AwayReason,
  decideCarry,
  newestSaid,
  type Presence,
  retryAfterBounds,
  retryAfterSeconds,
  type ServiceState,
  type ServicesSaid,
} from '../../shared/presence.ts';

const start = 1_800_000_000_000;
const blog: ServiceState = {
  name: 'blog',
  hosts: ['blog.example'],
  state: 'down',
  since: start,
  why: 'stopped',
  until: start + 5_000,
};
const up: ServiceState = { ...blog, name: 'up', hosts: ['up.example'], state: 'up', why: null, until: null };
const connected: Presence = { link: 'connected', since: start };

describe('decideCarry()', () => {
  test('carries as before while home has said nothing of its services', () => {
    expect(decideCarry('blog.example', connected, start)).toEqual({ decision: 'carry' });
    const lost: Presence = { link: 'lost', since: start };
    expect(decideCarry('blog.example', lost, start)).toMatchObject({ decision: 'away', reason: 'lost', until: null });
    const asleep: Presence = { link: 'asleep', since: start, until: start + 1 };
    expect(decideCarry('x', asleep, start)).toMatchObject({ decision: 'away', reason: 'asleep', until: start + 1 });
  });

  test('decides by the service of the host: one that is up or unknown is carried, one that is down is not', () => {
    const presence: Presence = { ...connected, services: [blog, up] };
    expect(decideCarry('up.example', presence, start)).toEqual({ decision: 'carry' });
    expect(decideCarry('new.example', presence, start)).toEqual({ decision: 'carry' });
    expect(decideCarry('blog.example', presence, start)).toEqual({
      decision: 'away',
      reason: 'stopped',
      service: 'blog',
      until: start + 5_000,
    });
    expect(decideCarry('blog.example', presence, start + 5_000)).toMatchObject({ decision: 'away', until: null });
  });

  test('promises a service that rests for longer than home for when it is back, not for when home is', () => {
    const asleep: Presence = { link: 'asleep', since: start, until: start + 1_000, services: [blog, up] };
    expect(decideCarry('blog.example', asleep, start)).toMatchObject({ reason: 'asleep', until: start + 5_000 });
    expect(decideCarry('up.example', asleep, start)).toMatchObject({ reason: 'asleep', until: start + 1_000 });
    const unknown: Presence = { link: 'asleep', since: start, until: null, services: [blog] };
    expect(decideCarry('blog.example', unknown, start)).toMatchObject({ reason: 'asleep', until: null });
  });
});

const names = ['blog', 'site', 'social'] as const;
const event = fc.oneof(
  fc.record({ it: fc.constant('connect' as const) }),
  fc.record({ it: fc.constant('lose' as const) }),
  fc.record({ it: fc.constant('sleep' as const), forMs: fc.option(fc.integer({ min: -10_000, max: 10_000_000 })) }),
  fc.record({ it: fc.constant('tick' as const), ms: fc.integer({ min: 0, max: 5_000_000 }) }),
  fc.record({ it: fc.constant('up' as const), name: fc.constantFrom(...names) }),
  fc.record({
    it: fc.constant('down' as const),
    name: fc.constantFrom(...names),
    why: fc.constantFrom('starting' as const, 'stopped' as const, 'failing' as const),
    forMs: fc.option(fc.integer({ min: -10_000, max: 100_000_000 })),
  }),
);

/** What really is, event by event, beside what the edge would know. */
class World {
  now = start;
  presence: Presence = { link: 'never' };
  readonly states = new Map<string, ServiceState>();

  happens(next: typeof event extends fc.Arbitrary<infer T> ? T : never): void {
    switch (next.it) {
      case 'connect':
        this.#link({ link: 'connected', since: this.now });
        return;
      case 'lose':
        if (this.presence.link !== 'never') this.presence = { link: 'lost', since: this.now };
        return;
      case 'sleep':
        if (this.presence.link !== 'connected') return;
        this.#link({ link: 'asleep', since: this.now, until: next.forMs === null ? null : this.now + next.forMs });
        return;
      case 'tick':
        this.now += next.ms;
        return;
      case 'up':
        this.#say({ ...up, name: next.name, hosts: [`${next.name}.example`] });
        return;
      case 'down': {
        const until = next.forMs === null ? null : this.now + next.forMs;
        this.#say({ ...blog, name: next.name, hosts: [`${next.name}.example`], why: next.why, until });
      }
    }
  }

  #link(presence: Presence): void {
    this.presence = { ...presence, services: [...this.states.values()] };
  }

  #say(state: ServiceState): void {
    this.states.set(state.name, state);
    if (this.presence.link === 'connected') this.#link(this.presence);
  }
}

describe('whatever happens', () => {
  test('nothing is carried that cannot be, nothing is promised that is past, and the link has the first word', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const world = new World();
        for (const next of events) {
          world.happens(next);
          for (const name of [...names, 'unknown']) {
            const { now, presence } = world;
            const decided = decideCarry(`${name}.example`, presence, now);
            const state = world.states.get(name);
            if (decided.decision === 'carry') {
              expect(presence.link).toBe('connected');
              expect(state?.state).not.toBe('down');
              continue;
            }
            if (presence.link !== 'connected') expect(decided.reason).toBe(presence.link);
            else expect([decided.reason, decided.service]).toEqual([state?.why, name]);
            if (decided.until !== null) expect(decided.until).toBeGreaterThan(now);
            const seconds = retryAfterSeconds(decided, now);
            expect(seconds).toBeGreaterThanOrEqual(retryAfterBounds.least);
            expect(seconds).toBeLessThanOrEqual(retryAfterBounds.most);
            // Whoever comes back then does not come too early, unless it is more than a day.
            if (decided.until !== null && seconds < retryAfterBounds.most) {
              expect(now + seconds * 1000).toBeGreaterThanOrEqual(decided.until);
            }
          }
        }
      }),
    );
  });

  test('sayings of services count by their number, however they come', () => {
    const saying = fc.record({ n: fc.integer({ min: 0, max: 12 }) }).map(({ n }): ServicesSaid => {
      return { n, services: [{ ...blog, since: n }] };
    });
    fc.assert(
      fc.property(fc.array(saying, { minLength: 1 }), (sayings) => {
        let known: ServicesSaid | null = null;
        for (const said of sayings) known = newestSaid(known, said);
        expect(known?.n).toBe(Math.max(...sayings.map(({ n }) => n)));
        expect(known?.services[0]?.since).toBe(known?.n);
      }),
    );
  });
});

describe('retryAfterSeconds()', () => {
  test('is within its bounds for every reason and every time', () => {
    const reasons: AwayReason[] = ['starting', 'stopped', 'failing', 'asleep', 'lost', 'never', 'unreachable'];
    const absence = fc.record({
      reason: fc.constantFrom(...reasons),
      service: fc.constant(null),
      until: fc.option(fc.maxSafeInteger()),
    });
    fc.assert(
      fc.property(absence, fc.maxSafeInteger(), (away: Absence, now) => {
        const seconds = retryAfterSeconds(away, now);
        expect(Number.isInteger(seconds)).toBe(true);
        expect(seconds).toBeGreaterThanOrEqual(60);
        expect(seconds).toBeLessThanOrEqual(86_400);
      }),
    );
  });

  test('is the time until the expected return', () => {
    expect(retryAfterSeconds({ reason: 'asleep', service: null, until: start + 120_500 }, start)).toBe(121);
  });
});
