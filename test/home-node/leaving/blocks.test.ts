// That the edge blocks by its lists whom each server blocks by its own rule, and nobody else. The rules are written here
// once more, from each project's source, as that says them.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeFederation } from '../../../home-node/bedtime/federation.ts';
import { federationBlocks, type OwnBlocks } from '../../../home-node/leaving/blocks.ts';
import { isBlocked } from '../../../shared/domain-lists.ts';

/** Few labels, so that names lie above and below one another. */
const label = fc.constantFrom('a', 'b', 'c');
const domain = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const domains = fc.uniqueArray(domain, { maxLength: 6 });

function isAtOrBelow(host: string, above: string): boolean {
  return host === above || host.endsWith(`.${above}`);
}

/** `domain_block.rb`, rule_for: of the host and all that is above it, the longest. */
function mastodon(host: string, suspended: readonly string[], milder: readonly string[]): boolean {
  const labels = host.split('.');
  const variants = labels.map((_, index) => labels.slice(index).join('.'));
  const rule = variants.find((one) => suspended.includes(one) || milder.includes(one));
  return rule !== undefined && suspended.includes(rule);
}

/** `internal/db/bundb/domain.go`, IsDomainBlocked, in the mode `blocklist`. */
function gotosocial(host: string, blocks: readonly string[], allows: readonly string[]): boolean {
  const isAllowed = allows.some((one) => isAtOrBelow(host, one));
  return !(isAllowed || !blocks.some((one) => isAtOrBelow(host, one)));
}

function isBlockedByEdge(host: string, ...services: readonly OwnBlocks[]): boolean {
  const federating = services.map((own, index) => ({
    name: `s${index}`,
    authorizedFetch: true,
    leavings: federationBlocks(own),
  }));
  const { blockedDomains = [], sparedDomains } = makeFederation(federating).said;
  return isBlocked(host, blockedDomains, sparedDomains);
}

const plain = (blocked: readonly string[]): OwnBlocks => ({ blocked, isExact: false, milder: [], lifted: [] });
const mastodons = (suspended: readonly string[], milder: readonly string[]): OwnBlocks => ({
  ...plain(suspended),
  milder,
});
const exactly = (blocked: readonly string[]): OwnBlocks => ({ ...plain(blocked), isExact: true });
const gotosocials = (blocked: readonly string[], allows: readonly string[]): OwnBlocks => ({
  ...plain(blocked),
  lifted: [...allows, ...allows.map((one) => `*.${one}`)],
});

describe('the edge blocks as', () => {
  test('Mastodon, where the longest rule counts', () => {
    const own = mastodons(['bad.example', 'deep.ok.bad.example'], ['ok.bad.example']);
    const told = (host: string) => isBlockedByEdge(host, own);
    expect(['bad.example', 'x.bad.example', 'ok.bad.example', 'x.ok.bad.example'].map(told)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(['deep.ok.bad.example', 'x.deep.ok.bad.example', 'notok.bad.example'].map(told)).toEqual([true, true, true]);
  });

  test('Mastodon, whatever its lists', () => {
    fc.assert(
      fc.property(domain, domains, domains, (host, suspended, others) => {
        const milder = others.filter((one) => !suspended.includes(one));
        expect(isBlockedByEdge(host, mastodons(suspended, milder))).toBe(mastodon(host, suspended, milder));
      }),
      { numRuns: 1000 },
    );
  });

  test('GoToSocial, where an allow counts for more', () => {
    fc.assert(
      fc.property(domain, domains, domains, (host, blocks, allows) => {
        expect(isBlockedByEdge(host, gotosocials(blocks, allows))).toBe(gotosocial(host, blocks, allows));
      }),
      { numRuns: 1000 },
    );
  });

  test('Misskey, with all that is below (UtilityService.ts, isItemListedIn)', () => {
    fc.assert(
      fc.property(domain, domains, (host, blocked) => {
        expect(isBlockedByEdge(host, plain(blocked))).toBe(blocked.some((one) => `.${host}`.endsWith(`.${one}`)));
      }),
      { numRuns: 1000 },
    );
  });

  test('Lemmy, PeerTube and Pixelfed, for the host alone', () => {
    fc.assert(
      fc.property(domain, domains, (host, blocked) => {
        expect(isBlockedByEdge(host, exactly(blocked))).toBe(blocked.includes(host));
      }),
      { numRuns: 1000 },
    );
  });

  test('any of several services does', () => {
    fc.assert(
      fc.property(
        domain,
        domains,
        domains,
        domains,
        domains,
        domains,
        (host, suspended, others, exact, blocks, allows) => {
          const milder = others.filter((one) => !suspended.includes(one));
          const services = [mastodons(suspended, milder), exactly(exact), gotosocials(blocks, allows)];
          const isBlockedByAny =
            mastodon(host, suspended, milder) || exact.includes(host) || gotosocial(host, blocks, allows);
          expect(isBlockedByEdge(host, ...services)).toBe(isBlockedByAny);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

test('names are held against one another as hosts are spelt', () => {
  const own = federationBlocks({
    ...plain(['Büro.Example', 'bad.example', 'Gone.Near.Example']),
    milder: ['Ok.BÜRO.example', 'see the list'],
    lifted: ['near.example', '*.NEAR.example'],
  });
  expect(own.blockedDomains).toEqual(['büro.example', 'bad.example']);
  expect(own.sparedDomains).toEqual(['ok.xn--bro-hoa.example']);
});
