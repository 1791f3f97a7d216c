// A fault says what was probably meant, wherever that can be known; and what it says is then taken.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ConfigFault } from '../../../shared/config/faults.ts';
import { parseHomeConfig } from '../../../shared/config/parse.ts';
import { type SectionName, schema, sections } from '../../../shared/config/schema.ts';
import { written } from '../../../shared/config/setting.ts';

function faultsOf(text: string): readonly ConfigFault[] {
  const reading = parseHomeConfig(text);
  return 'faults' in reading ? reading.faults : [];
}

const service = '[[services]]\nname = "social"\nkind = "activitypub"\nurl = "http://127.0.0.1:1"\ninboxes = ["/in"]\n';

/** A file with this one line at its place. */
function fileWith(section: SectionName, line: string): string {
  const [key = ''] = line.split(/\s*[=:]/);
  const domain = section === 'top' && key === 'domain' ? '' : 'domain = "a.example"\n';
  if (section === 'top') return `${domain}${line}\n`;
  if (section === 'services') {
    const others = service.split('\n').filter((one) => !one.startsWith(`${key} =`));
    const started = key === 'command' ? 'driver = "process"\n' : '';
    return `${domain}${others.join('\n')}${line}\n${started}`;
  }
  return `${domain}[${section}]\n${line}\n`;
}

const meant = (section: SectionName, line: string): (string | null)[] =>
  faultsOf(fileWith(section, line)).map(({ suggestion }) => suggestion);

describe('what was probably meant', () => {
  test.each<[SectionName, string, string | null]>([
    // Units.
    ['alerts', 'link_lost_minutes = "5m"', 'link_lost_minutes = 5'],
    ['alerts', 'link_lost_minutes = "2h"', 'link_lost_minutes = 120'],
    ['alerts', 'key_days = "2 weeks"', 'key_days = 14'],
    ['alerts', 'snapshot_hours = "1.5 days"', 'snapshot_hours = 36'],
    ['alerts', 'key_days = "12 months"', null],
    ['alerts', 'spool_share = 80', 'spool_share = 0.8'],
    ['alerts', 'spool_share = "80%"', 'spool_share = 0.8'],
    ['services', 'drain_parallel = 2.4', 'drain_parallel = 2'],
    ['services', 'drain_per_second = "20"', 'drain_per_second = 20'],
    ['services', 'drain_parallel = "many"', null],
    // Quotes.
    ['top', 'status_page = "false"', 'status_page = false'],
    ['top', 'status_page = "yes"', 'status_page = true'],
    ['top', 'status_page = 0', 'status_page = false'],
    ['top', 'status_page = "perhaps"', null],
    ['development', 'allow_private_addresses = "True"', 'allow_private_addresses = true'],
    // Addresses.
    ['top', 'edge = "http://home.example"', 'edge = "https://home.example"'],
    ['top', 'edge = "home.example"', 'edge = "https://home.example"'],
    ['top', 'edge = "https://home.example/"', 'edge = "https://home.example"'],
    ['top', 'domain = "https://Home.Example/"', 'domain = "home.example"'],
    ['top', 'domain = "@me@home.example"', 'domain = "home.example"'],
    ['top', 'domain = "home.example:443"', 'domain = "home.example"'],
    ['services', 'url = "127.0.0.1:3000"', 'url = "http://127.0.0.1:3000"'],
    ['services', 'url = "http://localhost:3000/inbox"', 'url = "http://localhost:3000"'],
    ['services', 'health = "health"', 'health = "/health"'],
    ['services', 'health = "http://127.0.0.1:3000/health"', 'health = "/health"'],
    ['services', 'inboxes = "/inbox"', 'inboxes = ["/inbox"]'],
    ['services', 'inboxes = ["inbox", "https://a.example/users/me/inbox"]', 'inboxes = ["/inbox", "/users/me/inbox"]'],
    ['services', 'hosts = "Social.example"', 'hosts = ["social.example"]'],
    ['services', 'hosts = []', null],
    ['metrics', 'listen = 9464', 'listen = "127.0.0.1:9464"'],
    ['metrics', 'listen = "0.0.0.0:9464"', 'listen = "127.0.0.1:9464"'],
    ['metrics', 'listen = false', 'listen = "off"'],
    ['metrics', 'listen = true', null],
    // Names.
    ['top', 'handle = "@me@home.example"', 'handle = "me"'],
    ['top', 'handle = "my-name"', 'handle = "my_name"'],
    ['top', 'language = "pt_BR"', 'language = "pt-BR"'],
    ['top', 'title = ["Home"]', 'title = "Home"'],
    ['services', 'name = "My Blog"', 'name = "my-blog"'],
    ['services', 'kind = "ActivityPub"', 'kind = "activitypub"'],
    ['services', 'kind = "Mastodon"', 'kind = "mastodon"'],
    ['services', 'kind = "mastadon"', 'kind = "mastodon"'],
    ['services', 'kind = "Go-To-Social"', 'kind = "gotosocial"'],
    ['services', 'kind = "glitch-soc"', 'kind = "mastodon"'],
    ['services', 'kind = "pleroma"', 'kind = "activitypub"'],
    ['services', 'kind = "WordPress"', 'kind = "activitypub"'],
    ['services', 'driver = "proces"', 'driver = "process"'],
    ['services', 'signatures = ["RFC 9421", "cavage"]', 'signatures = ["rfc9421", "cavage"]'],
    ['log', 'level = "DEBUG"', 'level = "debug"'],
    ['log', 'format = "jsn"', 'format = "json"'],
    // What is no TOML at all.
    ['top', 'domain = home.example', 'domain = "home.example"'],
    ['top', 'title: "Home"', 'title = "Home"'],
    ['top', 'title = “Home”', 'title = "Home"'],
    ['top', 'status_page = no', 'status_page = false'],
    ['alerts', 'link_lost_minutes = 5m   # so', 'link_lost_minutes = 5'],
    ['services', 'hosts = [a.example, b.example]', 'hosts = ["a.example", "b.example"]'],
    ['top', 'nothing = at all', null],
  ])('in %s: %s', (section, line, suggestion) => {
    expect(meant(section, line)).toEqual([suggestion]);
  });

  test.each([
    ['[services]\nname = "home"\nkind = "embedded"', '[[services]]'],
    ['[[log]]\nlevel = "info"', '[log]'],
    ['log = "debug"', null],
  ])('by a header: %j', (text, suggestion) => {
    expect(faultsOf(`domain = "a.example"\n${text}`).map((fault) => fault.suggestion)).toEqual([suggestion]);
  });

  test.each(['command = "curl -u me:secret"', 'command = curl -u me:secret', 'command = ["curl", secret]'])(
    'is never told of a command, which may hold a password: %s',
    (line) => {
      expect(meant('alerts', line)).toEqual([null]);
      expect(JSON.stringify(faultsOf(fileWith('alerts', line)))).not.toContain('secret');
    },
  );
});

const settings = sections.flatMap(({ name }) => Object.keys(schema[name]).map((key) => [name, key] as const));

const value = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.webUrl(),
  fc.domain(),
  fc.emailAddress(),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
  fc.integer({ min: -1000, max: 100_000 }),
  fc.boolean(),
  fc.tuple(fc.nat(999), fc.constantFrom('s', 'm', 'min', ' hours', 'd', '%', ' weeks')).map((parts) => parts.join('')),
  fc.array(fc.oneof(fc.string({ maxLength: 20 }), fc.domain(), fc.webPath()), { maxLength: 3 }),
);

test('whatever is written anywhere, what is suggested for it is taken', () => {
  let suggested = 0;
  fc.assert(
    fc.property(fc.constantFrom(...settings), value, ([section, key], one) => {
      const line = `${key} = ${written(one)}`;
      for (const suggestion of meant(section, line)) {
        if (suggestion?.startsWith(`${key} = `) !== true) continue;
        suggested += 1;
        const faults = faultsOf(fileWith(section, suggestion)).filter((fault) => fault.key.endsWith(key));
        // A host that no service has is a fault of two settings together.
        expect(faults.filter(({ wanted }) => !wanted.startsWith('only hosts of your services'))).toEqual([]);
      }
    }),
    { numRuns: 3_000 },
  );
  expect(suggested).toBeGreaterThan(100);
});
