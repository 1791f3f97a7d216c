// The page of a home that is away.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asleepPage, asleepResponse } from '../../../edge/pages/asleep.ts';
import { words, wordsFor } from '../../../edge/pages/words.ts';
import type { Absence } from '../../../shared/presence.ts';

const now = Date.UTC(2026, 10, 21, 22, 0);
const until = Date.UTC(2026, 10, 22, 6, 30);
const asleep: Absence = { reason: 'asleep', service: null, until };
const garden = { language: 'en', title: 'A garden', statusPage: true };
const unknown = { language: null, title: null, statusPage: true };
const browser = new Request('https://a.example/', { headers: { Accept: 'text/html,*/*;q=0.8' } });

describe('asleepResponse()', () => {
  test('is a page for browsers, with when to come back', async () => {
    const response = asleepResponse(browser, asleep, garden, now);
    expect(response.status).toBe(503);
    expect(response.headers.get('Retry-After')).toBe(String(8.5 * 3600));
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    expect(response.headers.get('Content-Type')).toBe('text/html; charset=utf-8');
    const page = await response.text();
    expect(page).toContain('A garden');
    expect(page).toContain('<time datetime="2026-11-22T06:30:00.000Z">in 9 hours (6:30');
  });

  test('is a problem for programs', async () => {
    for (const Accept of ['application/activity+json', 'application/json', '*/*', 'image/png']) {
      const response = asleepResponse(new Request('https://a.example/', { headers: { Accept } }), asleep, garden, now);
      expect(response.headers.get('Content-Type')).toBe('application/problem+json');
      expect(await response.json()).toMatchObject({ status: 503, code: 'asleep' });
      expect(response.headers.get('Retry-After')).toBe(String(8.5 * 3600));
    }
  });

  test.each([
    ['lost', 'away'],
    ['never', 'away'],
    ['unreachable', 'away'],
    ['stopped', 'service-away'],
  ] as const)('tells programs of %s as %s', async (reason, code) => {
    const program = new Request('https://a.example/', { headers: { Accept: 'application/json' } });
    const response = asleepResponse(program, { reason, service: null, until: null }, garden, now);
    expect(await response.json()).toMatchObject({ status: 503, code });
  });

  test('says honestly that nobody knows, when home went without a word or its time is past', async () => {
    const away: Absence[] = [
      { reason: 'lost', service: null, until: null },
      { reason: 'unreachable', service: null, until: null },
      { reason: 'never', service: null, until: null },
      { reason: 'asleep', service: null, until: null },
      { reason: 'asleep', service: null, until: now - 1 },
      { reason: 'asleep', service: null, until: 1e300 },
      { reason: 'stopped', service: 'blog', until: null },
      { reason: 'starting', service: 'blog', until: now },
    ];
    for (const absence of away) {
      const response = asleepResponse(browser, absence, garden, now);
      expect(Number(response.headers.get('Retry-After'))).toBeGreaterThanOrEqual(60);
      expect(await response.text()).not.toContain('<time');
    }
  });

  test('knows no name before home has said one, and speaks English unless the browser asks for another', async () => {
    const asked = (language: string) =>
      new Request('https://a.example/', { headers: { Accept: 'text/html', 'Accept-Language': language } });
    const never: Absence = { reason: 'never', service: null, until: null };
    expect(await asleepResponse(browser, never, unknown, now).text()).toContain('<html lang="en">');
    const french = asleepResponse(asked('fr-CH, de;q=0.5'), asleep, unknown, now);
    expect(french.headers.get('Content-Language')).toBe('fr');
    expect(await french.text()).toContain('<html lang="fr">');
    const own = asleepResponse(asked('fr'), asleep, { ...garden, language: 'de' }, now);
    expect(own.headers.get('Content-Language')).toBe('de');
  });

  test('links to the status page if there is one', async () => {
    const page = async (statusPage: boolean) =>
      await asleepResponse(browser, asleep, { ...garden, statusPage }, now).text();
    expect(await page(true)).toContain('<a href="/.porchlight/status">How home is doing</a>');
    expect(await page(false)).not.toContain('/.porchlight');
  });

  test('says of a service that is away that only this part is, why, and when it is back', async () => {
    const said = { starting: 'is being started', stopped: 'is resting', failing: 'does not answer' } as const;
    for (const [reason, words] of Object.entries(said) as [keyof typeof said, string][]) {
      const absence: Absence = { reason, service: 'blog', until };
      const page = await asleepResponse(browser, absence, garden, now).text();
      expect(page).toContain(words);
      expect(page).toContain('It is expected back <time datetime="2026-11-22T06:30:00.000Z">');
      expect(page).not.toContain('small computer');
      const programs = asleepResponse(new Request('https://a.example/'), { ...absence, until: null }, garden, now);
      expect(await programs.json()).toMatchObject({ status: 503, code: 'service-away' });
      expect(Number(programs.headers.get('Retry-After'))).toBeGreaterThanOrEqual(60);
    }
  });
});

describe('asleepPage()', () => {
  test.each([
    ['es', 'dentro de 9 horas'],
    ['fr', 'dans 9 heures'],
    ['de', 'in 9 Stunden'],
    ['de-AT', 'in 9 Stunden'],
    ['pt-BR', 'in 9 hours'],
    ['constructor', 'in 9 hours'],
  ])('speaks the language of the site: %s', (language, expected) => {
    const page = asleepPage(asleep, { ...garden, language }, now);
    expect(page).toContain(expected);
    expect(page).toContain(`<html lang="${wordsFor(language).lang}">`);
    expect(page).not.toContain('{time}');
  });

  test('names the day when it is not near', () => {
    const page = asleepPage({ ...asleep, until: until + 3 * 86_400_000 }, garden, now);
    expect(page).toContain('November 25, 2026');
  });

  test('has every sentence in every language', () => {
    const keys = Object.keys(wordsFor('en').words);
    for (const [lang, said] of Object.entries(words)) {
      expect(Object.keys(said), lang).toEqual(keys);
      expect(said.backAt, lang).toContain('{time}');
      expect(said.partBackAt, lang).toContain('{time}');
      expect(
        Object.values(said).every((sentence: string) => !/[<>&]/.test(sentence)),
        lang,
      ).toBe(true);
    }
  });

  test('runs nothing, fetches nothing, and says a title only as text, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (title, language) => {
        const page = asleepPage(asleep, { ...garden, title: `${title}"><script>'</title>&lt;`, language }, now);
        const plain = asleepPage(asleep, { ...garden, title: 'x', language }, now);
        expect((page.match(/</g) ?? []).length).toBe((plain.match(/</g) ?? []).length);
        expect(page).not.toMatch(/<script|<link|<img|<iframe|\son\w+=|@import|url\((?!\))/i);
      }),
    );
  });
});
