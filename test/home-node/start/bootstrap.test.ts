import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../support/processes.ts';

let folder: string;
let program: ChildProcess;
let said: string;

// A project with nothing installed, and an npm that waits until it is told to end.
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-bootstrap-'));
  mkdirSync(join(folder, 'local'));
  cpSync(join(import.meta.dirname, '../../../local/bootstrap.mjs'), join(folder, 'local/bootstrap.mjs'));
  writeFileSync(join(folder, 'package-lock.json'), '{"packages":{"node_modules/a":{"version":"1.0.0"}}}');
  writeFileSync(
    join(folder, 'npm.mjs'),
    "import { writeFileSync } from 'node:fs';\nwriteFileSync('npm.pid', String(process.pid));\nsetInterval(() => undefined, 1000);\n",
  );
  writeFileSync(join(folder, 'program.ts'), "console.log('it ran');\n");
  program = spawn(process.execPath, ['local/bootstrap.mjs', 'program.ts'], {
    cwd: folder,
    env: { ...process.env, npm_execpath: join(folder, 'npm.mjs') },
  });
  said = '';
  for (const stream of [program.stdout, program.stderr]) {
    stream?.on('data', (part: Buffer) => {
      said += part.toString();
    });
  }
});

afterEach(() => {
  program.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

describe('the first start', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('says at once that it installs, and %s ends npm too', async (signal, code) => {
    const pid = await until('npm', () => {
      const path = join(folder, 'npm.pid');
      return existsSync(path) ? Number(readFileSync(path, 'utf8')) || null : null;
    });
    expect(said).toContain('Installing what the project needs, once (nothing is installed yet) ...');
    const ended = once(program, 'exit');
    program.kill(signal);
    expect(await ended).toEqual([code, null]);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(said).not.toContain('it ran');
    expect(said).not.toContain('Cannot start');
  });
});
