// Who may import whom. Each rule says why it stands; a rule that is in the way is changed here, in the open.

import { describe, expect, test } from 'vitest';
import { type SourceFile, sourceFiles } from './source-files.ts';

const shipped = sourceFiles('edge', 'home-node', 'shared', 'migrations', 'local');
const lanes = ['activitypub', 'matrix', 'mail'];

/** "path imports what" for every import that breaks a rule. */
function breaches(files: readonly SourceFile[], allowed: (specifier: string, file: SourceFile) => boolean): string[] {
  return files.flatMap((file) =>
    file.imports
      .filter((specifier) => !allowed(specifier, file))
      .map((specifier) => `${file.path} imports ${specifier}`),
  );
}

const isLocal = (specifier: string): boolean =>
  /^(edge|home-node|shared|local|bench|test|migrations)\//.test(specifier);

describe('imports', () => {
  test('the rules read the code that they judge', () => {
    expect(shipped.length).toBeGreaterThan(40);
    expect(shipped.flatMap((file) => file.imports).length).toBeGreaterThan(100);
  });

  test('shared imports only shared, because both runtimes and every later home must be able to run it', () => {
    const libraries = ['jose', 'leven', 'structured-headers', 'tldts', 'toml-eslint-parser'];
    const files = sourceFiles('shared');
    expect(breaches(files, (s) => s.startsWith('shared/') || libraries.includes(s))).toEqual([]);
  });

  test('edge and home-node never import each other: the wire between them is docs/protocol.md, not a function call', () => {
    expect(breaches(sourceFiles('edge'), (s) => !s.startsWith('home-node/'))).toEqual([]);
    expect(breaches(sourceFiles('home-node'), (s) => !s.startsWith('edge/'))).toEqual([]);
  });

  test('lanes never import one another, so that a change in one protocol cannot break another', () => {
    for (const lane of lanes) {
      const others = lanes.filter((other) => other !== lane);
      const files = sourceFiles(`edge/${lane}`);
      expect(breaches(files, (s) => !others.some((other) => s.startsWith(`edge/${other}/`)))).toEqual([]);
    }
  });

  test('lanes see the spool only through its contract, so that its rows can change under them', () => {
    const files = lanes.flatMap((lane) => sourceFiles(`edge/${lane}`));
    expect(breaches(files, (s) => !s.startsWith('edge/spool/') || s === 'edge/spool/spool.ts')).toEqual([]);
  });

  test('adapters import their contract and what is shared, so that one software can be read, added or dropped alone', () => {
    const files = sourceFiles('home-node/adapters');
    // What an adapter is, how one is made of data, and what comes too late.
    const contract = ['adapter', 'server-adapter', 'lateness'].map((name) => `home-node/adapters/${name}.ts`);
    // How a service is asked, whatever it is: Node's own fetch would be a second HTTP client in memory.
    const connections = 'home-node/http-connections.ts';
    const receipts = (s: string): boolean => s.startsWith('home-node/receipts/');
    const allowed = (s: string): boolean =>
      !isLocal(s) || s.startsWith('shared/') || contract.includes(s) || s === connections || receipts(s);
    expect(breaches(files, allowed)).toEqual([]);
  });

  test('the home node makes connections by http-connections.ts alone: another HTTP client would stay in its memory', () => {
    // The embedded home and what commands ask are processes of their own.
    const files = sourceFiles('home-node').filter((file) => !/^home-node\/(embedded|doctor|cli)\//.test(file.path));
    const own = ['home-node/http-connections.ts', 'home-node/undici-modules.d.ts'];
    const others = files.filter((file) => !own.includes(file.path));
    expect(breaches(others, (s) => !s.startsWith('undici'))).toEqual([]);
    expect(others.filter((file) => /(?<![.\w])fetch\(/.test(file.code)).map((file) => file.path)).toEqual([]);
    // undici's index is everything.
    expect(
      breaches(
        sourceFiles('home-node').filter((file) => file.path === own[0]),
        (s) => s !== 'undici',
      ),
    ).toEqual([]);
  });

  test('drivers import their contract and what is shared; the supervisor chooses among them', () => {
    const files = sourceFiles('home-node/services').filter((file) => /\/(process|external)\.ts$/.test(file.path));
    // What a process needs and no other driver does: its lines and its tether.
    const parts = ['driver', 'lines', 'tether'].map((name) => `home-node/services/${name}.ts`);
    const allowed = (s: string): boolean =>
      !isLocal(s) || s.startsWith('shared/') || parts.includes(s) || s === 'home-node/log.ts';
    expect(files.length).toBeGreaterThan(0);
    expect(breaches(files, allowed)).toEqual([]);
  });

  test('shipped code never imports tests', () => {
    expect(
      breaches(shipped, (s) => !s.startsWith('test/') && s !== 'vitest' && !s.startsWith('cloudflare:test')),
    ).toEqual([]);
  });

  test('what judges, decides or counts is pure: no I/O, no environment, no clock, so that a verdict can be repeated', () => {
    const pure = sourceFiles('edge', 'home-node', 'shared').filter((file) =>
      /\/(judge|policy|planner|session|presence|frames|codec)\.ts$/.test(file.path),
    );
    expect(pure.length).toBeGreaterThan(4);
    expect(
      breaches(pure, (s) => !/^(node:|cloudflare:)|\/(clock|env|config|wiring)\.ts$|^undici$|^ws$/.test(s)),
    ).toEqual([]);
    const acts = pure.filter((file) => /\bfetch\(|\bDate\.now\b|\bprocess\.|\bsetTimeout\b|\benv\./.test(file.code));
    expect(acts.map((file) => file.path)).toEqual([]);
  });
});
