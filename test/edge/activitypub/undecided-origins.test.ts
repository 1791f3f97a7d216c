import { describe, expect, test } from 'vitest';
import { UndecidedOrigins } from '../../../edge/activitypub/undecided-origins.ts';
import { networkOf } from '../../../edge/http/public-address.ts';
import { limits } from '../../../shared/limits.ts';
import { somebody } from './peer.ts';

const day = 24 * 3_600_000;
const from = (network: string, homeId = somebody.homeId) => ({ homeId, network });

describe('UndecidedOrigins', () => {
  test('admits limits.undecidedOriginsPerAddress origins of one address within a day, each as often as it comes', () => {
    const origins = new UndecidedOrigins();
    const origin = (i: number) => `https://s${i}.peer.example`;
    for (let i = 0; i < limits.undecidedOriginsPerAddress; i++) {
      expect(origins.waitMs(from('192.0.2.1'), origin(i), i)).toBeNull();
    }
    expect(origins.waitMs(from('192.0.2.1'), origin(99), day - 1)).toBe(1);
    expect(origins.waitMs(from('192.0.2.1'), origin(0), day - 1)).toBeNull();
    expect(origins.waitMs(from('192.0.2.2'), origin(99), day - 1)).toBeNull();
    expect(origins.waitMs(from('192.0.2.1'), origin(99), day)).toBeNull();
  });

  test('counts all addresses of one IPv6 network as one', () => {
    const origins = new UndecidedOrigins();
    for (let i = 0; i < limits.undecidedOriginsPerAddress; i++)
      origins.waitMs(from(networkOf(`2001:4860::${i}`)), `https://s${i}.example`, 0);
    expect(origins.waitMs(from(networkOf('2001:4860::ffff:0:0:1')), 'https://one-more.example', 0)).toBe(day);
    expect(origins.waitMs(from(networkOf('2001:4860:0:1::1')), 'https://one-more.example', 0)).toBe(day);
    expect(origins.waitMs(from(networkOf('2001:4860:1::1')), 'https://one-more.example', 0)).toBeNull();
  });

  test('counts for each home of the edge by itself', () => {
    const origins = new UndecidedOrigins();
    const origin = (i: number) => `https://s${i}.example`;
    for (let i = 0; i < limits.undecidedOriginsPerAddress; i++) origins.waitMs(from('192.0.2.1', 'a'), origin(i), 0);
    expect(origins.waitMs(from('192.0.2.1', 'a'), origin(99), 0)).toBe(day);
    expect(origins.waitMs(from('192.0.2.1', 'b'), origin(99), 0)).toBeNull();
  });

  test('counts nothing where the platform names no address', () => {
    const origins = new UndecidedOrigins();
    for (let i = 0; i < 100; i++) expect(origins.waitMs(somebody, `https://s${i}.example`, 0)).toBeNull();
  });
});

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['not an address', 'not an address'],
])('networkOf(%j) is %j', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test('networkOf() is the same for every spelling of addresses in one /48, and for no other', () => {
  const all = ['2001:db8:7::1', '2001:DB8:7:ffff:ffff:ffff:ffff:ffff', '2001:0db8:0007:0000::'].map(networkOf);
  expect(new Set(all).size).toBe(1);
  expect(networkOf('2001:db8:8::1')).not.toBe(all[0]);
});
