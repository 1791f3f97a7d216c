// The site that a new home begins with: written once, readable by everybody, asking nobody for anything.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readEntries } from '../../../home-node/embedded/feed-entries.ts';
import { sitePages } from '../../../home-node/embedded/site/pages.ts';
import { writeStarter } from '../../../home-node/embedded/site/starter.ts';
import { limits } from '../../../shared/limits.ts';
import { makeFolder } from './running.ts';

const options = {
  origin: 'https://example.org',
  handle: '@owner@example.org',
  title: 'Rosa & <Ben>',
  now: Date.UTC(2026, 10, 21, 6, 0, 0),
};

describe('the starter site', () => {
  let folder: string;
  let site: string;
  beforeEach(() => {
    folder = makeFolder();
    site = join(folder, 'site');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const read = (name: string): string => readFileSync(join(site, name), 'utf8');
  const all = (): string[] => readdirSync(site);

  test('is written once, and never over anything that is there', () => {
    expect(writeStarter(site, options)).toBe(true);
    writeFileSync(join(site, 'index.html'), 'mine');
    rmSync(join(site, 'about.html'));
    expect(writeStarter(site, options)).toBe(false);
    expect(read('index.html')).toBe('mine');
    expect(all()).not.toContain('about.html');
  });

  test('is not written into an empty folder of the owner’s', () => {
    mkdirSync(site);
    expect(writeStarter(site, options)).toBe(false);
    expect(all()).toEqual([]);
  });

  test('is whole also after a start that was cut short', () => {
    mkdirSync(`${site}.part`);
    writeFileSync(join(`${site}.part`, 'half.html'), 'half');
    expect(writeStarter(site, options)).toBe(true);
    expect(all()).not.toContain('half.html');
    expect(readdirSync(folder)).toEqual(['site']);
  });

  test('says whose it is, and lets no title become markup', () => {
    writeStarter(site, options);
    for (const name of all()) {
      expect(read(name)).not.toContain('{{');
      expect(read(name)).not.toContain('<Ben>');
    }
    expect(read('index.html')).toContain('@owner@example.org');
  });

  test('runs no script and asks no other place for anything', () => {
    writeStarter(site, options);
    for (const name of all().filter((each) => /\.(html|css|svg)$/.test(each))) {
      const text = read(name).replaceAll('http://www.w3.org/2000/svg', '');
      expect(text).not.toMatch(/<script|javascript:|\son\w+=|@import/i);
      const addresses = [...text.matchAll(/(?:https?:)?\/\/[^\s"'<)]+/g)].map(([address]) => address);
      expect(addresses.filter((address) => !address.startsWith('https://example.org/'))).toEqual([]);
    }
  });

  test('has a feed with one entry, and a site map of its pages', () => {
    writeStarter(site, options);
    expect(readEntries(read('feed.xml'), options.origin)).toEqual([
      {
        id: 'https://example.org/first-light.html',
        title: 'First light',
        summary: 'The site is up, it has an address of its own, and it can be followed.',
        link: 'https://example.org/first-light.html',
        publishedAt: options.now,
      },
    ]);
    expect(sitePages(site, options.origin)).toEqual([
      '/',
      '/first-light.html',
      '/about.html',
      '/feed.xml',
      '/style.css',
      '/favicon.svg',
    ]);
  });

  test('can be read by everybody: 4.5 : 1 between every text and its ground, in the light and in the dark', () => {
    writeStarter(site, options);
    const [light = '', dark = ''] = read('style.css').split('@media (prefers-color-scheme: dark)');
    for (const scheme of [light, dark]) {
      const colours = Object.fromEntries(
        [...scheme.matchAll(/--(\w+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]),
      );
      for (const text of ['ink', 'quiet', 'link']) {
        for (const ground of ['ground', 'card']) {
          expect(contrast(String(colours[text]), String(colours[ground]))).toBeGreaterThanOrEqual(4.5);
        }
      }
    }
  });
});

describe('the pages worth a copy', () => {
  let folder: string;
  beforeEach(() => {
    folder = makeFolder();
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (files: Record<string, string>): void => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  };

  test('are those that links and styles lead to, as long as they are there, at this site and public', () => {
    write({
      'index.html': `<a href="about/?x=1#y">a</a> <a href=bare.html>b</a> <img src='/i.png' alt=""> <a href="/gone.html">g</a>
        <a href="https://elsewhere.example/x.html">e</a> <a href="mailto:me@example.org">m</a> <a href="/.hidden.html">h</a>
        <a href="../outside.html">o</a> <link rel="stylesheet" href="s.css?v=2">`,
      'about/index.html': '<a href="../index.html">back</a>',
      'bare.html': '',
      'i.png': '',
      's.css': '@import "t.css"; body { background: url(bg.svg) }',
      't.css': '@font-face { src: url("f.woff2") }',
      'bg.svg': '',
      'f.woff2': '',
      '.hidden.html': '',
      'unlinked.html': '',
    });
    expect(sitePages(folder, 'https://example.org')).toEqual([
      '/',
      '/about/',
      '/bare.html',
      '/i.png',
      '/s.css',
      '/index.html',
      '/bg.svg',
      '/t.css',
      '/f.woff2',
    ]);
  });

  test('are not more than can be warmed', () => {
    const names = Array.from({ length: limits.sitePages + 50 }, (_, i) => `p${i}.html`);
    write({ 'index.html': names.map((name) => `<a href="${name}">x</a>`).join('') });
    write(Object.fromEntries(names.map((name) => [name, ''])));
    expect(sitePages(folder, 'https://example.org')).toHaveLength(limits.sitePages);
  });
});

/** WCAG 2.2, "contrast ratio". */
function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((x, y) => y - x);
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
