// `npm run deploy -- --dry-run`, as CI runs it: offline, with nobody logged in.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { edgeMigrations } from '../../support/cloudflare/edge-migrations.ts';

test('says what would be made, packs the Worker for real, and touches nothing', { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'porchlight-dry-run-'));
  try {
    const program = join(import.meta.dirname, '..', '..', '..', 'local', 'deploy.ts');
    const deployment = join(folder, 'deployment');
    const args = ['--hosts', 'example.org,social.example.org', '--dry-run', '--folder', deployment];
    const { FORCE_COLOR: _, CLOUDFLARE_API_TOKEN: __, ...rest } = process.env;
    const env = { ...rest, NO_COLOR: '1', XDG_CONFIG_HOME: folder };
    const ran = spawnSync(process.execPath, [program, ...args], { env, encoding: 'utf8' });
    expect(ran.status, ran.stderr).toBe(0);
    expect(ran.stdout).toBe(
      [
        'Would:',
        "  make an operator's key",
        '  make the D1 database porchlight-directory',
        '  make the R2 bucket porchlight-store',
        `  apply the migrations ${edgeMigrations.join(', ')}`,
        '  upload the Worker porchlight for example.org, social.example.org',
        '',
      ].join('\n'),
    );
    expect(ran.stderr).toMatch(/Worker porchlight: \d+ KiB \(\d+ KiB compressed\)\./);
    expect(ran.stderr).toContain('The account was not looked at.');
    expect(existsSync(deployment)).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
