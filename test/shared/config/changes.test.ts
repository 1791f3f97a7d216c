// What a saved file changes: named by the schema's paths, and holding at once or after a restart as the schema says.

import { describe, expect, test } from 'vitest';
import { changesBetween, fieldOf, tookEffect } from '../../../shared/config/changes.ts';
import type { HomeConfig } from '../../../shared/config/home-config.ts';
import { parseHomeConfig } from '../../../shared/config/parse.ts';
import { schema, sections } from '../../../shared/config/schema.ts';

function configOf(text: string): HomeConfig {
  const reading = parseHomeConfig(`domain = "a.example"\n${text}`);
  if ('config' in reading) return reading.config;
  throw new Error(JSON.stringify(reading.faults));
}

const social = (url: string, hosts = '["b.example"]'): string =>
  `[[services]]\nname = "home"\nkind = "embedded"\n[[services]]\nname = "social"\nkind = "activitypub"\nhosts = ${hosts}\nurl = "${url}"\ninboxes = ["/inbox"]\n`;

describe('changes', () => {
  test('are none between two files that mean the same', () => {
    expect(changesBetween(configOf(''), configOf('language = "en"\n[log]\nlevel = "info"'))).toEqual([]);
  });

  test('are named by their paths, with when they hold', () => {
    const changes = changesBetween(
      configOf(social('http://127.0.0.1:1')),
      configOf(`title = "x"\nhandle = "me"\n[alerts]\nkey_days = 1\n${social('http://127.0.0.1:2')}`),
    );
    expect(changes.map(({ path, takesEffect }) => `${path} ${takesEffect}`)).toEqual([
      'title at once',
      'handle after a restart',
      'services[].url after a restart',
      'alerts.key_days at once',
    ]);
  });

  test('see a link of accounts that came, went or leads elsewhere; it holds at once', () => {
    const link = (href: string): string => `[[links]]\naccount = "*@a.example"\nrel = "x"\nhref = "${href}"\n`;
    const [none, one, other] = [
      configOf(''),
      configOf(link('https://x.example/')),
      configOf(link('https://y.example/')),
    ];
    const told = (before: HomeConfig, after: HomeConfig) => changesBetween(before, after).map(({ path }) => path);
    expect(told(none, one)).toEqual(['links[].account', 'links[].rel', 'links[].href']);
    expect(told(one, other)).toEqual(['links[].href']);
    expect(tookEffect(one, other).links).toEqual(other.links);
    expect(tookEffect(one, none).links).toEqual([]);
  });

  test('see every setting of the schema: each has its place in HomeConfig', () => {
    const link = '[[links]]\naccount = "*@a.example"\nrel = "x"\nhref = "https://x.example/"\n';
    const config = configOf(social('http://127.0.0.1:1') + link);
    for (const { name } of sections) {
      const places = {
        ...config,
        ...(name === 'services' ? config.services[1] : {}),
        ...(name === 'links' ? config.links[0] : {}),
        ...(name === 'alerts' || name === 'metrics' || name === 'log' || name === 'site' ? config[name] : {}),
      };
      for (const key of Object.keys(schema[name])) expect(Object.keys(places)).toContain(fieldOf(key));
    }
  });

  test('hold at once for words, names, alerts and the log, and for nothing that runs already', () => {
    const before = configOf('');
    const after = configOf(`edge = "https://edge.example"
title = "x"
language = "de"
status_page = false
hosts = ["b.example"]
[alerts]
spool_share = 0.5
[metrics]
listen = "127.0.0.1:1"
[log]
level = "debug"
format = "json"
${social('http://127.0.0.1:1')}`);
    const { alerts } = after;
    // b.example is nobody's until the restart, so nothing is narrowed to it.
    expect(tookEffect(before, after)).toEqual({
      ...before,
      title: 'x',
      language: 'de',
      statusPage: false,
      alerts,
      log: { format: 'text', level: 'debug' },
    });
  });

  test('give the accounts of a service another domain at once, and nothing else of it', () => {
    const server = (more: string): string => social('http://127.0.0.1:1') + more;
    const [before, after] = [configOf(server('')), configOf(server('account_domain = "a.example"\ndefer = true\n'))];
    const held = tookEffect(before, after);
    expect(held.services.map(({ accountDomain }) => accountDomain)).toEqual([null, 'a.example']);
    expect(held.services.map((service) => 'defer' in service && service.defer)).toEqual([false, false]);
    expect(tookEffect(held, before)).toEqual(before);
    // A service that is new, or goes, is so after a restart.
    expect(tookEffect(before, configOf('')).services).toEqual(before.services);
  });

  test('narrow hosts at once, and widen them again, within what runs', () => {
    const two = '["a.example", "b.example"]';
    const all = configOf(social('http://127.0.0.1:1', '["b.example"]'));
    const one = configOf(`hosts = ["a.example"]\n${social('http://127.0.0.1:1')}`);
    expect(tookEffect(all, one).hosts).toEqual(['a.example']);
    expect(tookEffect(tookEffect(all, one), all).hosts).toEqual(JSON.parse(two));
    // A service that goes with the next restart keeps its names until then.
    expect(tookEffect(all, configOf('')).hosts).toEqual(JSON.parse(two));
  });
});
