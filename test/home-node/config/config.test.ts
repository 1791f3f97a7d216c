import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseConfig, readConfig, readOptions } from '../../../home-node/config.ts';
import { limits } from '../../../shared/limits.ts';

const parse = (text: string): ReturnType<typeof parseConfig> => parseConfig(text, 'porchlight.toml');

/** The lines of faults that a text has. */
function faultsOf(text: string): string[] {
  try {
    parse(text);
  } catch (thrown) {
    return String((thrown as Error).message)
      .split('\n  ')
      .slice(1);
  }
  return [];
}

describe('porchlight.toml', () => {
  test('needs no more than a domain', () => {
    expect(parse('domain = "home.example"')).toEqual({
      domain: 'home.example',
      admin: null,
      edge: 'https://home.example',
      language: 'en',
      title: 'home.example',
      handle: 'owner',
      hosts: ['home.example'],
      statusPage: true,
      services: [
        {
          kind: 'embedded',
          name: 'home',
          hosts: ['home.example'],
          driver: 'process',
          authorizedFetch: false,
          health: null,
          drainParallel: limits.deliverParallel,
          drainPerSecond: null,
          accountDomain: null,
        },
      ],
      links: [],
      alerts: { command: null, spoolShare: 0.8, linkLostMinutes: 30, keyDays: 730, snapshotHours: 36 },
      metrics: { listen: null },
      log: { format: 'text', level: 'info' },
      site: { warmPages: limits.sitePages },
      allowPrivateAddresses: false,
    });
  });

  test('takes everything that it knows', () => {
    const config = parse(`
      domain = "home.example"
      admin = "admin@home.example"
      edge = "https://edge.example"
      language = "pt-BR"
      title = "Our home"
      handle = "anna"
      hosts = ["home.example"]
      status_page = false
      [alerts]
      command = ["/bin/tell", "me"]
      spool_share = 0.5
      link_lost_minutes = 5
      key_days = 365
      snapshot_hours = 12
      [metrics]
      listen = "[::1]:9469"
      [log]
      format = "json"
      level = "debug"
      [site]
      warm_pages = 10
      [[services]]
      name = "site"
      kind = "embedded"
      [[services]]
      name = "social"
      kind = "activitypub"
      url = "http://127.0.0.1:3000/"
      hosts = ["social.home.example"]
      account_domain = "home.example"
      inboxes = ["/inbox", "/users/anna/inbox"]
      signatures = ["cavage", "rfc9421"]
      driver = "process"
      command = ["/opt/social", "--port", "3000"]
      health = "/health"
      authorized_fetch = true
      drain_parallel = 4
      drain_per_second = 2.5
      receipt_days = 7
      allowed_domains = ["friends.example", "*.friends.example"]
      [[links]]
      account = "*@home.example"
      rel = "http://openid.net/specs/connect/1.0/issuer"
      href = "https://login.home.example/"
    `);
    expect(config).toMatchObject({ admin: 'admin@home.example', edge: 'https://edge.example', handle: 'anna' });
    expect(config).toMatchObject({
      hosts: ['home.example'],
      statusPage: false,
      alerts: { command: ['/bin/tell', 'me'], spoolShare: 0.5, linkLostMinutes: 5, keyDays: 365, snapshotHours: 12 },
      metrics: { listen: { host: '::1', port: 9469 } },
      log: { format: 'json', level: 'debug' },
      site: { warmPages: 10 },
    });
    expect(config.services).toEqual([
      expect.objectContaining({ kind: 'embedded', name: 'site', hosts: ['home.example'] }),
      {
        kind: 'activitypub',
        name: 'social',
        hosts: ['social.home.example'],
        url: 'http://127.0.0.1:3000',
        otherMachine: false,
        inboxes: ['/inbox', '/users/anna/inbox'],
        signatures: ['cavage', 'rfc9421'],
        driver: 'process',
        command: ['/opt/social', '--port', '3000'],
        authorizedFetch: true,
        health: '/health',
        drainParallel: 4,
        drainPerSecond: 2.5,
        accountDomain: 'home.example',
        database: null,
        defer: false,
        receiptDays: 7,
        limitedFederation: true,
        allowedDomains: ['friends.example', '*.friends.example'],
      },
    ]);
    const rel = 'http://openid.net/specs/connect/1.0/issuer';
    expect(config.links).toEqual([{ account: '*@home.example', rel, href: 'https://login.home.example/' }]);
  });

  test('refuses a link of accounts that is a second self, or leads nowhere', () => {
    const link = { account: 'me@home.example', rel: 'x', href: 'https://x.example/' };
    for (const [key, value] of [
      ['rel', 'self'],
      ['rel', 'Self'],
      ['account', 'me'],
      ['account', '@home.example'],
      ['account', 'm*@home.example'],
      ['href', '/here'],
    ] as const) {
      const written = Object.entries({ ...link, [key]: value }).map(([name, text]) => `${name} = "${text}"`);
      const faults = faultsOf(`domain = "home.example"\n[[links]]\n${written.join('\n')}`);
      expect(faults).toEqual([expect.stringContaining(`links[0].${key}`)]);
    }
  });

  test('tells all of its faults at once, each with its place, what was found and what is wanted', () => {
    const faults = faultsOf(`
      domain = "Home.Example:8080"
      edge = "http://edge.example"
      langauge = "en"
      handle = "not a handle"
      title = 7
      [development]
      allow_private_adresses = true
      [[services]]
      name = "Social!"
      kind = "activitypub"
      url = "127.0.0.1:3000"
      inboxes = ["inbox"]
      signatures = ["pgp"]
      [[services]]
      name = "twice"
      kind = "masto"
      [[services]]
      name = "twice"
      kind = "embedded"
      url = "http://127.0.0.1:1"
    `);
    const places = faults.map((fault) => fault.split(': ')[1] ?? '');
    expect(places.sort((a, b) => a.localeCompare(b))).toEqual([
      'development.allow_private_adresses',
      'domain',
      'edge',
      'handle',
      'langauge',
      'services[0].inboxes',
      'services[0].name',
      'services[0].signatures',
      'services[0].url',
      'services[1].kind',
      'services[2].name',
      'services[2].url',
      'title',
    ]);
    expect(faults).toContain(
      'line 5: handle: found "not a handle", wanted letters, digits and _; did you mean `handle = "not_a_handle"`?',
    );
    for (const fault of faults) expect(fault).toMatch(/^line \d+: .+: found .+, wanted .+/);
  });

  test('says what a service lacks', () => {
    const faults = faultsOf('domain = "a.example"\n[[services]]\nname = "x"\nkind = "activitypub"');
    expect(faults).toEqual([
      'line 2: services[0].url: found nothing, wanted the origin of the server on this machine, as http://127.0.0.1:3000 (elsewhere in your network: other_machine)',
      'line 2: services[0].inboxes: found nothing, wanted paths of its inboxes, as ["/inbox", "/users/{name}/inbox"]',
    ]);
  });

  test('allows ports and private peers only for development', () => {
    expect(faultsOf('domain = "localhost:8787"\nedge = "http://localhost:8787"')).toHaveLength(1);
    const config = parse(
      'domain = "localhost:8787"\nedge = "http://localhost:8787"\n[development]\nallow_private_addresses = true',
    );
    expect(config).toMatchObject({ domain: 'localhost:8787', allowPrivateAddresses: true });
  });

  test.each(['http://edge.example', 'https://edge.example/path', 'ftp://edge.example', 'edge.example'])(
    'never takes %s for an edge: calls to it would not be private, or it is no origin',
    (edge) => expect(faultsOf(`domain = "a.example"\nedge = "${edge}"`)).toHaveLength(1),
  );

  test('that is not TOML, or a table where tables are wanted, is told as that', () => {
    expect(() => parse('domain = ')).toThrow(
      /Cannot use porchlight.toml: 1 to mend:\n {2}line 1: found what is no TOML/,
    );
    expect(faultsOf('domain = "a.example"\nservices = "all"')).toEqual([
      'line 2: services: found "all", wanted tables [[services]]',
    ]);
  });

  test('that is absent is told with the line to write', () => {
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-config-'));
    expect(() => readConfig(folder)).toThrow(
      expect.objectContaining({ code: 'config', message: expect.stringContaining('porchlight init') }),
    );
    writeFileSync(join(folder, 'porchlight.toml'), 'domain = "a.example"');
    expect(readConfig(folder).domain).toBe('a.example');
    rmSync(folder, { recursive: true });
  });
});

describe('the command line', () => {
  test('is read', () => {
    const options = readOptions([
      '--home',
      '/x',
      '--claim',
      'C',
      '--log',
      'debug',
      '--wake-at',
      '2026-11-21T07:30:00Z',
    ]);
    expect(options).toEqual({
      folder: '/x',
      claimCode: 'C',
      logLevel: 'debug',
      wakeAt: Date.UTC(2026, 10, 21, 7, 30),
      replaySince: null,
    });
  });

  test.each([
    [[]],
    [['--home', 'x', '--log', 'loud']],
    [['--home', 'x', '--wake-at', 'soon']],
    [['--home', 'x', '--y']],
  ])('is refused with the usage when it is %j', (args) =>
    expect(() => readOptions(args)).toThrow(/--replay-since TIME/),
  );
});
