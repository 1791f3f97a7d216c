// What a visitor sees, in a real browser: the site while home is up, its copy while home sleeps, and the friendly page
// for what was never seen. At desk and phone width, in light and dark. Pictures are left in test/artefacts.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasBrowser, openBrowser } from '../support/browser.ts';
import { makeCertificates } from '../support/certificates.ts';
import { Domain } from '../support/domain.ts';
import { until } from '../support/processes.ts';

const artefacts = join(import.meta.dirname, '..', 'artefacts');
const widths = { desk: 1280, phone: 320 } as const;

describe.skipIf(!hasBrowser)('a visitor', () => {
  let folder: string;
  let domain: Domain;
  let browser: Browser;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'porchlight-pages-'));
    mkdirSync(artefacts, { recursive: true });
    domain = await Domain.start({ folder, certificates: await makeCertificates(folder), peerOrigins: [] });
    domain.startHome();
    browser = await openBrowser();
    await until('the front page', async () => ((await status('/')) === 200 ? true : null));
  });

  afterAll(async () => {
    await browser?.close();
    await domain?.end();
    rmSync(folder, { recursive: true, force: true });
  });

  async function status(path: string): Promise<number> {
    const page = await browser.newPage({ ignoreHTTPSErrors: true });
    try {
      return (await page.goto(`${domain.origin}${path}`))?.status() ?? 0;
    } finally {
      await page.close();
    }
  }

  /** Opens a page at each width and scheme, and holds what every page of ours must keep to. */
  async function look(
    path: string,
    name: string,
    check: (
      page: Page,
      answer: { status: number; age: string | undefined; retryAfter: string | undefined },
    ) => Promise<void>,
  ): Promise<void> {
    for (const [device, width] of Object.entries(widths)) {
      for (const colorScheme of ['light', 'dark'] as const) {
        const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme, ignoreHTTPSErrors: true });
        const outside: string[] = [];
        const complaints: string[] = [];
        page.on('request', (request) => {
          if (!request.url().startsWith(domain.origin) && !request.url().startsWith('data:'))
            outside.push(request.url());
        });
        page.on('pageerror', (error) => complaints.push(error.message));
        const response = await page.goto(`${domain.origin}${path}`);
        const headers = response?.headers() ?? {};
        await check(page, { status: response?.status() ?? 0, age: headers.age, retryAfter: headers['retry-after'] });
        writeFileSync(
          join(artefacts, `${name}-${device}-${colorScheme}.png`),
          await page.screenshot({ fullPage: true }),
        );
        expect(outside, `${name}: requests to others`).toEqual([]);
        expect(complaints, `${name}: errors`).toEqual([]);
        expect(await page.locator('script').count(), `${name}: scripts`).toBe(0);
        const overflow = await page.evaluate(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        );
        expect(overflow, `${name} at ${device} width scrolls sideways`).toBe(0);
        await page.close();
      }
    }
  }

  test('sees the site while home is up', async () => {
    await look('/', 'site-awake', async (page, { status, age }) => {
      expect(status).toBe(200);
      expect(age).toBeUndefined();
      expect(await page.locator('h1').first().textContent()).toMatch(/\S/);
    });
  });

  test('sees the site with its age, styled and linked, while home sleeps', async () => {
    writeFileSync(
      join(domain.homeFolder, 'home', 'site', 'never-seen.html'),
      '<!doctype html><title>Unseen</title><h1>Unseen</h1>',
    );
    await domain.sleep();
    rmSync(join(domain.homeFolder, 'home', 'site', 'never-seen.html'));
    await look('/', 'site-asleep', async (page, { status, age }) => {
      expect(status).toBe(200);
      expect(Number(age)).toBeGreaterThanOrEqual(0);
      const styled = await page.evaluate(
        '[...document.styleSheets].length > 0 && getComputedStyle(document.body).fontFamily',
      );
      expect(styled).not.toBe(false);
    });
  });

  test('sees a friendly page, with when home is expected back, for what was never seen', async () => {
    await look('/some/page/that/nobody/saw', 'asleep', async (page, { status, retryAfter }) => {
      expect(status).toBe(503);
      expect(Number(retryAfter)).toBeGreaterThan(0);
      expect(await page.locator('html').getAttribute('lang')).toBe('en');
      expect(await page.locator('h1').count()).toBe(1);
      await page.getByRole('link', { name: 'How home is doing' }).click();
      expect(new URL(page.url()).pathname).toBe('/.porchlight/status');
      expect(await page.locator('h1').textContent()).toBe('Asleep');
      await page.goBack();
    });
  });

  test('sees how home is doing while it sleeps, and programs do', async () => {
    await look('/.porchlight/status', 'status-of-domain', async (page, { status }) => {
      expect(status).toBe(200);
      expect(await page.locator('.services li').count()).toBeGreaterThan(0);
      expect(await page.locator('.days li').count()).toBe(7);
    });
    const page = await browser.newPage({ ignoreHTTPSErrors: true });
    const told = (await (await page.goto(`${domain.origin}/.porchlight/status.json`))?.json()) as {
      home: { state: string };
    };
    expect(told.home.state).toBe('asleep');
    await page.close();
  });

  test('sees the site again, from home itself, after it woke', async () => {
    domain.startHome();
    await until('a page from home itself', async () => {
      const page = await browser.newPage({ ignoreHTTPSErrors: true });
      const response = await page.goto(`${domain.origin}/`);
      await page.close();
      return response?.headers().age === undefined ? true : null;
    });
  });
});
