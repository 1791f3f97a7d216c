// porchlight.toml as text: every fault at once, each with its line, and what was probably meant.

import { describe, expect, test } from 'vitest';
import { type ConfigFault, faultText } from '../../../shared/config/faults.ts';
import { parseHomeConfig } from '../../../shared/config/parse.ts';
import { limits } from '../../../shared/limits.ts';

function faultsOf(text: string): readonly ConfigFault[] {
  const reading = parseHomeConfig(text);
  return 'faults' in reading ? reading.faults : [];
}

const social = '[[services]]\nname = "social"\nkind = "activitypub"\nurl = "http://127.0.0.1:1"\n';

describe('faults', () => {
  test('come all at once, in the order of their lines, with what was probably meant', () => {
    const faults = faultsOf(`langauge = "en"
level = "debug"
status-page = true
[alerts]
spool_share = 80
[log]
level = "infos"
[nothing]
`);
    expect(faults.map(({ line, key, suggestion }) => [line, key, suggestion])).toEqual([
      [1, 'langauge', 'language'],
      [1, 'domain', null],
      [2, 'level', 'level under [log]'],
      [3, 'status-page', 'status_page'],
      [5, 'alerts.spool_share', 'spool_share = 0.8'],
      [7, 'log.level', 'level = "info"'],
      [8, 'nothing', null],
    ]);
    const [misspelt, missing] = faults.map(faultText);
    expect(misspelt).toMatch(
      /^line 1: langauge: found an unknown setting, wanted one of .+; did you mean `language`\?$/,
    );
    expect(missing).toBe('line 1: domain: found nothing, wanted a host name in lower case, without port');
  });

  test('of what is no TOML name its line', () => {
    expect(faultsOf('domain = "a.example"\ntitle = "x\n')).toMatchObject([{ line: 2, key: '' }]);
    expect(faultsOf(`#${'x'.repeat(limits.configBytes)}`)).toMatchObject([{ line: 1, key: '' }]);
  });

  test.each([
    [
      'two services of one name',
      '[[services]]\nname="a"\nkind="embedded"\n[[services]]\nname="a"\nkind="embedded"\nhosts=["b.example"]',
      6,
      'services[1].name',
    ],
    [
      'two services with one inbox at one host',
      `${social}inboxes = ["/in"]\n${social.replace('social', 'other')}inboxes = ["/x", "/in"]`,
      11,
      'services[1].inboxes',
    ],
    [
      'an inbox that the embedded home has',
      `[[services]]\nname="home"\nkind="embedded"\n${social}inboxes = ["/inbox"]`,
      9,
      'services[1].inboxes',
    ],
    [
      'two embedded homes at one host',
      '[[services]]\nname="a"\nkind="embedded"\n[[services]]\nname="b"\nkind="embedded"',
      5,
      'services[1].hosts',
    ],
    ['a host that no service has', 'hosts = ["a.example", "b.example"]', 2, 'hosts'],
    ['no host at all', 'hosts = []', 2, 'hosts'],
    ['a driver that cannot be', '[[services]]\nname="a"\nkind="embedded"\ndriver="external"', 5, 'services[0].driver'],
    ['a process without a command', `${social}inboxes = ["/inbox"]\ndriver = "process"`, 2, 'services[0].command'],
    ['a command that nobody runs', `${social}inboxes = ["/inbox"]\ncommand = ["/x"]`, 7, 'services[0].command'],
    ['an empty command', '[alerts]\ncommand = []', 3, 'alerts.command'],
    ['figures for the whole network', '[metrics]\nlisten = "0.0.0.0:9469"', 3, 'metrics.listen'],
    ['figures at a name', '[metrics]\nlisten = "figures.example:9469"', 3, 'metrics.listen'],
    ['a port that is none', '[metrics]\nlisten = "127.0.0.1:99999"', 3, 'metrics.listen'],
    ['a loopback address that is none', '[metrics]\nlisten = "127.0.0.999:80"', 3, 'metrics.listen'],
    ['a date for a text', 'title = 2026-11-21', 2, 'title'],
    ['a table for a text', '[title]\nx = 1', 2, 'title'],
    ['a text for a table', 'alerts = "all"', 2, 'alerts'],
    ['a number that is too big to be one', '[alerts]\nkey_days = 123456789012345678901234567890', 3, 'alerts.key_days'],
    ['a name that means something to JavaScript', '__proto__ = 1', 2, '__proto__'],
    [
      'part of a delivery at once',
      '[[services]]\nname="a"\nkind="embedded"\ndrain_parallel = 1.5',
      5,
      'services[0].drain_parallel',
    ],
    [
      'more at once than a home is made for',
      `[[services]]\nname="a"\nkind="embedded"\ndrain_parallel = ${limits.deliverParallel + 1}`,
      5,
      'services[0].drain_parallel',
    ],
    ['more pages than a night has', `[site]\nwarm_pages = ${limits.sitePages + 1}`, 3, 'site.warm_pages'],
  ])('%s', (_, text, line, key) => {
    expect(faultsOf(`domain = "a.example"\n${text}`)).toMatchObject([{ line, key }]);
  });

  test('never show what stands in a command: it may be a password', () => {
    const faults = faultsOf('domain = "a.example"\n[alerts]\ncommand = "curl -u me:secret"');
    expect(faults).toHaveLength(1);
    expect(faults.map(faultText).join()).not.toContain('secret');
  });

  test('are none when it is written in another way', () => {
    const config = (text: string): unknown => parseHomeConfig(`domain = "a.example"\n${text}`);
    expect(config('log.level = "debug"\nmetrics = { listen = "off" }')).toEqual(
      config('[metrics]\nlisten = "off"\n[log]\nlevel = "debug"'),
    );
    expect(config('services = [{ name = "home", kind = "embedded" }]')).toEqual(config(''));
  });
});

describe('hosts', () => {
  const hostsOf = (text: string): unknown => {
    const reading = parseHomeConfig(`domain = "a.example"\n${text}`);
    return 'config' in reading ? reading.config.hosts : reading.faults;
  };
  const two = '[[services]]\nname = "home"\nkind = "embedded"\nhosts = ["a.example", "b.example"]';

  test('are those of the domain and of all services, unless some are named', () => {
    expect(hostsOf('')).toEqual(['a.example']);
    expect(hostsOf(two)).toEqual(['a.example', 'b.example']);
    expect(hostsOf(`hosts = ["b.example"]\n${two}`)).toEqual(['b.example']);
  });
});
