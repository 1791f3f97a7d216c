import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { installService } from '../../../home-node/cli/commands/install-service.ts';
import { installUnit, nextCommands, signedUnit, unitPath, unitStanding } from '../../../home-node/service-install.ts';
import { fakeCli } from '../../support/fake-cli.ts';

let folder: string;
let path: string;
const text = '[Service]\nExecStart=/usr/bin/node\n';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-install-'));
  path = unitPath({ mode: 'system', home: join(folder, 'ada'), root: folder });
});

afterEach(() => rmSync(folder, { recursive: true }));

function lies(there: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, there);
}

describe('the unit goes', () => {
  test("to systemd's folder, or to that of its user", () => {
    expect(unitPath({ mode: 'system', home: '/h' })).toBe('/etc/systemd/system/porchlight.service');
    expect(unitPath({ mode: 'user', home: '/h' })).toBe('/h/.config/systemd/user/porchlight.service');
    const own = { mode: 'user', home: '/h', configHome: '/c' } as const;
    expect(unitPath(own)).toBe('/c/systemd/user/porchlight.service');
    expect(unitPath({ ...own, configHome: '' })).toBe('/h/.config/systemd/user/porchlight.service');
  });

  test('where none is, with its folders, readable by all', () => {
    expect(installUnit(path, text, false)).toBe('absent');
    expect(readFileSync(path, 'utf8')).toBe(signedUnit(text));
    expect(readFileSync(path, 'utf8').endsWith(`\n${text}`)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o644);
  });

  test('there once: the same again changes nothing', () => {
    installUnit(path, text, false);
    const { ino } = statSync(path);
    expect(installUnit(path, text, false)).toBe('same');
    expect(statSync(path).ino).toBe(ino);
  });

  test('over an older one of ours', () => {
    installUnit(path, '[Service]\nExecStart=/old\n', false);
    expect(unitStanding(path, text)).toBe('ours');
    expect(installUnit(path, text, false)).toBe('ours');
    expect(readFileSync(path, 'utf8')).toBe(signedUnit(text));
  });

  test.each([
    ['that somebody else wrote', '[Service]\nExecStart=/usr/bin/other\n'],
    ['of ours that its owner changed', signedUnit(text).replace('node', 'node --inspect')],
    [
      'that only claims to be ours',
      signedUnit(text)
        .replace(/\([0-9a-f]{64}\)/, `(${'0'.repeat(64)})`)
        .concat('#\n'),
    ],
    ['that is empty', ''],
  ])('not over one %s, unless told to', (_, there) => {
    lies(there);
    const refusal = { code: 'service-unit-foreign', message: expect.stringContaining('--force') };
    expect(() => installUnit(path, text, false)).toThrow(expect.objectContaining(refusal));
    expect(readFileSync(path, 'utf8')).toBe(there);
    expect(installUnit(path, text, true)).toBe('foreign');
    expect(readFileSync(path, 'utf8')).toBe(signedUnit(text));
  });

  test('nowhere when the place cannot be read or written, and says so', () => {
    mkdirSync(path, { recursive: true });
    expect(() => unitStanding(path, text)).toThrow(expect.objectContaining({ code: 'service-install' }));
    const below = join(folder, 'file');
    writeFileSync(below, '');
    const refusal = expect.objectContaining({ code: 'service-install' });
    expect(() => installUnit(join(below, 'porchlight.service'), text, false)).toThrow(refusal);
  });
});

test('what to do next starts it now and with the machine, also for a user who is not logged in', () => {
  expect(nextCommands({ mode: 'system', user: 'ada' })).toEqual([
    'systemctl daemon-reload',
    'systemctl enable --now porchlight.service',
  ]);
  expect(nextCommands({ mode: 'user', user: 'ada' })).toEqual([
    'systemctl --user daemon-reload',
    'systemctl --user enable --now porchlight.service',
    'loginctl enable-linger ada',
  ]);
});

test('the command writes the unit for what home starts by its settings, and says why it allows more', () => {
  const shown = (more: string): string => {
    writeFileSync(join(folder, 'porchlight.toml'), `domain = "home.example"\n${more}`);
    const { cli, out } = fakeCli();
    installService(cli, { home: folder, user: true, dryRun: true });
    return out();
  };
  const server = '[[services]]\nname = "x"\nkind = "activitypub"\nurl = "http://127.0.0.1:1"\ninboxes = ["/inbox"]\n';
  for (const harmless of ['', server]) {
    expect(shown(harmless)).toMatch(/^NoNewPrivileges=yes$/m);
    expect(shown(harmless)).toMatch(/^RestrictNamespaces=yes$/m);
  }
  expect(shown(`${server}driver = "process"\ncommand = ["/x"]\n`)).not.toContain('RestrictNamespaces');
  expect(shown('[alerts]\ncommand = ["/usr/local/bin/tell-me"]\n')).not.toContain('NoNewPrivileges');
  writeFileSync(join(folder, 'porchlight.toml'), 'domain = "home.example"\n[alerts]\ncommand = ["/x"]\n');
  const { cli, out } = fakeCli({ env: { XDG_CONFIG_HOME: folder } });
  installService(cli, { home: folder, user: true });
  expect(out()).toMatch(/^It allows more .* your alert command \(docs\/running\.md/m);
});
