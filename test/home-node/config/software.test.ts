// Services whose kind Porchlight knows by name: the shortest settings that do, what an owner may say instead, and what is
// never shown.

import { describe, expect, test } from 'vitest';
import { adapterOf } from '../../../home-node/service-adapters.ts';
import { edgePartOf } from '../../../shared/config/edge-part.ts';
import type { ActivityPubServiceConfig, HomeConfig } from '../../../shared/config/home-config.ts';
import { parseHomeConfig } from '../../../shared/config/parse.ts';
import { kindMeantBy, knownSoftware, softwareKinds } from '../../../shared/config/software.ts';
import { limits } from '../../../shared/limits.ts';

const parse = (services: string): HomeConfig => {
  const reading = parseHomeConfig(`domain = "home.example"\n${services}`);
  if ('faults' in reading) throw new Error(JSON.stringify(reading.faults));
  return reading.config;
};
const faultsOf = (services: string) => {
  const reading = parseHomeConfig(`domain = "home.example"\n${services}`);
  return 'faults' in reading ? reading.faults : [];
};
const serviceOf = (services: string): ActivityPubServiceConfig => {
  const [service] = parse(services).services;
  if (service === undefined || service.kind === 'embedded') throw new Error('no server of its own');
  return service;
};
const block = (kind: string, more = ''): string => `[[services]]\nname = "social"\nkind = "${kind}"\n${more}`;

test('a MySQL is a database that Pixelfed may have, and no other software', () => {
  const url = 'mysql://pixelfed:secret@127.0.0.1/pixelfed';
  for (const kind of softwareKinds) {
    const faults = faultsOf(block(kind, `database = "${url}"`));
    expect(faults.map(({ key }) => key)).toEqual(kind === 'pixelfed' ? [] : ['services[0].database']);
  }
  for (const wrong of ['mysql:pixelfed', 'mysql://', 'mysql://a b/c', '/var/lib/mysql']) {
    expect(faultsOf(block('pixelfed', `database = "${wrong}"`)), wrong).toHaveLength(1);
  }
});

test('a server federates with some only if its owner says so, or names them', () => {
  const of = (more: string) => {
    const [service] = parse(block('mastodon', more)).services;
    return service?.kind === 'mastodon' ? [service.limitedFederation, service.allowedDomains] : null;
  };
  expect(of('limited_federation = true')).toEqual([true, []]);
  expect(of('allowed_domains = ["a.example"]')).toEqual([true, ['a.example']]);
  for (const wrong of ['"*"', '"*.*.example"', '"A.example"', '"a.example/"', '""', '7']) {
    expect(() => of(`allowed_domains = [${wrong}]`), wrong).toThrow('allowed_domains');
  }
});

describe.each(softwareKinds)('kind = "%s"', (kind) => {
  const { url, health, inboxes, signatures, parallel, perSecond, database } = knownSoftware[kind];

  test('needs a name and nothing more', () => {
    const config = parse(block(kind));
    expect(config.services).toEqual([
      {
        kind,
        name: 'social',
        hosts: ['home.example'],
        driver: 'external',
        command: null,
        url,
        otherMachine: false,
        inboxes,
        signatures,
        accountDomain: null,
        database: null,
        defer: false,
        receiptDays: limits.receiptDays,
        limitedFederation: false,
        allowedDomains: [],
        authorizedFetch: kind === 'gotosocial',
        health,
        drainParallel: parallel,
        drainPerSecond: perSecond,
      },
    ]);
    expect(edgePartOf(config).services).toEqual([{ name: 'social', kind, hosts: ['home.example'], signatures }]);
    expect(new URL(url).origin).toBe(url);
    expect(parallel).toBeLessThanOrEqual(limits.deliverParallel);
  });

  test('has the adapter of its name, which leaves its inboxes', () => {
    const service = serviceOf(block(kind, 'inboxes = ["/a", "/b/{name}"]'));
    const receipts = { issue: () => ({ vouch: false, because: 'request', reason: '' }) as const };
    const adapter = adapterOf(service, { clock: { now: () => 0 }, domain: 'home.example', receipts });
    expect(adapter).toMatchObject({ kind, signatures, traits: { title: knownSoftware[kind].title } });
  });

  test('may be told otherwise in each of them', () => {
    const own = `url = "http://127.0.0.1:9"\ninboxes = ["/in"]\nsignatures = ["cavage"]\nhealth = "/h"\ndrain_parallel = 1
      drain_per_second = 0.5\ndefer = true\ndatabase = "postgres://reader@127.0.0.1/x"`;
    expect(serviceOf(block(kind, own))).toMatchObject({
      url: 'http://127.0.0.1:9',
      inboxes: ['/in'],
      signatures: ['cavage'],
      health: '/h',
      drainParallel: 1,
      drainPerSecond: 0.5,
      defer: true,
      database: 'postgres://reader@127.0.0.1/x',
    });
  });

  test('takes the file of an SQLite database only where its software has one', () => {
    const faults = faultsOf(block(kind, 'database = "/opt/x/sqlite.db"'));
    expect(faults.map(({ key }) => key)).toEqual(database === 'postgres or sqlite' ? [] : ['services[0].database']);
  });
});

test('a database is no matter of the embedded home, nor of software that is not known', () => {
  const database = 'database = "postgres:///x"\n';
  expect(faultsOf(block('embedded', database))).toMatchObject([{ key: 'services[0].database' }]);
  const unknown = 'url = "http://127.0.0.1:3000"\ninboxes = ["/inbox"]\n';
  expect(faultsOf(block('activitypub', unknown + database))).toMatchObject([{ key: 'services[0].database' }]);
  expect(faultsOf(block('embedded', 'defer = true'))).toMatchObject([{ key: 'services[0].defer' }]);
});

test('a password that stands in a database’s address is in no fault', () => {
  for (const wrong of ['mysql://a:hidden@127.0.0.1/x', 'postgres://a:hid den@x/y', 'hidden']) {
    const faults = faultsOf(block('mastodon', `database = "${wrong}"`));
    expect(faults).toHaveLength(1);
    expect(JSON.stringify(faults)).not.toContain('hidden');
    expect(JSON.stringify(faults)).not.toContain('hid den');
  }
});

test('two services may not meet at one inbox, named or with {name}', () => {
  const two = (first: string, second: string): string =>
    `[[services]]\nname = "one"\nkind = "${first}"\n[[services]]\nname = "two"\nkind = "${second}"\n`;
  expect(faultsOf(two('mastodon', 'peertube'))).toMatchObject([{ key: 'services[1].hosts' }]);
  expect(faultsOf(two('mastodon', 'embedded'))).toMatchObject([{ key: 'services[1].hosts' }]);
  expect(faultsOf(`${two('gotosocial', 'peertube')}`)).toEqual([]);
  const own = 'inboxes = ["/users/me/inbox"]\n';
  expect(faultsOf(two('gotosocial', 'peertube') + own)).toMatchObject([{ key: 'services[1].inboxes' }]);
  expect(
    faultsOf(two('mastodon', 'peertube').replace('kind = "peertube"', 'kind = "peertube"\nhosts = ["v.example"]')),
  ).toEqual([]);
});

test('words for software are understood as the kind that is meant', () => {
  const meant = [
    ['Mastodon', 'mastodon'],
    ['glitch-soc', 'mastodon'],
    ['GTS', 'gotosocial'],
    ['misskey-fork', 'misskey'],
    ['sharkey', 'activitypub'],
    ['akkoma', 'activitypub'],
    ['nginx', null],
  ] as const;
  for (const [word, kind] of meant) expect([word, kindMeantBy(word)]).toEqual([word, kind]);
});
