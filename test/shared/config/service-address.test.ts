// Where a service may be: this machine; the owner's own network if its owner says so; nothing of the Internet, however
// it is written.

import { describe, expect, test } from 'vitest';
import { type ConfigFault, faultText } from '../../../shared/config/faults.ts';
import { parseHomeConfig } from '../../../shared/config/parse.ts';

const domain = 'domain = "a.example"\n';
const service = (url: string, more = ''): string =>
  `[[services]]\nname = "social"\nkind = "activitypub"\nurl = "${url}"\ninboxes = ["/inbox"]\n${more}`;

function read(text: string): { readonly urls: readonly string[]; readonly faults: readonly ConfigFault[] } {
  const reading = parseHomeConfig(domain + text);
  if ('faults' in reading) return { urls: [], faults: reading.faults };
  const urls = reading.config.services.flatMap((one) => (one.kind === 'activitypub' ? [one.url] : []));
  return { urls, faults: [] };
}

const here = ['http://127.0.0.1:3000', 'http://127.0.0.53:1', 'http://localhost:3000', 'https://[::1]:3000'];
const ownNetwork = [
  'http://10.1.2.3',
  'http://172.16.0.1:3000',
  'http://172.31.255.254:3000',
  'http://192.168.1.20:3000',
  'http://100.64.0.1:3000',
  'http://100.127.255.254:3000',
  'http://[fd00::1]:3000',
  'http://mastodon:3000',
  'http://gts_1:3000',
  'http://nas.local:3000',
  'https://social.house.home.arpa',
];
const elsewhere = [
  'https://mastodon.social',
  'http://8.8.8.8:3000',
  'http://172.15.0.1:3000',
  'http://172.32.0.1:3000',
  'http://100.63.0.1:3000',
  'http://100.128.0.1:3000',
  'http://192.169.1.1:3000',
  'http://169.254.169.254',
  'http://0.0.0.0:3000',
  'http://[::]:3000',
  'http://[2001:4860:4860::8888]:3000',
  'http://[fe80::1]:3000',
  'http://[::ffff:8.8.8.8]:3000',
  // Names that only begin or end like an address or a name of one's own.
  'http://10.evil.example',
  'http://127.0.0.1.evil.example',
  'http://localhost.evil.example',
  'http://local.example',
  'http://nas.local.example',
  'http://fd00.example',
  'http://nas.local.:3000',
];

describe('a service', () => {
  test.each(here)('on this machine is where it is said to be: %s', (url) => {
    expect(read(service(url))).toEqual({ urls: [url], faults: [] });
    expect(read(service(url, 'other_machine = true\n'))).toEqual({ urls: [url], faults: [] });
  });

  test.each(ownNetwork)('on another machine is refused until its owner says that it may be there: %s', (url) => {
    expect(read(service(url)).faults).toMatchObject([
      { line: 5, key: 'services[0].url', found: `"${url}"`, suggestion: 'other_machine = true' },
    ]);
    expect(read(service(url, 'other_machine = true\n'))).toEqual({ urls: [url], faults: [] });
  });

  test.each(elsewhere)('on a host of somebody else is refused, whatever its owner says: %s', (url) => {
    for (const more of ['', 'other_machine = true\n']) {
      const { faults } = read(service(url, more));
      expect(faults).toMatchObject([{ line: 5, key: 'services[0].url', found: `"${url}"` }]);
      expect(faults[0]?.suggestion).toMatch(/^url = "http:\/\/127\.0\.0\.1:\d+"$/);
    }
  });

  test.each([
    ['http://2130706433:3000', 'http://127.0.0.1:3000'],
    ['http://0x7f.1:3000', 'http://127.0.0.1:3000'],
    ['http://LOCALHOST:3000/', 'http://localhost:3000'],
  ])('%s is %s, and judged as that', (written, origin) => {
    expect(read(service(written)).urls).toEqual([origin]);
  });

  test.each([
    ['127.0.0.1:3000', 'url = "http://127.0.0.1:3000"'],
    ['http://127.0.0.1:3000/inbox', 'url = "http://127.0.0.1:3000"'],
    ['http://me:secret@127.0.0.1:3000', 'url = "http://127.0.0.1:3000"'],
    ['192.168.1.20:3000', 'other_machine = true'],
    ['ftp://127.0.0.1', 'url = "http://127.0.0.1"'],
    ['not an address', null],
  ])('at %s is told what was meant', (url, suggestion) => {
    expect(read(service(url)).faults).toMatchObject([{ key: 'services[0].url', suggestion }]);
  });

  test('may be in a network of private addresses in development no more than else', () => {
    const text = `${service('http://10.1.2.3')}[development]\nallow_private_addresses = true\n`;
    expect(read(text).faults).toHaveLength(1);
  });

  test('that the home node brings along has no other machine to be on', () => {
    const { faults } = read('[[services]]\nname = "home"\nkind = "embedded"\nother_machine = true\n');
    expect(faults.map(faultText)).toEqual([expect.stringContaining('services[0].other_machine: found a setting that')]);
  });

  test('is told with every other fault of the file, each in a line of its own', () => {
    const text = `${service('https://mastodon.social', 'helth = "/up"\n')}${service('http://10.0.0.1').replace('"social"', '"other"')}`;
    expect(read(text).faults.map(faultText)).toEqual([
      'line 5: services[0].url: found "https://mastodon.social", wanted the origin of the server on this machine, as http://127.0.0.1:3000 (elsewhere in your network: other_machine); did you mean `url = "http://127.0.0.1:3000"`?',
      expect.stringMatching(/^line 7: services\[0\]\.helth: .*did you mean `health`\?$/),
      expect.stringMatching(/^line 11: services\[1\]\.url: .*did you mean `other_machine = true`\?$/),
    ]);
  });
});
