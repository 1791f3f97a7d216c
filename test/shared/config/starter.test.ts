// The first porchlight.toml is right as it is, and with each of its comments made a setting.

import { describe, expect, test } from 'vitest';
import { configurationManual, configurationText, settingManuals } from '../../../shared/config/describe.ts';
import { faultText } from '../../../shared/config/faults.ts';
import type { HomeConfig } from '../../../shared/config/home-config.ts';
import { parseHomeConfig } from '../../../shared/config/parse.ts';
import { schema, sections } from '../../../shared/config/schema.ts';
import { starterConfig } from '../../../shared/config/starter.ts';

const starter = starterConfig({ domain: 'home.example', admin: 'me@home.example' });
const lines = starter.split('\n');

function configOf(text: string): HomeConfig {
  const reading = parseHomeConfig(text);
  if ('config' in reading) return reading.config;
  throw new Error(`${reading.faults.map(faultText).join('\n')}\n\n${text}`);
}

/** The starter with these lines changed, by their index. */
const changed = (changes: ReadonlyMap<number, string>): string =>
  lines.map((line, index) => changes.get(index) ?? line).join('\n');

/** From each commented header to the empty line: what is uncommented together. */
const blocks = [...lines.entries()]
  .filter(([, line]) => line === '# [[services]]')
  .map(([first]) => ({ first, end: lines.indexOf('', first) }));
const linksBlock = { first: lines.indexOf('# [[links]]'), end: lines.indexOf('', lines.indexOf('# [[links]]')) };
const isInBlock = (index: number): boolean =>
  [...blocks, linksBlock].some(({ first, end }) => index >= first && index < end);
const isSetting = (line: string): boolean => /^# [a-z_]+ = \S/.test(line);
const singles = [...lines.entries()].filter(([index, line]) => isSetting(line) && !isInBlock(index));

const uncommented = ({ first, end }: { first: number; end: number }): Map<number, string> =>
  new Map([...lines.entries()].slice(first, end).map(([index, line]) => [index, line.slice(2)]));

describe('the starter file', () => {
  test('says no more than domain and owner', () => {
    const short = configOf('domain = "home.example"\nadmin = "me@home.example"');
    expect(configOf(starter)).toEqual(short);
  });

  test('has every setting of the schema', () => {
    for (const { name } of sections) {
      for (const key of Object.keys(schema[name])) expect(starter).toMatch(new RegExp(`^(# ){0,2}${key} = `, 'm'));
    }
    expect(singles.length).toBeGreaterThan(12);
    expect(blocks).toHaveLength(4);
  });

  test.each(singles)('is right with line %i uncommented: %s', (index, line) => {
    const config = configOf(changed(new Map([[index, line.slice(2)]])));
    // What has a default says so: it changes nothing when it is written down.
    if (!line.startsWith('# command')) expect(config).toEqual(configOf(starter));
  });

  test.each(blocks)('is right with a block uncommented, and with each choice in it: line $first', (block) => {
    const whole = uncommented(block);
    expect(configOf(changed(whole)).services).toHaveLength(1);
    const choices = [...whole].filter(([, line]) => line.startsWith('# '));
    expect(choices.length).toBeGreaterThan(2);
    for (const [index, line] of choices) configOf(changed(new Map([...whole, [index, line.slice(2)]])));
  });

  test('is right with the links of accounts uncommented', () => {
    expect(configOf(changed(uncommented(linksBlock))).links).toEqual([
      {
        account: '*@home.example',
        rel: 'http://openid.net/specs/connect/1.0/issuer',
        href: 'https://login.home.example/',
      },
    ]);
  });

  test('is right with all of its services, and with everything that stands above them', () => {
    const [embedded, external] = blocks.map(uncommented);
    const all = new Map([...(embedded ?? []), ...(external ?? [])]);
    expect(configOf(changed(all)).services.map(({ name }) => name)).toEqual(['home', 'social']);
    const plain = new Map(singles.map(([index, line]) => [index, line.slice(2)]));
    expect(configOf(changed(plain)).alerts.command).not.toBeNull();
  });

  test('keeps what an owner is called, whatever is in it', () => {
    const admin = 'https://home.example/"me"\\\u007f';
    expect(configOf(starterConfig({ domain: 'home.example', admin })).admin).toBe(admin);
  });
});

describe('the manual', () => {
  test('names every setting, for a page and for a terminal', () => {
    const [page, terminal] = [configurationManual(), configurationText()];
    for (const { name, path } of sections) {
      for (const key of Object.keys(schema[name])) {
        expect(page).toContain(`### \`${path}${key}\``);
        expect(terminal).toContain(`\n  ${path}${key}\n`);
      }
    }
    expect(terminal).not.toContain('`');
    expect(terminal.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test('says of each its unit, its default, what it guards and who may change it', () => {
    const manuals = settingManuals();
    expect(manuals.length).toBeGreaterThan(28);
    for (const { path, type, unit, danger, purpose, ...of } of manuals) {
      // A sentence of its own, as a person reads it.
      expect([path, danger]).toEqual([path, expect.stringMatching(/^[A-Z].{15,}\.$/)]);
      expect([path, purpose]).not.toEqual([path, danger]);
      expect([path, unit === null]).toEqual([path, type !== 'number']);
      expect([path, of.default, of.changedBy]).toEqual([
        path,
        expect.stringMatching(/\S/),
        expect.stringMatching(/^owner/),
      ]);
      const [, page = ''] = configurationManual().split(`### \`${path}\`\n`);
      const [own = ''] = page.split('\n#');
      for (const fact of ['unit', 'default', 'danger', 'changed by']) expect(own).toContain(`\n- ${fact}: `);
    }
  });

  test('has examples that are right', () => {
    for (const { name } of sections) {
      for (const [key, setting] of Object.entries(schema[name])) {
        const known = {
          allowPrivateAddresses: false,
          domain: 'a.example',
          kind: null,
          driver: null,
          otherMachine: false,
        };
        const service = { ...known, kind: 'activitypub', driver: 'process' } as const;
        const of = name === 'services' ? service : known;
        const reading = setting.accept(JSON.parse(setting.example(of)), of);
        expect([key, reading]).not.toEqual([key, undefined]);
      }
    }
  });
});
