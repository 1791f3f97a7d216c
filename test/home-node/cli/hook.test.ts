// `porchlight hook`: what each service needs, and the files for one of them with a secret that is its own.

import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSecret } from '../../../home-node/receipts/secret.ts';
import { secretText, serviceSecret } from '../../../home-node/receipts/service-receipts.ts';
import { systemRandom } from '../../../shared/clock.ts';
import { porchlight } from '../../support/porchlight.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-cli-hook-'));
  const service = (name: string): string => `[[services]]
name = "${name}"
kind = "activitypub"
hosts = ["${name}.example.org"]
url = "http://127.0.0.1:3000"
inboxes = ["/inbox"]
`;
  writeFileSync(
    join(folder, 'porchlight.toml'),
    `domain = "example.org"\n[[services]]\nname = "home"\nkind = "embedded"\n${service('social')}${service('videos')}`,
  );
});

afterEach(() => rmSync(folder, { recursive: true }));

const hook = async (...args: string[]) => await porchlight(['hook', ...args, '--home', folder]);

describe('hook', { timeout: 60_000 }, () => {
  test('list says of each service what it needs', async () => {
    const { code, out } = await hook('list');
    expect(code).toBe(0);
    expect(out).toMatch(/^home +embedded +– +judges by the time of arrival by itself$/m);
    expect(out).toMatch(/^social +activitypub +– +its software is not known/m);
    expect(JSON.parse((await hook('list', '--json')).out)).toMatchObject([
      { service: 'home', kind: 'embedded', hook: null },
      { service: 'social', kind: 'activitypub', hook: null },
      { service: 'videos', kind: 'activitypub', hook: null },
    ]);
  });

  test.each([
    ['mastodon', 65, /zz_porchlight\.rb:\/opt\/mastodon\/config\/initializers/],
    ['peertube', 30, /NODE_OPTIONS: "--require \/porchlight\/porchlight-hook\.cjs"/],
    ['misskey', 5, /at one place exactly/],
    ['hollo', 60, /Environment=PORCHLIGHT_RECEIPT_SECRET_FILE/],
    ['fedify', 60, /judgedAtArrival\(createFederation/],
  ])('show says what that of %s does, where it goes, and writes nothing', async (software, minutes, where) => {
    const { code, out } = await hook('show', 'social', '--as', software);
    expect(code).toBe(0);
    expect(out).toContain(`refuses what was signed more than ${minutes} minutes ago`);
    expect(out).toMatch(where);
    expect(readdirSync(folder)).toEqual(['porchlight.toml']);
    expect(JSON.parse((await hook('show', 'social', '--as', software, '--json')).out)).toMatchObject({ software });
  });

  test('write puts the files and the service’s own secret down, and again changes nothing', async () => {
    const to = join(folder, 'out', 'deep');
    const { code, out } = await hook('write', 'social', '--as', 'mastodon', '--to', to);
    expect([code, out]).toEqual([0, expect.stringContaining('Wrote into')]);
    expect(readdirSync(to).sort()).toEqual(['porchlight-secret', 'zz_porchlight.rb']);
    const path = join(to, 'porchlight-secret');
    const home = openSecret(join(folder, 'receipt-secret'), systemRandom);
    expect(readFileSync(path, 'utf8')).toBe(secretText(serviceSecret(home, 'social')));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(out).not.toContain(readFileSync(path, 'utf8').trim());
    const { ino } = statSync(path);
    chmodSync(path, 0o644);
    expect((await hook('write', 'social', '--as', 'mastodon', '--to', to)).out).toMatch(
      /^All of it is in .* already\./,
    );
    expect(statSync(path)).toMatchObject({ ino, mode: 0o100600 });
    await hook('write', 'videos', '--as', 'peertube', '--to', join(folder, 'other'));
    expect(readFileSync(join(folder, 'other', 'porchlight-secret'), 'utf8')).not.toBe(readFileSync(path, 'utf8'));
  });

  test('write --dry-run writes nothing, not even home’s secret', async () => {
    const { code, out } = await hook('write', 'social', '--as', 'peertube', '--dry-run');
    expect(code).toBe(0);
    expect(out).toContain('Would write into');
    expect(out).toContain('porchlight-hook.cjs');
    expect(existsSync(join(folder, 'receipt-secret'))).toBe(false);
    expect(existsSync(join(folder, 'hooks'))).toBe(false);
  });

  test.each([
    [['write', 'nobody'], 1, 'no-such-service'],
    [['write', 'social'], 1, 'no-hook'],
    [['show', 'home'], 1, 'no-hook'],
    [['show', 'social', '--as', 'pleroma'], 2, 'options'],
  ])('%j ends with %i, and says %s', async (args, wanted, said) => {
    const { code, err } = await hook(...args, '--json');
    expect(code).toBe(wanted);
    expect(err).toContain(`"${said}"`);
  });
});
