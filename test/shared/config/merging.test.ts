// What of a saved file holds while the home node runs on, for any two files: properties of tookEffect. The files are
// written from the schema's own examples and other values that it takes.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changesBetween, fieldOf, tookEffect } from '../../../shared/config/changes.ts';
import { type HomeConfig, ownHosts } from '../../../shared/config/home-config.ts';
import { parseHomeConfig } from '../../../shared/config/parse.ts';
import { schema, sections } from '../../../shared/config/schema.ts';

/** Lines of each section; a file has any of them. */
const lines = {
  top: [
    ['edge = "https://edge.example"'],
    ['admin = "me@a.example"', 'admin = "https://a.example/me"'],
    ['language = "de"', 'language = "pt-BR"'],
    ['title = "One"', 'title = "Two"'],
    ['handle = "me"', 'handle = "you"'],
    ['status_page = false', 'status_page = true'],
  ],
  alerts: [
    ['command = ["/bin/tell"]', 'command = ["/bin/tell", "me"]'],
    ['spool_share = 0.5', 'spool_share = 1'],
    ['link_lost_minutes = 5', 'link_lost_minutes = 50'],
    ['key_days = 10'],
    ['snapshot_hours = 1', 'snapshot_hours = 2'],
  ],
  metrics: [['listen = "127.0.0.1:9464"', 'listen = "[::1]:9464"']],
  log: [
    ['format = "json"', 'format = "text"'],
    ['level = "debug"', 'level = "error"'],
  ],
  site: [['warm_pages = 0', 'warm_pages = 7']],
  development: [['allow_private_addresses = true', 'allow_private_addresses = false']],
} as const;

const anyOf = (choices: readonly (readonly string[])[]): fc.Arbitrary<string[]> =>
  fc
    .tuple(...choices.map((values) => fc.option(fc.constantFrom(...values))))
    .map((picked) => picked.filter((line) => line !== null));

const hostNames = ['a.example', 'b.example', 'c.example', 'd.example'];

/** The embedded home, and up to two servers. */
const services = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom('one', 'two'),
      host: fc.constantFrom(...hostNames),
      port: fc.integer({ min: 1, max: 3 }),
    }),
    { maxLength: 2, selector: ({ host }) => host },
  )
  .filter((all) => new Set(all.map(({ name }) => name)).size === all.length);

const config: fc.Arbitrary<HomeConfig> = fc
  .record({
    top: anyOf(lines.top),
    services,
    rest: fc.tuple(
      ...(['alerts', 'metrics', 'log', 'site', 'development'] as const).map((name) =>
        anyOf(lines[name]).map((own) => [`[${name}]`, ...own].join('\n')),
      ),
    ),
    /** Which of the home's own names are named. */
    named: fc.option(fc.array(fc.nat(), { minLength: 1, maxLength: 3 })),
  })
  .map(({ top, services: servers, rest, named }) => {
    const own = [...new Set(['a.example', ...servers.map(({ host }) => host)])];
    const chosen = named?.map((nth) => own[nth % own.length]);
    const hosts = chosen === undefined ? [] : [`hosts = ${JSON.stringify([...new Set(chosen)])}`];
    const tables = servers.map(
      ({ name, host, port }) =>
        `[[services]]\nname = "${name}"\nkind = "activitypub"\nhosts = ["${host}"]\nurl = "http://127.0.0.1:${port}"\ninboxes = ["/${name}"]`,
    );
    const reading = parseHomeConfig(['domain = "a.example"', ...top, ...hosts, ...rest, ...tables].join('\n'));
    if ('config' in reading) return reading.config;
    throw new Error(JSON.stringify(reading.faults));
  });

const holdsFor = (property: (running: HomeConfig, next: HomeConfig) => void): void =>
  fc.assert(fc.property(config, config, property), { numRuns: 500 });

/** Hosts are neither: of them holds what the services that run have. */
const changed = (before: HomeConfig, after: HomeConfig): Set<string> =>
  new Set(
    changesBetween(before, after)
      .filter(({ path }) => path !== 'hosts')
      .map(({ takesEffect }) => takesEffect),
  );

describe('what holds once a file was read, while home runs by another', () => {
  test('differs from what ran only in settings that hold at once', () => {
    holdsFor((running, next) => {
      expect([...changed(running, tookEffect(running, next))].filter((when) => when !== 'at once')).toEqual([]);
    });
  });

  test('differs from the file only in settings that wait for a restart', () => {
    holdsFor((running, next) => {
      expect([...changed(tookEffect(running, next), next)].filter((when) => when === 'at once')).toEqual([]);
    });
  });

  test('is what ran, when the file says the same', () => {
    holdsFor((running) => {
      expect(tookEffect(running, running)).toEqual(running);
    });
  });

  test('is the same when the same file is read again, and after however many files came between', () => {
    holdsFor((running, next) => {
      const once = tookEffect(running, next);
      expect(tookEffect(once, next)).toEqual(once);
      expect(changed(tookEffect(tookEffect(once, running), next), once)).toEqual(new Set());
    });
  });

  test('never has a host that no service of those that run has, and never none', () => {
    holdsFor((running, next) => {
      const { hosts } = tookEffect(running, next);
      const own = ownHosts(running.domain, running.services);
      expect(hosts.filter((host) => !own.includes(host))).toEqual([]);
      expect(hosts.length).toBeGreaterThan(0);
      expect(new Set(hosts).size).toBe(hosts.length);
    });
  });

  test('never has a host that the file leaves out, unless that would leave none', () => {
    holdsFor((running, next) => {
      const { hosts } = tookEffect(running, next);
      const isNarrowed = next.hosts.length < ownHosts(next.domain, next.services).length;
      const kept = next.hosts.filter((host) => ownHosts(running.domain, running.services).includes(host));
      if (isNarrowed) expect(hosts).toEqual(kept.length === 0 ? running.hosts : kept);
    });
  });
});

test('the files here change every setting of the schema but those of services, links, domain and hosts', () => {
  const written = Object.values(lines).flatMap((section) => section.flat().map((line) => line.split(' ')[0]));
  const all = sections.flatMap(({ name }) =>
    name === 'services' || name === 'links' ? [] : Object.keys(schema[name]),
  );
  const others = all.filter((key) => !['domain', 'hosts'].includes(key));
  expect(others.filter((key) => !written.includes(key))).toEqual([]);
  expect(others.map(fieldOf)).not.toContain('');
});
