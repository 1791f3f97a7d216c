import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bedtimeMs } from '../../../home-node/home.ts';
import { stopSeconds, type UnitFacts, unitText } from '../../../home-node/service-unit.ts';
import { settleMs } from '../../../home-node/services/settled.ts';
import { skipUnless } from '../../support/other-nodes.ts';

const analyze = '/usr/bin/systemd-analyze';
const hasSystemd = existsSync(analyze);

skipUnless(hasSystemd, 'checks of the unit by systemd itself', `systemd is not installed (${analyze})`);

const facts: UnitFacts = {
  mode: 'system',
  user: 'ada',
  node: '/usr/bin/node',
  program: '/usr/lib/porchlight.js',
  folder: '/srv/porchlight',
  args: ['up'],
};
const refused = expect.objectContaining({ code: 'service-unit' });

describe('a unit', () => {
  test('of the machine runs as its owner, may write only to the data folder and starts with the machine', () => {
    const lines = unitText(facts).split('\n');
    expect(lines).toContain('User=ada');
    expect(lines).toContain('ExecStart="/usr/bin/node" "/usr/lib/porchlight.js" "up"');
    expect(lines).toContain('ProtectSystem=strict');
    expect(lines).toContain('ReadWritePaths="/srv/porchlight"');
    expect(lines).toContain('WantedBy=multi-user.target');
  });

  const all = { servers: true, alertCommand: true };

  test('that starts a server of its owner’s lets it write where its data is, and nobody gain rights', () => {
    const lines = unitText({ ...facts, starts: { servers: true, alertCommand: false } }).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining(['ProtectSystem=full', 'NoNewPrivileges=yes', 'ProtectKernelModules=yes']),
    );
    expect(lines.join('\n')).not.toMatch(/^(ProtectHome|PrivateTmp|PrivateDevices|RestrictNamespaces)=/m);
  });

  test.each(['system', 'user'] as const)(
    'of a %s that runs an alert command lets a setgid mailer hand in its mail',
    (mode) => {
      for (const starts of [all, { servers: false, alertCommand: true }]) {
        const text = unitText({ ...facts, mode, starts });
        // systemd.exec(5), "NoNewPrivileges=": any of these implies it for a process that is not root.
        expect(text).not.toMatch(
          /^(NoNewPrivileges|SystemCall\w+|RestrictAddressFamilies|RestrictNamespaces|PrivateDevices|ProtectKernel\w+|ProtectClock|ProtectHostname|MemoryDenyWriteExecute|RestrictRealtime|RestrictSUIDSGID|DynamicUser|LockPersonality|CapabilityBoundingSet)=/m,
        );
        expect(text.includes('ProtectSystem=full')).toBe(mode === 'system');
        expect(text).not.toContain('ProtectSystem=strict');
      }
    },
  );

  test('of a user asks for nothing that a user cannot have', () => {
    const text = unitText({ ...facts, mode: 'user' });
    expect(text).not.toMatch(/^(User|Protect\w+|ReadWritePaths|Private\w+|CapabilityBoundingSet)=/m);
    expect(text).toContain('WantedBy=default.target');
  });

  test("leaves Node's compiler alone", () => {
    expect(unitText(facts)).not.toContain('MemoryDenyWriteExecute');
  });

  test('leaves home the time that bedtime may take, and its services theirs to end', () => {
    const serviceStopMs = 8_000;
    expect(unitText(facts)).toContain(`\nTimeoutStopSec=${stopSeconds}\n`);
    expect(stopSeconds * 1000).toBeGreaterThan(bedtimeMs + settleMs + serviceStopMs);
  });

  test('waits longer after each failure where systemd can, and long enough where it cannot', () => {
    expect(unitText({ ...facts, systemdVersion: 254 })).toContain('RestartMaxDelaySec=300');
    const old = unitText({ ...facts, systemdVersion: 253 });
    expect(old).toContain('RestartSec=30');
    expect(old).not.toContain('RestartSteps');
  });

  test.each([
    ['a line break', '/srv/a\nExecStartPre=/bin/sh'],
    ['a carriage return', '/srv/a\rb'],
    ['a tab', '/srv/a\tb'],
    ['a NUL', '/srv/a\0b'],
    ['an escape', '/srv/\u001b[2J'],
    ['a C1 line break', '/srv/a\u0085b'],
  ])('refuses a name with %s, wherever it stands', (_, path) => {
    expect(() => unitText({ ...facts, folder: path })).toThrow(refused);
    expect(() => unitText({ ...facts, program: path })).toThrow(refused);
    expect(() => unitText({ ...facts, node: path })).toThrow(refused);
    expect(() => unitText({ ...facts, args: [path] })).toThrow(refused);
    expect(() => unitText({ ...facts, nodeFlags: [path] })).toThrow(refused);
  });

  test('refuses relative paths, and users that are none', () => {
    expect(() => unitText({ ...facts, folder: 'porchlight' })).toThrow(refused);
    expect(() => unitText({ ...facts, program: './porchlight.js' })).toThrow(refused);
    expect(() => unitText({ ...facts, node: 'node' })).toThrow(refused);
    for (const user of ['', 'a b', 'root\nGroup=disk', '%h', '-x']) {
      expect(() => unitText({ ...facts, user })).toThrow(refused);
    }
    const { user: _, ...nobody } = facts;
    expect(() => unitText(nobody)).toThrow(refused);
  });

  test('refuses a Node that systemd would not start, and says what to do', () => {
    for (const node of ['/opt/"node"', "/opt/it's/node", '/opt/a\\b/node']) {
      expect(() => unitText({ ...facts, node })).toThrow(/move or link it elsewhere/);
    }
  });
});

describe.skipIf(!hasSystemd)('systemd', () => {
  let folder: string;
  let node: string;
  let hostile: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'porchlight-unit-'));
    node = join(folder, '50 %h $HOME ü node');
    writeFileSync(node, '#!/bin/sh\n');
    chmodSync(node, 0o755);
    hostile = join(folder, `it's a "quote", 50 %h of $HOME, \${USER}; \\n # ü`);
    mkdirSync(hostile);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  /** What systemd says of the unit, and how it has read it. */
  function read(mode: UnitFacts['mode'], text: string): { status: number | null; said: string; loaded: string } {
    const unit = join(folder, 'porchlight.service');
    writeFileSync(unit, text);
    const args = [...(mode === 'user' ? ['--user'] : []), 'verify', unit];
    const env = { PATH: process.env.PATH, HOME: folder, XDG_RUNTIME_DIR: folder };
    const plain = spawnSync(analyze, args, { env });
    const loud = spawnSync(analyze, args, { env: { ...env, SYSTEMD_LOG_LEVEL: 'debug' }, maxBuffer: 2 ** 26 });
    const loaded = `${loud.stdout.toString()}${loud.stderr.toString()}`.split('-> Unit ');
    const said = `${plain.stdout.toString()}${plain.stderr.toString()}`;
    return { status: plain.status, said, loaded: loaded.find((part) => part.startsWith('porchlight.service')) ?? '' };
  }

  const unitOf = (mode: UnitFacts['mode'], more: Partial<UnitFacts> = {}): string => {
    const user = userInfo().username;
    return unitText({ mode, user, node, program: join(hostile, 'p.js'), folder: hostile, args: ['--home'], ...more });
  };

  test.each(['system', 'user'] as const)('finds no fault with the unit of a %s, whatever home starts', (mode) => {
    for (const servers of [false, true]) {
      for (const alertCommand of [false, true]) {
        const { status, said } = read(mode, unitOf(mode, { starts: { servers, alertCommand } }));
        // Root is not who should run it, and it says so; here there may be nobody else.
        expect(said.replace(/^.*Special user nobody.*\n/m, '')).toBe('');
        expect(status).toBe(0);
      }
    }
  });

  test('finds home alone well protected, and less so what home starts of its owner’s, but more than nothing', () => {
    const exposureOf = (text: string): number => {
      const unit = join(folder, 'porchlight.service');
      writeFileSync(unit, text);
      const { stdout, stderr } = spawnSync(analyze, ['security', '--offline=yes', '--no-pager', unit]);
      const said = `${stdout.toString()}${stderr.toString()}`;
      const [, level = 'none'] = /Overall exposure level for porchlight\.service: ([\d.]+)/.exec(said) ?? [];
      return Number(level);
    };
    const nothing = '[Service]\nExecStart=/bin/true\nUser=ada\n';
    const levels = [
      unitOf('system', { user: 'ada' }),
      unitOf('system', { user: 'ada', starts: { servers: true, alertCommand: false } }),
      unitOf('system', { user: 'ada', starts: { servers: true, alertCommand: true } }),
      nothing,
    ].map(exposureOf);
    expect(levels).toEqual(levels.toSorted((a, b) => a - b));
    expect(new Set(levels).size).toBe(4);
    // systemd calls it OK below this.
    expect(levels[0]).toBeLessThan(5);
  });

  test('would find one: a setting that there is not', () => {
    expect(read('system', `${unitOf('system')}[Service]\nRestartt=no\n`).said).toContain('Restartt');
  });

  test('reads every name back as it is, whatever the owner called it', () => {
    const { loaded } = read('system', unitOf('system', { args: ['--home', hostile, '', '%n $$ "'] }));
    const line = (name: string): string => new RegExp(`^\\s*${name}: (.*)$`, 'm').exec(loaded)?.[1] ?? '';
    expect(line('ReadWritePaths')).toBe(hostile);
    expect(loaded).toContain(`RequiresMountsFor: ${hostile} (`);
    expect(wordsOf(line('Command Line'))).toEqual([node, join(hostile, 'p.js'), '--home', hostile, '', '%n $$ "']);
    expect(line('KillMode')).toBe('mixed');
  });

  /** systemd shows a command with each word quoted where needed; `$$` there is still to become `$`, but in the first. */
  function wordsOf(command: string): string[] {
    const words = command.match(/"(?:[^"\\]|\\.)*"|[^\s"]+/g) ?? [];
    return words.map((word, at) => {
      const text = word.startsWith('"') ? word.slice(1, -1).replace(/\\(.)/g, '$1') : word;
      return at === 0 ? text : text.replaceAll('$$', '$');
    });
  }
});
