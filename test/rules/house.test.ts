// What every file keeps to, beyond imports. Each rule says why.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { limits } from '../../shared/limits.ts';
import { repositoryFiles, root, type SourceFile, sourceFiles } from './source-files.ts';

const product = sourceFiles('edge', 'home-node', 'shared');
const paths = (files: readonly SourceFile[]): string[] => files.map((file) => file.path);

describe('the house', () => {
  test('only shared/clock.ts reads time and dice, so that every hour and every throw can be tested', () => {
    const reads =
      /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|\bMath\.random\(|\bgetRandomValues\(|\brandomUUID\(|\brandomBytes\(/;
    expect(paths(product.filter((file) => reads.test(file.code)))).toEqual(['shared/clock.ts']);
  });

  test('only named files read the environment, so that an owner can find every setting in one place', () => {
    const readers = product.filter((file) => /\bprocess\.(env|argv)\b/.test(file.code));
    expect(paths(readers)).toEqual(['home-node/cli/index.ts', 'home-node/config.ts', 'home-node/embedded/options.ts']);
    const bindings = sourceFiles('edge').filter((file) =>
      /\.(DNS_RESOLVER|DEV_KEY_ORIGINS|OPERATOR_KEY|BUILD)\b/.test(file.code),
    );
    expect(paths(bindings)).toEqual(['edge/env.ts']);
  });

  test('only problem.ts makes error responses at the edge, so that strangers see only what they need', () => {
    const makers = sourceFiles('edge').filter((file) =>
      /new Response\([\s\S]{0,200}?status:\s*[45]\d\d/.test(file.code),
    );
    expect(paths(makers).filter((path) => path !== 'edge/http/problem.ts')).toEqual([]);
  });

  test('only log.ts writes to the console at the edge, so that every line is JSON and found by its members', () => {
    const writers = sourceFiles('edge').filter((file) => /\bconsole\b/.test(file.code));
    expect(paths(writers)).toEqual(['edge/log.ts']);
  });

  test('a file holds one idea: none is longer than 400 lines, and the median stays at 130', () => {
    const lengths = sourceFiles('edge', 'home-node', 'shared', 'local').map((file) => ({
      path: file.path,
      lines: file.text.split('\n').length,
    }));
    expect(lengths.filter((file) => file.lines > 400)).toEqual([]);
    const sorted = lengths.map((file) => file.lines).sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(130);
  });

  test('a file says first what it is for', () => {
    const silent = sourceFiles('edge', 'home-node', 'shared', 'local', 'bench').filter(
      (file) => !/^(#!.*\n)?\/\/ \S/.test(file.text),
    );
    expect(paths(silent)).toEqual([]);
  });

  test('no drawer for odds and ends: every folder is a noun of the field', () => {
    const drawers = repositoryFiles().filter((path) => /(^|\/)(utils?|helpers?|common|types|misc|lib)\//.test(path));
    expect(drawers).toEqual([]);
  });

  test('no path of a machine and no registry host is in the repository', () => {
    const texts = repositoryFiles().filter((path) => /\.(ts|mjs|json|toml|md|yml|css|html|sql)$|^\.ci\//.test(path));
    // Only the package in local/node is one that the lock file finds by its path.
    const machine = /"resolved": (?!"local\/node")|(^|[\s"'(])\/(work|home\/[a-z]+|Users|root)\//m;
    const self = 'test/rules/house.test.ts';
    expect(texts.filter((path) => path !== self && machine.test(readFileSync(join(root, path), 'utf8')))).toEqual([]);
  });

  test('every suppression says why', () => {
    const silent = sourceFiles('edge', 'home-node', 'shared', 'local', 'bench', 'test').filter(
      (file) =>
        file.path !== 'test/rules/house.test.ts' &&
        /@ts-(ignore|nocheck)|@ts-expect-error\s*$|biome-ignore [^:]*:\s*$/m.test(file.text),
    );
    expect(paths(silent)).toEqual([]);
  });

  test('each limit is used by the product and attacked by a test', () => {
    const code = product
      .filter((file) => file.path !== 'shared/limits.ts')
      .map((file) => file.code)
      .join('\n');
    const tests = sourceFiles('test')
      .filter((file) => !file.path.startsWith('test/rules/'))
      .map((file) => file.code)
      .join('\n');
    const names = Object.keys(limits);
    expect(names.filter((name) => !code.includes(`limits.${name}`))).toEqual([]);
    expect(names.filter((name) => !tests.includes(`limits.${name}`))).toEqual([]);
  });

  test('one workerd and one esbuild are in the tree, because two would be tested apart from each other', () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, unknown>;
    };
    for (const name of ['workerd', 'esbuild', 'miniflare', 'wrangler']) {
      const copies = Object.keys(lock.packages).filter((path) => path.endsWith(`node_modules/${name}`));
      expect(copies).toEqual([`node_modules/${name}`]);
    }
  });

  test('dependencies are pinned to one version each', () => {
    const wanted = ['package.json', 'local/node/package.json', 'test/nodes/package.json'].flatMap((path) => {
      const manifest = manifestAt(path);
      return ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((kind) =>
        Object.entries(manifest[kind] ?? {}),
      );
    });
    const pinned = /^(file:local\/node|(npm:[\w-]+@)?\d+\.\d+\.\d+(-[\w.]+)?)$/;
    expect(wanted.filter(([, version]) => !pinned.test(version))).toEqual([]);
  });
});

describe('the package', () => {
  test('asks for nothing: its libraries are bundled, and whoever installs it has a Node', () => {
    const manifest = manifestAt('package.json');
    for (const kind of ['dependencies', 'optionalDependencies', 'peerDependencies', 'bundleDependencies']) {
      expect(manifest[kind]).toBeUndefined();
    }
    expect(manifest.private).toBe(true);
  });

  test('only home-node/program-files.ts asks where the program lies, because built it lies elsewhere', () => {
    const asks = /\bimport\.meta\.(dirname|filename|url)\b/;
    expect(paths(sourceFiles('home-node', 'shared').filter((file) => asks.test(file.code)))).toEqual([
      'home-node/program-files.ts',
    ]);
  });

  test('only home-node/sqlite.ts loads SQLite: Node 22 warns of it otherwise, and no owner can do anything about it', () => {
    const loads = /from 'node:sqlite'|getBuiltinModule\('node:sqlite'\)/;
    expect(paths(sourceFiles('home-node', 'shared').filter((file) => loads.test(file.code)))).toEqual([
      'home-node/sqlite.ts',
    ]);
  });
});

function manifestAt(path: string): Readonly<Record<string, Readonly<Record<string, string>> | true>> {
  return JSON.parse(readFileSync(join(root, path), 'utf8')) as ReturnType<typeof manifestAt>;
}

describe('the documents', () => {
  const documents = repositoryFiles().filter((path) => path.endsWith('.md'));

  test('the README is one that people read to its end', () => {
    expect(readFileSync(join(root, 'README.md'), 'utf8').split('\n').length).toBeLessThanOrEqual(100);
  });

  test('documents name only paths that exist', () => {
    const missing = documents.flatMap((document) => {
      const text = readFileSync(join(root, document), 'utf8');
      const named = [
        ...text.matchAll(/`((?:edge|home-node|shared|migrations|test|local|bench|docs)\/[\w./*-]*)`/g),
      ].map(([, path = '']) => path);
      return named.filter((path) => !exists(path)).map((path) => `${document}: ${path}`);
    });
    expect(missing).toEqual([]);
  });

  function exists(path: string): boolean {
    if (!path.includes('*')) return existsSync(join(root, path));
    const [folder = '', pattern = ''] = [path.slice(0, path.lastIndexOf('/')), path.slice(path.lastIndexOf('/') + 1)];
    const matches = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
    return existsSync(join(root, folder)) && readdirSync(join(root, folder)).some((name) => matches.test(name));
  }
});
