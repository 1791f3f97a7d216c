// When the edge is told how the services are.

import { beforeEach, describe, expect, test } from 'vitest';
import { newsAtOnce, newsEveryMs, ServicesNews } from '../../../home-node/link/services-news.ts';
import type { ServiceState } from '../../../shared/presence.ts';

const site: ServiceState = { name: 'site', hosts: ['a.example'], state: 'up', since: 1, why: null, until: null };
let services: ServiceState[];
let told: { n: number; services: ServiceState[] }[];
let waits: { ms: number; run: () => void }[];
let news: ServicesNews;

beforeEach(() => {
  services = [site];
  told = [];
  waits = [];
  news = new ServicesNews(() => services, {
    after: (ms, run) => {
      const wait = { ms, run };
      waits.push(wait);
      return () => {
        waits = waits.filter((other) => other !== wait);
      };
    },
  });
});

const link = (version: number) => ({ version, services: (text: string) => told.push(JSON.parse(text)) });
const states = () => told.map((said) => said.services[0]?.state);

function become(state: 'up' | 'down'): void {
  services = [{ ...site, state }];
  news.changed();
}

function waited(): void {
  const [wait] = waits.splice(0);
  expect(wait?.ms).toBe(newsEveryMs);
  wait?.run();
}

describe('the edge', () => {
  test('is told when the link opens and at each change, with rising numbers, over links too', () => {
    news.opened(link(2));
    become('down');
    news.closed();
    become('up');
    expect(states()).toEqual(['up', 'down']);
    news.opened(link(2));
    news.changed();
    expect(states()).toEqual(['up', 'down', 'up']);
    expect(told.map(({ n }) => n)).toEqual([1, 2, 3]);
  });

  test('is told now and then of services that keep changing, and in the end how they are', () => {
    news.opened(link(2));
    for (let n = 0; n < 30; n++) become(n % 2 === 0 ? 'down' : 'up');
    expect(told.length).toBe(newsAtOnce);
    become('down');
    // As it was told last: nothing is owed.
    const last = states().at(-1);
    become(last ?? 'up');
    waited();
    expect(told.length).toBe(newsAtOnce);
    become(last === 'up' ? 'down' : 'up');
    become(last ?? 'up');
    become(last === 'up' ? 'down' : 'up');
    expect(told.length).toBe(newsAtOnce + 1);
    become(last ?? 'up');
    become(last === 'up' ? 'down' : 'up');
    become(last ?? 'up');
    waited();
    expect(told.length).toBe(newsAtOnce + 2);
    expect(states().at(-1)).toBe(last);
    for (let n = 0; n < newsAtOnce; n++) waited();
    expect([told.length, waits]).toEqual([newsAtOnce + 2, []]);
  });

  test('that does not know of services is told nothing, and no wait of an earlier link is left', () => {
    news.opened(link(2));
    news.opened(link(1));
    become('down');
    expect(states()).toEqual(['up']);
    expect(waits).toEqual([]);
  });
});
