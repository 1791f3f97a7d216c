// `porchlight init` without a terminal; how it asks in one is in test/journey/first-evening.test.ts.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseHomeConfig } from '../../../shared/config/parse.ts';
import { porchlight } from '../../support/porchlight.ts';

let above: string;
let folder: string;

beforeEach(() => {
  above = mkdtempSync(join(tmpdir(), 'porchlight-init-'));
  folder = join(above, 'home');
});

afterEach(() => rmSync(above, { recursive: true }));

const init = async (...args: string[]) => await porchlight(['init', '--home', folder, ...args]);

describe('init', () => {
  test('makes settings and a key that nobody else may read, and asks nothing with --yes', async () => {
    const { code, out, err } = await init('--domain', 'example.org', '--yes');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`porchlight claim CODE --home ${folder}`);
    expect(new Set(readdirSync(folder))).toEqual(new Set(['home-key.json', 'porchlight.toml']));
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'home-key.json')).mode & 0o777).toBe(0o600);
    expect(parseHomeConfig(readFileSync(join(folder, 'porchlight.toml'), 'utf8'))).toMatchObject({
      config: { domain: 'example.org', admin: 'admin@example.org', edge: 'https://example.org' },
    });
  });

  test('says for programs where everything is, without the key', async () => {
    const { out } = await init('--domain', 'EXAMPLE.org', '--admin', 'you@example.org', '--json');
    expect(JSON.parse(out)).toEqual({
      folder,
      domain: 'example.org',
      admin: 'you@example.org',
      config: join(folder, 'porchlight.toml'),
    });
  });

  test.each([
    ['without a domain', ['--yes'], 2, 'name the domain by --domain'],
    ['without a domain, where nobody can be asked', [], 1, 'name it by --domain'],
    ['with what is no domain', ['--domain', 'https://example.org/', '--yes'], 2, 'wanted a host name'],
    ['with a domain that would end the text', ['--domain', 'a.b"\nx = 1', '--yes'], 2, 'wanted a host name'],
  ])('%s leaves no folder', async (_, args, wanted, why) => {
    const { code, err } = await init(...args);
    expect(code).toBe(wanted);
    expect(err).toContain(why);
    expect(existsSync(folder)).toBe(false);
  });

  test('refuses a folder that is a home already, and changes nothing in it', async () => {
    await init('--domain', 'example.org', '--yes');
    const key = readFileSync(join(folder, 'home-key.json'), 'utf8');
    const { code, err } = await init('--domain', 'other.example', '--yes');
    expect(code).toBe(1);
    expect(err).toContain('porchlight.toml is there already');
    expect(readFileSync(join(folder, 'home-key.json'), 'utf8')).toBe(key);
  });
});
