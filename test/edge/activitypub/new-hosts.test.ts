import { describe, expect, test } from 'vitest';
import { NewHosts } from '../../../edge/activitypub/new-hosts.ts';
import { limits } from '../../../shared/limits.ts';
import { somebody } from './peer.ts';

const hour = 3_600_000;
const from = (network: string, homeId = somebody.homeId) => ({ homeId, network });

describe('NewHosts', () => {
  test('admits limits.keySubdomainsPerHour names of one domain within an hour, each as often as it is asked', () => {
    const hosts = new NewHosts();
    for (let i = 0; i < limits.keySubdomainsPerHour; i++)
      expect(hosts.admit(`s${i}.peer.example`, i, somebody)).toBe(true);
    expect(hosts.admit('late.peer.example', hour - 1, somebody)).toBe(false);
    expect(hosts.admit('s3.peer.example', hour - 1, somebody)).toBe(true);
    expect(hosts.admit('other.example', hour - 1, somebody)).toBe(true);
    expect(hosts.admit('late.peer.example', hour, somebody)).toBe(true);
  });

  test('counts for each network what it named, up to limits.keySubdomainsPerHourInAll of one domain', () => {
    const hosts = new NewHosts();
    const networks = limits.keySubdomainsPerHourInAll / limits.keySubdomainsPerHour;
    for (let network = 0; network < networks; network++) {
      for (let i = 0; i < limits.keySubdomainsPerHour; i++) {
        expect(hosts.admit(`s${i}-${network}.peer.example`, 0, from(`192.0.2.${network}`))).toBe(true);
      }
      expect(hosts.admit('late.peer.example', 0, from(`192.0.2.${network}`))).toBe(false);
    }
    expect(hosts.admit('late.peer.example', 0, from('198.51.100.1'))).toBe(false);
    expect(hosts.admit('late.peer.example', hour, from('198.51.100.1'))).toBe(true);
  });

  test('forgets a good host only in favour of a domain with fewer, so that nobody displaces the hosts of others', () => {
    const hosts = new NewHosts();
    const honest = Array.from({ length: 20 }, (_, i) => `social.peer${i}.example`);
    for (const host of honest) hosts.found(host);
    // Somebody with wildcard DNS and a key server that answers at every name of it.
    for (let i = 0; i < 3 * limits.memoryEntries; i++) hosts.found(`h${i}.evil.example`);
    for (const host of honest) {
      const domain = host.slice('social.'.length);
      for (let i = 0; i < limits.keySubdomainsPerHour; i++) hosts.admit(`invented${i}.${domain}`, 0, somebody);
      expect(hosts.admit(`new.${domain}`, 0, somebody)).toBe(false);
      expect(hosts.admit(host, 0, somebody)).toBe(true);
    }
  });

  test('is not made to forget what a domain has used up by names that do not exist', () => {
    const hosts = new NewHosts();
    for (let i = 0; i < limits.keySubdomainsPerHour; i++) hosts.admit(`invented${i}.peer.example`, 0, somebody);
    for (let i = 0; i < 2 * limits.memoryEntries; i++) {
      expect(hosts.admit(`nowhere${i}.example`, 0, somebody)).toBe(true);
      hosts.forget(`nowhere${i}.example`, somebody.homeId);
    }
    expect(hosts.admit('new.peer.example', 0, somebody)).toBe(false);
  });

  test('counts for each home of the edge what was named to it: what came to one holds back nothing of another’s', () => {
    const hosts = new NewHosts();
    for (let network = 0; network < 2 * limits.keySubdomainsPerHour; network++) {
      for (let i = 0; i < limits.keySubdomainsPerHour; i++) {
        hosts.admit(`s${i}-${network}.peer.example`, 0, from(`192.0.2.${network}`, 'a'));
      }
    }
    expect(hosts.admit('late.peer.example', 0, from('192.0.2.1', 'a'))).toBe(false);
    expect(hosts.admit('late.peer.example', 0, from('192.0.2.1', 'b'))).toBe(true);
  });

  test('is not made to forget what one home counts by names at endless domains that are named to another', () => {
    const hosts = new NewHosts();
    for (let i = 0; i < limits.keySubdomainsPerHour; i++) hosts.admit(`s${i}.peer.example`, 0, from('192.0.2.1', 'b'));
    for (let i = 0; i < 2 * limits.memoryEntries; i++) hosts.admit(`d${i}.example`, 0, from('192.0.2.1', 'a'));
    expect(hosts.admit('late.peer.example', 0, from('192.0.2.1', 'b'))).toBe(false);
  });

  test('takes a host at which a key was found for one home as good for all, and no longer counts it', () => {
    const hosts = new NewHosts();
    for (let i = 0; i < limits.keySubdomainsPerHour; i++) hosts.admit(`s${i}.peer.example`, 0, from('192.0.2.1', 'b'));
    hosts.found('s0.peer.example');
    expect(hosts.admit('late.peer.example', 0, from('192.0.2.1', 'b'))).toBe(true);
    expect(hosts.admit('later.peer.example', 0, from('192.0.2.1', 'b'))).toBe(false);
  });
});
