// Presence of a home, for whatever the Link object may know of it: properties of presenceOf, and of what is then carried.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSilent, type LeftFacts, type LinkFacts, presenceOf } from '../../../edge/link/presence.ts';
import { limits } from '../../../shared/limits.ts';
import { decideCarry, type ServiceState } from '../../../shared/presence.ts';

/** Times around the moment of the question, on both sides of what is believed. */
const time = fc.integer({ min: 1_000_000, max: 1_000_000 + 4 * limits.linkStaleMs });
const host = 'home.example';

const service: fc.Arbitrary<ServiceState> = fc.oneof(
  fc.record({
    name: fc.constantFrom('home', 'social'),
    hosts: fc.constant([host]),
    state: fc.constant('up' as const),
    since: time,
    why: fc.constant(null),
    until: fc.constant(null),
  }),
  fc.record({
    name: fc.constantFrom('home', 'social'),
    hosts: fc.constant([host]),
    state: fc.constant('down' as const),
    since: time,
    why: fc.constantFrom('starting' as const, 'stopped' as const, 'failing' as const),
    until: fc.option(time),
  }),
);
const services = fc.option(fc.array(service, { maxLength: 2 }));

const away = fc.oneof(
  fc.record({ link: fc.constant('asleep' as const), since: time, until: fc.option(time) }),
  fc.record({ link: fc.constant('lost' as const), since: time }),
);

const link: fc.Arbitrary<LinkFacts> = fc.record({
  since: time,
  heardAt: time,
  asleep: fc.option(away.filter((one) => one.link === 'asleep')),
  services,
});
const left: fc.Arbitrary<LeftFacts> = fc.record({ away: fc.option(away), services, openedAt: fc.option(time) });

const holdsFor = (property: (link: LinkFacts | null, left: LeftFacts, now: number) => void): void =>
  fc.assert(fc.property(fc.option(link), left, time, property), { numRuns: 1_000 });

describe('presence', () => {
  test('is connected only by an open link that was heard of lately and did not say good night', () => {
    holdsFor((open, gone, now) => {
      const isThere = open !== null && open.asleep === null && !isSilent(open.heardAt, now);
      expect(presenceOf(open, gone, now).link === 'connected').toBe(isThere);
    });
  });

  test('of an open link owes nothing to what was written down before', () => {
    fc.assert(
      fc.property(link, left, left, time, (open, one, other, now) => {
        expect(presenceOf(open, one, now)).toEqual(presenceOf(open, other, now));
      }),
    );
  });

  test('is never only of a home that never opened a link nor went', () => {
    holdsFor((open, gone, now) => {
      const isNever = open === null && gone.away === null && gone.openedAt === null;
      expect(presenceOf(open, gone, now).link === 'never').toBe(isNever);
    });
  });

  test('has services only as home said them, and never of a home that is lost or never came', () => {
    holdsFor((open, gone, now) => {
      const presence = presenceOf(open, gone, now);
      const said = open === null ? gone.services : open.services;
      if (presence.link === 'lost' || presence.link === 'never') expect(presence).not.toHaveProperty('services');
      else expect(presence.services ?? null).toEqual(said);
    });
  });

  test('of an announced sleep is asleep for as long as nothing else is heard, with the time that was said', () => {
    fc.assert(
      fc.property(link, away, time, time, (open, night, now, later) => {
        if (night.link !== 'asleep') return;
        for (const at of [now, now + later]) {
          expect(
            presenceOf({ ...open, asleep: night }, { away: null, services: null, openedAt: null }, at),
          ).toMatchObject(night);
        }
      }),
    );
  });

  test('of a silent link stays lost as time goes on, since the same moment; one that is heard of again is back', () => {
    fc.assert(
      fc.property(link, left, time, fc.nat(limits.linkStaleMs), (open, gone, now, later) => {
        const awake = { ...open, asleep: null };
        const presence = presenceOf(awake, gone, now);
        if (presence.link === 'lost') {
          expect(presence).toEqual({ link: 'lost', since: open.heardAt });
          expect(presenceOf(awake, gone, now + later)).toEqual(presence);
        }
        expect(presenceOf({ ...awake, heardAt: now }, gone, now).link).toBe('connected');
      }),
    );
  });

  test('lets nothing be carried over a link that is not connected, nor to a service that is down', () => {
    holdsFor((open, gone, now) => {
      const presence = presenceOf(open, gone, now);
      const decision = decideCarry(host, presence, now);
      const [first] = presence.services ?? [];
      const isCarried = presence.link === 'connected' && (first === undefined || first.state === 'up');
      expect(decision.decision === 'carry').toBe(isCarried);
      // Nobody is promised what should have been already.
      if (decision.decision === 'away' && decision.until !== null) expect(decision.until).toBeGreaterThan(now);
    });
  });
});
