// SERVICES as bytes: what home writes the edge reads, it fits whatever home has, and whatever else comes is refused.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PorchlightError } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { decodeMessage, encodeTextFrame, type Frame } from '../../../shared/link/codec.ts';
import { servicesOf, servicesText } from '../../../shared/link/services.ts';
import type { ServiceState } from '../../../shared/presence.ts';

const site: ServiceState = { name: 'site', hosts: ['a.example'], state: 'up', since: 5, why: null, until: null };
const blog: ServiceState = { name: 'blog', hosts: ['b.example'], state: 'down', since: 6, why: 'stopped', until: 9 };

function frameOf(text: string): Frame {
  const [frame] = decodeMessage(encodeTextFrame('SERVICES', text));
  if (frame === undefined) throw new Error('no frame');
  return frame;
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof PorchlightError) return thrown.code;
    throw thrown;
  }
  return 'none';
}

describe('SERVICES', () => {
  test('says how each service is', () => {
    expect(servicesOf(frameOf(servicesText(7, [site, blog])))).toEqual({ n: 7, services: [site, blog] });
    expect(servicesOf(frameOf(servicesText(0, [])))).toEqual({ n: 0, services: [] });
  });

  test('of a later version is read as far as it is known', () => {
    const later = { ...blog, why: 'updating', mood: 'fine', until: 'soon' };
    expect(servicesOf(frameOf(JSON.stringify({ n: 1, services: [later], more: {} })))).toEqual({
      n: 1,
      services: [{ ...blog, why: 'failing', until: null }],
    });
  });

  test.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['no number', '{"services":[]}'],
    ['a number that cannot rise', '{"n":1e300,"services":[]}'],
    ['no services', '{"n":1}'],
    ['a service that is none', '{"n":1,"services":[null]}'],
    ['a name that is none', JSON.stringify({ n: 1, services: [{ ...site, name: 'A "site"' }] })],
    ['a name twice', JSON.stringify({ n: 1, services: [site, site] })],
    ['a host that is none', JSON.stringify({ n: 1, services: [{ ...site, hosts: ['a.example/x'] }] })],
    ['hosts that are none', JSON.stringify({ n: 1, services: [{ ...site, hosts: 'a.example' }] })],
    ['neither up nor down', JSON.stringify({ n: 1, services: [{ ...site, state: 'asleep' }] })],
    ['a time that no calendar has', JSON.stringify({ n: 1, services: [{ ...site, since: 9e15 }] })],
  ])('with %s is refused', (_, text) => {
    expect(codeOf(() => servicesOf(frameOf(text)))).toBe('link-malformed');
  });

  test('of more than limits.services is refused, and of more than limits.servicesBytes too', () => {
    const many = Array.from({ length: limits.services + 1 }, (_, n) => ({ ...site, name: `s${n}`, hosts: [] }));
    expect(codeOf(() => servicesOf(frameOf(JSON.stringify({ n: 1, services: many }))))).toBe('link-malformed');
    const large = { ...site, hosts: Array.from({ length: limits.servicesBytes / 10 }, (_, n) => `h${n}.example`) };
    expect(codeOf(() => frameOf(JSON.stringify({ n: 1, services: [large] })))).toBe('link-oversize');
  });

  test('is never refused as home writes it, and leaves out what is up before what is down', () => {
    const state = fc.record({
      name: fc.integer({ min: 0, max: 99 }).map((n) => `s${n}`),
      hosts: fc.array(
        fc.integer({ min: 0, max: 99 }).map((n) => `${'h'.repeat(60)}${n}.example`),
        { maxLength: 12 },
      ),
      isUp: fc.boolean(),
    });
    const states = fc.uniqueArray(state, { selector: ({ name }) => name, maxLength: 60 });
    fc.assert(
      fc.property(states, (all) => {
        const services = all.map(({ name, hosts, isUp }) => ({ ...(isUp ? site : blog), name, hosts }));
        const text = servicesText(1, services);
        expect(text.length).toBeLessThanOrEqual(limits.servicesBytes);
        const said = servicesOf(frameOf(text)).services;
        expect(said.length).toBeLessThanOrEqual(limits.services);
        const downs = services.filter((service) => service.state === 'down');
        const saidDowns = said.filter((service) => service.state === 'down');
        if (said.some((service) => service.state === 'up') && downs.length <= 5)
          expect(saidDowns.length).toBe(downs.length);
        // A host is of one service only: the first that has it.
        for (const { name, hosts } of said) {
          for (const host of hosts) expect(services.find((service) => service.hosts.includes(host))?.name).toBe(name);
        }
      }),
    );
  });
});
