// What a screen reader needs of a page of the edge's own, held by hand: a language, a title, one main with one first
// heading, headings in order, labels that exist, and ids that are there once.

import { expect } from 'vitest';

export function standsLinted(html: string): void {
  expect(html).toMatch(/^<!doctype html>\n<html lang="[a-z]{2}">/);
  expect(html).toMatch(/<title>[^<]*\S[^<]*<\/title>/);
  expect(html).toContain('<meta name="viewport" content="width=device-width,initial-scale=1">');
  expect(html.match(/<main>/g)?.length).toBe(1);
  const levels = [...html.matchAll(/<h(\d)/g)].map(([, level]) => Number(level));
  expect(levels.filter((level) => level === 1)).toEqual([1]);
  for (const [i, level] of levels.entries()) expect(level).toBeLessThanOrEqual((levels[i - 1] ?? 0) + 1);
  const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [, id] of html.matchAll(/aria-labelledby="([^"]*)"/g)) expect(ids).toContain(id);
  // A picture says what it shows, or says nothing at all; one within another is part of it.
  for (const [tag] of html.replaceAll(/<svg x=/g, '<g x=').matchAll(/<svg[^>]*>/g)) {
    expect(tag).toMatch(/aria-hidden="true"|role="img" aria-label="[^"]+"/);
  }
}
