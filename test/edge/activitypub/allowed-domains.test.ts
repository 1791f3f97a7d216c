// Who may read where a service federates with some domains only.

import { expect, test } from 'vitest';
import { allowListsAt, blocksIn } from '../../../edge/activitypub/blocked-domains.ts';
import { isAllowed } from '../../../shared/domain-lists.ts';
import type { ServiceProfile } from '../../../shared/snapshot.ts';

const service = (name: string, more: Partial<ServiceProfile>): ServiceProfile => ({
  name,
  hosts: ['a.example'],
  inboxes: [],
  signatures: [],
  ...more,
});

test.each<[string, boolean]>([
  ['ok.example', true],
  ['OK.Example.', true],
  ['x.ok.example', false],
  ['below.example', false],
  ['x.below.example', true],
  ['y.x.below.example', true],
  ['notbelow.example', false],
  ['notok.example', false],
  ['example', false],
  ['', false],
  [`${'x.'.repeat(130)}below.example`, false],
])('%s beside a list that has ok.example and *.below.example', (host, is) => {
  expect(isAllowed(host, ['ok.example', '*.below.example'])).toBe(is);
});

test('nobody is in an empty list', () => {
  expect(isAllowed('ok.example', [])).toBe(false);
});

test('at a host the lists of all its services hold', () => {
  const one = service('one', { allowedDomains: ['x.example'] });
  const two = service('two', { allowedDomains: [] });
  const open = service('open', {});
  const elsewhere = service('elsewhere', { hosts: ['b.example'], allowedDomains: ['y.example'] });
  expect(allowListsAt({ services: [one, two, open, elsewhere] }, 'a.example')).toEqual([['x.example'], []]);
  expect(allowListsAt({ services: [open] }, 'a.example')).toEqual([]);
});

test('blocks are found where home says them beside such a list, and are not known where it says none', () => {
  const blocks = { blockedDomains: ['bad.example'], sparedDomains: [] };
  expect(blocksIn({ blockedDomains: ['bad.example'] })).toEqual(blocks);
  expect(blocksIn({ blockedBesideAllowed: ['bad.example'] })).toEqual(blocks);
  expect(blocksIn({ ...blocks, sparedDomains: ['*.bad.example'] })?.sparedDomains).toEqual(['*.bad.example']);
  expect(blocksIn({ sparedDomains: ['*.bad.example'] })).toBeUndefined();
});
