// `porchlight config`: how it ends, and what programs read of it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as config from '../../../home-node/cli/commands/config.ts';
import { runProgram } from '../../../home-node/cli/program.ts';
import { ControlServer } from '../../../home-node/control/server.ts';
import { logLevels } from '../../../shared/config/home-config.ts';
import { schema, sections } from '../../../shared/config/schema.ts';
import { fakeCli } from '../../support/fake-cli.ts';
import { porchlight } from '../../support/porchlight.ts';
import { nodeReport } from '../doctor/exams.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-config-'));
  file = join(folder, 'porchlight.toml');
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('config check', () => {
  test('of a file without faults ends with 0', async () => {
    writeFileSync(file, 'domain = "example.org"\n');
    const { cli, out, code } = fakeCli();
    await config.check(cli, undefined, { home: folder });
    expect(out()).toBe(`${file}: no faults.\n`);
    expect(code()).toBeNull();
    await config.check(cli, file, { json: true });
    expect(JSON.parse(out())).toEqual({ path: file, faults: [], afterRestart: [] });
  });

  test('names every fault at once, with its line and what was meant, and ends with 5', async () => {
    writeFileSync(file, 'domian = "example.org"\n[log]\nlevel = "loud"\n');
    const { cli, out, code } = fakeCli();
    await config.check(cli, undefined, { home: folder });
    expect(out()).toMatch(/3 to mend\n.*line 1: .*\n.*line 1: .*\n.*line 3: /);
    expect(code()).toBe(5);
    await config.check(cli, undefined, { home: folder, json: true });
    const { faults } = JSON.parse(out()) as { faults: object[] };
    expect(faults).toContainEqual(expect.objectContaining({ line: 1, key: 'domian', suggestion: 'domain' }));
    for (const fault of faults) {
      expect(new Set(Object.keys(fault))).toEqual(new Set(['line', 'key', 'found', 'wanted', 'suggestion']));
    }
  });

  test('cannot move the cursor by what stands in the file', async () => {
    writeFileSync(file, 'domain = "\u001b[2J"\n');
    const { cli, out } = fakeCli();
    await config.check(cli, file, {});
    expect(out()).not.toContain('\u001b');
  });

  test('of what the home node that runs does not go by yet names it, and of another file nothing', async () => {
    writeFileSync(file, 'domain = "example.org"\n');
    const settingsWaiting = ['services[].hosts', 'metrics.listen'];
    const control = await ControlServer.listen(folder, {
      status: async () => await Promise.resolve(nodeReport({ settingsWaiting })),
    });
    try {
      const { cli, out } = fakeCli();
      await config.check(cli, undefined, { home: folder });
      expect(out()).toBe(
        `${file}: no faults.\nTo hold after a restart of the home node: services[].hosts, metrics.listen.\n`,
      );
      await config.check(cli, undefined, { home: folder, json: true });
      expect(JSON.parse(out())).toMatchObject({ afterRestart: settingsWaiting });
      await config.check(cli, file, {});
      expect(out()).toBe(`${file}: no faults.\n`);
    } finally {
      await control.close();
    }
  });

  test('ends with 2 when there is nothing to read, as a process too', async () => {
    expect((await porchlight(['config', 'check', join(folder, 'nothing.toml')])).code).toBe(2);
    writeFileSync(file, 'domain = 7\n');
    expect((await porchlight(['config', 'check', '--home', folder])).code).toBe(5);
    expect((await porchlight(['config', 'show', '--home', folder])).code).toBe(2);
  });
});

describe('config show', () => {
  test('says what holds, defaults and services too', () => {
    writeFileSync(file, 'domain = "example.org"\n[metrics]\nlisten = "127.0.0.1:9464"\n');
    const { cli, out } = fakeCli();
    config.show(cli, { home: folder });
    const lines = out();
    expect(lines).toMatch(/^domain +"example.org"$/m);
    expect(lines).toMatch(/^metrics.listen +127.0.0.1:9464$/m);
    expect(lines).toMatch(/^services\[0\]\.kind +"embedded"$/m);
    expect(lines).toMatch(/^alerts.command +not set$/m);
    config.show(cli, { home: folder, json: true });
    expect(JSON.parse(out())).toMatchObject({ domain: 'example.org', services: [{ name: 'home', kind: 'embedded' }] });
  });
});

test('config show tells the address of a database and never its password', () => {
  const address = 'postgresql://reader:hidden@127.0.0.1/social?password=hidden';
  writeFileSync(
    file,
    `domain = "example.org"\n[[services]]\nname = "social"\nkind = "mastodon"\ndatabase = "${address}"\n`,
  );
  const { cli, out } = fakeCli();
  config.show(cli, { home: folder });
  const table = out();
  config.show(cli, { home: folder, json: true });
  for (const shown of [table, out()]) {
    expect(shown).toContain('postgresql://reader:***@127.0.0.1/social');
    expect(shown).not.toContain('hidden');
  }
});

test('config alone is the manual of every setting', () => {
  const { cli, out } = fakeCli();
  config.manual(cli, {});
  expect(out()).toMatch(/^ {2}domain\n {4}The name that your people have/m);
});

test('config --json is the manual as data, and --json behind check is that of check', async () => {
  const { cli, out } = fakeCli();
  await runProgram(cli, ['config', '--json']);
  const settings = JSON.parse(out()) as Record<string, unknown>[];
  const paths = sections.flatMap(({ name, path }) => Object.keys(schema[name]).map((key) => path + key));
  expect(settings.map(({ path }) => path)).toEqual(paths);
  expect(settings.find(({ path }) => path === 'alerts.key_days')).toMatchObject({
    header: '[alerts]',
    type: 'number',
    unit: 'days',
    changedBy: 'owner',
    toldToEdge: false,
    takesEffect: 'at once',
    example: 'key_days = 730',
  });
  expect(settings.find(({ path }) => path === 'log.level')).toMatchObject({ choices: [...logLevels] });
  writeFileSync(file, 'domain = "example.org"\n');
  await runProgram(cli, ['config', 'check', '--json', '--home', folder]);
  expect(JSON.parse(out())).toEqual({ path: file, faults: [], afterRestart: [] });
});
