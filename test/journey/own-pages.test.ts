// The edge's own pages as people see them, in a real browser and with the headers that they have: how home is doing, and
// that it is asleep. In every language, light and dark, at desk and phone width. Pictures are left in test/artefacts.

import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pagePolicy } from '../../edge/http/page-policy.ts';
import type { LinkChange } from '../../edge/link/history.ts';
import { asleepPage } from '../../edge/pages/asleep.ts';
import { statusPage } from '../../edge/pages/status.ts';
import { publicStatus, type StatusFacts } from '../../edge/pages/status-facts.ts';
import { dayMs } from '../../edge/pages/status-week.ts';
import { words } from '../../edge/pages/words.ts';
import type { Absence } from '../../shared/presence.ts';
import { hasBrowser, openBrowser } from '../support/browser.ts';
import { contrastOf } from '../support/rendered.ts';

const artefacts = join(import.meta.dirname, '..', 'artefacts');
const hour = 3_600_000;
const now = Date.UTC(2026, 10, 21, 22, 7);
const host = 'garden.example';
const title = 'Ein kleiner Garten am Rande der Stadt';

/** A solar week: up by day, asleep by night, one evening lost, and nothing known before. */
const history: LinkChange[] = Array.from({ length: 6 }, (_, day): LinkChange[] => {
  const midnight = Math.floor(now / dayMs) * dayMs - (5 - day) * dayMs;
  return [
    { at: midnight + (7.6 - day / 8) * hour, link: 'connected' },
    { at: midnight + (17.2 + day / 6) * hour, link: day === 1 ? 'lost' : 'asleep' },
  ];
}).flat();

const services = ['site', 'social', 'video', 'a-service-with-a-rather-long-name-that-goes-on'].map((name) => ({
  name,
  hosts: [host],
}));
const common = { now, history, services, told: null, snapshotAt: now - 4 * hour };
const waiting = [{ name: 'social', waiting: 317, oldestWaitingAt: now - 3.2 * hour }];
const told = services.map((service, i) => ({
  ...service,
  state: i === 0 ? ('up' as const) : ('down' as const),
  since: now - (1 + 30 * i) * hour,
  why: i === 2 ? ('stopped' as const) : ('failing' as const),
  until: i === 1 ? now + hour : null,
}));

const states: Readonly<Record<string, StatusFacts>> = {
  awake: { ...common, told: told.slice(0, 3), waiting, presence: { link: 'connected', since: now - 14 * hour } },
  asleep: { ...common, waiting, presence: { link: 'asleep', since: now - 4 * hour, until: now + 9.3 * hour } },
  lost: { ...common, waiting: [], presence: { link: 'lost', since: now - 50 * 60_000 } },
  never: { ...common, history: [], services: [], waiting: [], snapshotAt: null, presence: { link: 'never' } },
};

const absences: readonly Absence[] = [
  { reason: 'asleep', service: null, until: now + 9.3 * hour },
  { reason: 'lost', service: null, until: null },
  { reason: 'never', service: null, until: null },
  { reason: 'starting', service: 'social', until: null },
  { reason: 'stopped', service: 'social', until: now + hour },
  { reason: 'failing', service: 'social', until: null },
];

interface View {
  readonly view: Page;
  readonly width: number;
  readonly colorScheme: 'light' | 'dark';
  readonly asked: string[];
  readonly complaints: string[];
}

/** Boxes with more in them than they are wide; runs in the page. */
const overflowing = `[...document.querySelectorAll('main *')]
  .filter((e) => !e.closest('svg') && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0)
  .map((e) => e.outerHTML.slice(0, 120))`;

describe.skipIf(!hasBrowser)('the edge’s own pages', () => {
  let server: Server;
  let browser: Browser;
  let html = '';
  const views: View[] = [];

  beforeAll(async () => {
    mkdirSync(artefacts, { recursive: true });
    server = createServer((_, response) => {
      const headers = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': pagePolicy };
      response.writeHead(200, headers).end(html);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await openBrowser();
    for (const width of [320, 1280]) {
      for (const colorScheme of ['light', 'dark'] as const) {
        const view = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
        const asked: string[] = [];
        const complaints: string[] = [];
        // The browser asks for an icon by itself, whatever the page says.
        view.on('request', (request) => request.url().endsWith('/favicon.ico') || asked.push(request.url()));
        view.on('pageerror', (error) => complaints.push(error.message));
        view.on('console', (message) => message.text().includes('favicon') || complaints.push(message.text()));
        views.push({ view, width, colorScheme, asked, complaints });
      }
    }
  });

  afterAll(async () => {
    await browser?.close();
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve));
  });

  /** What every page of the edge's own must keep to, at each width, light and dark. */
  async function look(name: string, lang: string, page: string): Promise<void> {
    html = page;
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const { view, width, colorScheme, asked, complaints } of views) {
      const seen = `${name} in ${lang}, ${colorScheme}, ${width} wide`;
      asked.length = 0;
      await view.goto(`${origin}/`);
      expect(asked, seen).toEqual([`${origin}/`]);
      expect(complaints, seen).toEqual([]);
      expect(await view.locator('script, link, img, iframe').count(), seen).toBe(0);
      expect(await view.locator('html').getAttribute('lang'), seen).toBe(lang);
      expect([await view.locator('main').count(), await view.locator('h1').count()], seen).toEqual([1, 1]);
      const sideways = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      expect(await view.evaluate(sideways), `${seen}: scrolls sideways`).toBe(0);
      expect(await view.evaluate(overflowing), `${seen}: goes over its edge`).toEqual([]);
      const { looked, faint } = await contrastOf(view);
      expect(looked, seen).toBeGreaterThan(3);
      expect(faint, `${seen}: too faint`).toEqual([]);
      const file = `${name}-${lang}-${width}-${colorScheme}.png`;
      writeFileSync(join(artefacts, file), await view.screenshot({ fullPage: true }));
    }
  }

  const languages = Object.keys(words);

  test.each(languages)(
    'how home is doing, in %s: nothing runs, fetches, scrolls sideways or is faint',
    async (lang) => {
      for (const [state, facts] of Object.entries(states)) {
        await look(`status-${state}`, lang, statusPage(publicStatus(facts, host), lang, title));
      }
    },
  );

  test.each(languages)('home is away, in %s: the same', async (language) => {
    const site = { language, title, statusPage: true };
    for (const absence of absences) await look(`away-${absence.reason}`, language, asleepPage(absence, site, now));
  });

  test('its measure sees what is faint', async () => {
    html = asleepPage(absences[0] as Absence, { language: 'en', title, statusPage: true }, now);
    html = html.replace('--soft:#6b5638', '--soft:#c9b48a');
    const view = await browser.newPage({ colorScheme: 'light' });
    await view.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const { faint } = await contrastOf(view);
    expect(faint.length).toBeGreaterThan(0);
    expect(faint.every(({ ratio }) => ratio < 4.5)).toBe(true);
    await view.close();
  });

  test('on paper the week keeps its marks, and the page its words', async () => {
    html = statusPage(publicStatus(states.asleep as StatusFacts, host), 'en', title);
    const view = await browser.newPage({ colorScheme: 'dark' });
    await view.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await view.emulateMedia({ media: 'print' });
    const colors = `[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundImage,
      getComputedStyle(document.documentElement).colorScheme]`;
    expect(await view.evaluate(colors)).toEqual(['rgb(0, 0, 0)', 'none', 'light']);
    expect((await contrastOf(view)).faint).toEqual([]);
    writeFileSync(join(artefacts, 'status-print.png'), await view.screenshot({ fullPage: true }));
    await view.close();
  });
});
