// What an edge says of itself to anybody.

import { reset, SELF } from 'cloudflare:test';
import { beforeEach, describe, expect, test } from 'vitest';
import { settingsOf } from '../../../edge/env.ts';
import { linkVersions } from '../../../shared/link/frames.ts';
import { bindings, migrated } from './directory-database.ts';

beforeEach(async () => {
  await reset();
  await migrated();
});

describe('GET edge', () => {
  test('says at any host what the edge is, also before a home has claimed, and no cache keeps it', async () => {
    const response = await SELF.fetch('https://nobody.example/.porchlight/v1/edge');
    expect(response.status).toBe(200);
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    expect(response.headers.get('Content-Type')).toMatch(/^application\/json/);
    expect(await response.json()).toEqual({ software: 'porchlight', version: null, build: null, linkVersions });
  });

  test('is nobody else’s: no other method, no other spelling', async () => {
    for (const [method, path] of [
      ['POST', '/.porchlight/v1/edge'],
      ['GET', '/.porchlight/v1/edge/'],
      ['GET', '/.Porchlight/v1/edge'],
    ] as const) {
      const response = await SELF.fetch(`https://nobody.example${path}`, { method });
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([404, 'no-such-call']);
    }
  });

  test('says version and build as the Worker was told, and nothing else of its variables', () => {
    const { about } = settingsOf({ ...bindings, VERSION: '1.2.3', BUILD: 'abc' } as never);
    expect(about).toEqual({ software: 'porchlight', version: '1.2.3', build: 'abc', linkVersions });
  });
});
