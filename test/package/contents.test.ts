// What is in the tarball, and what happens before the program is even loaded.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { thirdPartyLicences } from '../../local/third-party.ts';
import { filesBelow, type Installed, install, type Packed, pack } from '../support/installed-package.ts';
import { hasOtherNodes, otherNodes, skipUnless } from '../support/other-nodes.ts';

skipUnless(hasOtherNodes, 'tests of the package on an older Node', 'Other Nodes are not in test/nodes');

const root = join(import.meta.dirname, '..', '..');
let packed: Packed;
let installed: Installed;

beforeAll(() => {
  packed = pack();
  installed = install(packed, process.execPath);
});

afterAll(() => packed?.remove());

const text = (path: string): string => readFileSync(join(installed.package, path), 'utf8');

describe('the tarball', () => {
  test('holds the program, what it reads, the licences, and nothing else', () => {
    // Parts that programs share, and commands and the database client (esm), which are loaded when they are called, are named by
    // esbuild.
    const commands = readdirSync(join(root, 'home-node', 'cli', 'commands')).map((file) => basename(file, '.ts'));
    const parts = new RegExp(
      `^dist/(chunk|esm|getMachineId-\\w+|mysql-reader|${commands.join('|')})-[A-Z0-9]{8}\\.js$`,
    );
    const files = filesBelow(installed.package);
    expect(files.filter((path) => !parts.test(path))).toEqual(
      [
        'LICENSE',
        'README.md',
        'package.json',
        'dist/THIRD-PARTY-LICENSES.txt',
        'dist/embedded.js',
        'dist/ledger-thread.js',
        'dist/main.js',
        'dist/porchlight.js',
        'dist/sqlite-thread.js',
        'dist/cli.js',
        ...filesBelow(join(root, 'migrations', 'home')).map((path) => `dist/migrations/home/${path}`),
        ...filesBelow(join(root, 'home-node', 'hooks'))
          .filter((path) => !path.endsWith('.ts'))
          .map((path) => `dist/hooks/${path}`),
        ...filesBelow(join(root, 'home-node', 'embedded', 'starter')).map((path) => `dist/starter/${path}`),
      ].sort((a, b) => (a < b ? -1 : 1)),
    );
    expect(files.filter((path) => parts.test(path)).length).toBeGreaterThan(0);
  });

  test('is for every processor: all of it is text', () => {
    const binary = filesBelow(installed.package).filter((path) =>
      readFileSync(join(installed.package, path)).includes(0),
    );
    expect(binary).toEqual([]);
  });

  test('has no code of the edge in it, nor a path of this machine', () => {
    const scripts = filesBelow(installed.package).filter((path) => path.endsWith('.js'));
    expect(scripts.filter((path) => /\bDurableObject\b|cloudflare:workers/.test(text(path)))).toEqual([]);
    expect(scripts.filter((path) => text(path).includes(`${root}/`))).toEqual([]);
  });

  test('stays small enough for a slow line: 2 MB, 12 MB unpacked', () => {
    expect(packed.tarballBytes).toBeLessThan(2_000_000);
    const bytes = filesBelow(installed.package).map((path) => readFileSync(join(installed.package, path)).length);
    expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThan(12_000_000);
  });

  test('loads nothing of Node that it does not use: an import of node:http has Node’s own undici loaded', () => {
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-loaded-'));
    try {
      // What a home node loads, up to the error that it was never let in.
      writeFileSync(join(folder, 'porchlight.toml'), 'domain = "home.example"\n');
      const tell = 'process.on("exit", () => console.log(JSON.stringify(process.moduleLoadList)))';
      const args = ['--import', `data:text/javascript,${encodeURIComponent(tell)}`, installed.bin];
      const { stdout, stderr } = spawnSync(process.execPath, [...args, 'up', '--home', folder], {
        env: installed.environment,
      });
      expect(stderr.toString()).toContain('porchlight claim');
      const loaded = JSON.parse(stdout.toString()) as string[];
      expect(loaded).toContain('NativeModule http');
      for (const unused of ['internal/deps/undici/undici', 'http2', 'readline/promises']) {
        expect(loaded).not.toContain(`NativeModule ${unused}`);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('asks npm for nothing more, and brings one command', () => {
    expect(readdirSync(join(installed.package, '..'))).toEqual(['porchlight']);
    expect(existsSync(join(installed.package, 'node_modules'))).toBe(false);
    expect(readdirSync(dirname(installed.bin))).toEqual(['porchlight']);
    expect(JSON.parse(text('package.json'))).not.toHaveProperty('dependencies');
  });

  test('names the licence of what is bundled: one of each kind that could be missed', () => {
    const licences = text('dist/THIRD-PARTY-LICENSES.txt');
    for (const name of ['undici', '@fedify/fedify', '@opentelemetry/api', '@nodable/entities', 'trousse']) {
      expect(licences).toContain(`\n${name} `);
    }
    expect(licences).toContain('Copyright (c) Amit Gupta');
  });
});

describe('the command', () => {
  test.skipIf(!hasOtherNodes)('says on a Node that is too old which one it is and which one is needed', () => {
    const { status, stderr } = spawnSync(otherNodes.tooOld, [installed.bin], { env: installed.environment });
    expect(status).toBe(1);
    expect(stderr.toString()).toMatch(
      /^Cannot run porchlight: this is Node 18\.\S+ \(\S+\/node\), and 22\.19\.0 or later is needed; install it .*\n$/,
    );
  });

  test.skipIf(!hasOtherNodes)('npm says so too, when it is told to be strict', () => {
    expect(() => install(packed, otherNodes.tooOld)).toThrow(/EBADENGINE/);
  });

  for (const { name, node, there } of [
    { name: 'the oldest Node that is promised', node: otherNodes.lowest, there: hasOtherNodes },
    { name: 'the Node of the project', node: process.execPath, there: true },
  ]) {
    test.skipIf(!there)(`runs on ${name} and says nothing that its owner did not ask for`, () => {
      // A shell finds it and its Node by the PATH.
      const environment = { ...installed.environment, PATH: `${dirname(node)}:/usr/bin:/bin` };
      expect(execFileSync('node', ['--version'], { env: environment }).toString()).toBe(
        execFileSync(node, ['--version']).toString(),
      );
      const { stdout, stderr } = spawnSync(installed.bin, ['--no-such-option'], { env: environment });
      expect(`${stdout.toString()}${stderr.toString()}`).toContain('--no-such-option');
      expect(stderr.toString()).not.toContain('Warning');
    });
  }
});

describe('a library that may not be given along stops the build', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'porchlight-licences-'));
    for (const [name, license, file] of [
      ['good', 'MIT', 'LICENSE'],
      ['copyleft', 'GPL-3.0-only', 'LICENSE'],
      ['silent', undefined, 'LICENSE'],
      ['textless', 'MIT', 'README'],
    ] as const) {
      const library = join(folder, 'node_modules', name);
      mkdirSync(library, { recursive: true });
      writeFileSync(join(library, 'package.json'), JSON.stringify({ name, version: '1.0.0', license }));
      writeFileSync(join(library, file), `The terms of ${name}.`);
    }
    mkdirSync(join(folder, 'node_modules', 'good', 'dist', 'node_modules', 'stowaway'), { recursive: true });
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  const licencesOf = (...paths: string[]): string =>
    thirdPartyLicences(
      folder,
      paths.map((path) => `node_modules/${path}/index.js`),
    );

  test('one whose terms are given is named with them', () => {
    expect(licencesOf('good')).toMatch(/good 1\.0\.0 \(MIT\)\n\nThe terms of good\.\n$/);
  });

  test.each([
    ['copyleft', 'the licence of copyleft is GPL-3.0-only'],
    ['silent', 'the licence of silent is none'],
    ['textless', 'textless has no licence text'],
    ['good/dist/node_modules/stowaway', 'the licence of stowaway is none'],
  ])('%s', (path, fault) => {
    const found = expect.objectContaining({ code: 'licence', message: expect.stringContaining(fault) });
    expect(() => licencesOf('good', path)).toThrow(found);
  });
});
