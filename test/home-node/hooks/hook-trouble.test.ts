// The Node hook where something is missing or strange: the service goes on as without it, and the log says why.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { secret, wanted } from './late-requests.ts';
import { type Started, startService } from './service-program.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const app = join(import.meta.dirname, 'apps', 'inbox-app.mjs');
const env = { NODE_OPTIONS: `--require ${join(root, 'home-node', 'hooks', 'porchlight-hook.cjs')}` };
const now = Date.now();

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-trouble-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function statuses(service: Started): Promise<readonly number[]> {
  const named = ['a fresh one', 'a fresh one with a receipt', 'a late one with its receipt'];
  const asked = wanted('date', now).filter(({ what }) => named.includes(what));
  return await Promise.all(asked.map(async ({ request }) => (await service.ask(request)).status));
}

describe('without a usable secret', () => {
  test.each([
    ['no file is named', null],
    ['the file is not there', join(tmpdir(), 'porchlight-there-is-none')],
    ['the file holds something else', join(root, 'package.json')],
  ])('%s: late ones are refused, fresh ones are taken, and the log says it', async (_what, secretFile) => {
    const service = await startService({ command: [process.execPath, app, 'misskey-http-signature'], env, secretFile });
    try {
      expect(await statuses(service)).toEqual([202, 202, 401]);
      expect(service.log()).toMatch(/A receipt was not taken: .*(PORCHLIGHT_RECEIPT_SECRET_FILE|ENOENT)/);
    } finally {
      await service.stop();
    }
  });
});

test('the secret is in no line of the log', async () => {
  const service = await startService({ command: [process.execPath, app, 'misskey-http-signature'], env });
  try {
    await statuses(service);
    expect(service.log()).toContain('[porchlight]');
    expect(service.log()).not.toContain(Buffer.from(secret).toString('base64url'));
  } finally {
    await service.stop();
  }
});

test('a module whose exports can only be read is loaded as without the hook', async () => {
  // As ansi-styles 4 has it, which most of what logs in colours brings along.
  const odd = join(folder, 'odd.cjs');
  writeFileSync(
    odd,
    "Object.defineProperty(module, 'exports', { enumerable: true, get: () => ({ mark: 'as it was' }) });",
  );
  const program = join(folder, 'reads.cjs');
  writeFileSync(
    program,
    `const { mark } = require(${JSON.stringify(odd)});
require('node:http').createServer((_, answer) => answer.end(mark)).listen(0, function () { console.log(this.address().port); });`,
  );
  const service = await startService({ command: [process.execPath, program], env });
  try {
    const [first] = wanted('date', now);
    if (first === undefined) throw new Error('there is none');
    expect((await service.ask(first.request)).body).toBe('as it was');
  } finally {
    await service.stop();
  }
});

describe('a library of another shape', () => {
  const strange: readonly (readonly [string, string, string])[] = [
    ['@peertube/http-signature', 'lib/index.js', 'exports.parse = exports.parseRequest = () => ({ params: {} });'],
    ['@peertube/http-signature', 'lib/index.js', 'exports.sign = () => null;'],
    [
      '@misskey-dev/node-http-message-signatures',
      'dist/index.cjs',
      'exports.parseRequestSignature = async () => null;',
    ],
  ];
  test.each(strange)('%s is left alone, and the log says so (%s, %s)', async (name, file, source) => {
    const path = join(folder, 'node_modules', name, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${source}\nexports.mark = 'as it was';\n`);
    const program = join(folder, 'program.cjs');
    writeFileSync(
      program,
      `const library = require(${JSON.stringify(path)});
const as = String(library.parse ?? library.sign ?? library.parseRequestSignature);
require('node:http').createServer((_, answer) => answer.end(as)).listen(0, function () { console.log(this.address().port); });`,
    );
    const service = await startService({ command: [process.execPath, program], env });
    try {
      expect(service.log()).toContain(`${name} is not of a shape that this hook knows: it is left alone`);
      const [first] = wanted('date', now);
      if (first === undefined) throw new Error('there is none');
      expect((await service.ask(first.request)).body).toContain('=>');
    } finally {
      await service.stop();
    }
  });
});

describe('a library of such another shape that hooking it fails', () => {
  const strange: readonly (readonly [string, string, string])[] = [
    ['@peertube/http-signature', 'lib/index.js', 'module.exports = null;'],
    ['@misskey-dev/node-http-message-signatures', 'dist/index.cjs', "module.exports = 'a text';"],
    ['@misskey-dev/node-http-message-signatures', 'dist/index.mjs', 'export const other = 1;'],
    ['@fedify/fedify', 'dist/mod.js', 'export const other = 1;'],
  ];
  test.each(strange)('does not keep the service from starting (%s, %s)', async (name, file, source) => {
    const home = join(mkdtempSync(join(folder, 'odd-')), 'node_modules', name);
    const path = join(home, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${source}\n`);
    const type = source.startsWith('export') ? 'module' : 'commonjs';
    writeFileSync(join(home, 'package.json'), JSON.stringify({ name, type }));
    const program = join(home, 'program.mjs');
    writeFileSync(
      program,
      `const library = await import(${JSON.stringify(pathToFileURL(path).href)});
const { createServer } = await import('node:http');
createServer((_, answer) => answer.end(JSON.stringify(library.other ?? library.default))).listen(0, function () { console.log(this.address().port); });`,
    );
    const service = await startService({ command: [process.execPath, program], env });
    try {
      const [first] = wanted('date', now);
      if (first === undefined) throw new Error('there is none');
      expect((await service.ask(first.request)).body).toBe(source.startsWith('export') ? '1' : expected(source));
    } finally {
      await service.stop();
    }
  });
});

function expected(source: string): string {
  return source.includes('null') ? 'null' : '"a text"';
}
