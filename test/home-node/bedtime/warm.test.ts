// Warming: which pages home asks for before it sleeps, and when it leaves them.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { warmPages } from '../../../home-node/bedtime/warm.ts';
import { createLog, type Log } from '../../../home-node/log.ts';
import { systemClock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';

let folder: string;
let said: string[];
let log: Log;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-bedtime-'));
  said = [];
  log = createLog('debug', systemClock, (line) => said.push(line));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('warming', () => {
  const pages = Array.from({ length: 2 * limits.warmPaths + 5 }, (_, n) => `/${n}`);

  test('asks for all pages, most important first, at most limits.warmPaths at once', async () => {
    const asked: (readonly string[])[] = [];
    const { signal } = new AbortController();
    const warm = async (paths: readonly string[]): Promise<void> => void asked.push(paths);
    expect(await warmPages({ log, pages, most: limits.sitePages, warm, signal })).toBe(pages.length);
    expect(asked.flat()).toEqual(pages);
    expect(asked.map(({ length }) => length)).toEqual([limits.warmPaths, limits.warmPaths, 5]);
    asked.length = 0;
    expect(await warmPages({ log, pages, most: 3, warm, signal })).toBe(3);
    expect(asked).toEqual([pages.slice(0, 3)]);
    expect(await warmPages({ log, pages, most: 0, warm, signal })).toBe(0);
    expect(asked).toHaveLength(1);
  });

  test('is no reason to stay awake: what fails or takes too long is left', async () => {
    const controller = new AbortController();
    let times = 0;
    const warm = async (): Promise<void> => {
      times += 1;
      controller.abort();
    };
    expect(await warmPages({ log, pages, most: limits.sitePages, warm, signal: controller.signal })).toBe(
      limits.warmPaths,
    );
    expect(times).toBe(1);
    const broken = async (): Promise<void> => {
      throw new Error('the edge is away');
    };
    expect(
      await warmPages({ log, pages, most: limits.sitePages, warm: broken, signal: new AbortController().signal }),
    ).toBe(0);
    expect(said.join()).toContain('the edge is away');
  });
});
