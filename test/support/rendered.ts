// What a browser made of a page, measured inside it: contrast of every text and mark against what is behind it, from the
// colours that were rendered. Behind what stands on the open page is a glow from one colour to another, so both count.

import type { Page } from 'playwright-core';

export interface Faint {
  readonly what: string;
  readonly ratio: number;
}

/** Texts below 4.5:1 and marks of pictures below 3:1 (WCAG 2.2, 1.4.3 and 1.4.11), and how many were looked at. */
export async function contrastOf(page: Page): Promise<{ readonly looked: number; readonly faint: readonly Faint[] }> {
  return (await page.evaluate(measure)) as { looked: number; faint: Faint[] };
}

/** Runs in the page; a text, because the tests know no types of browsers. */
const measure = `(() => {
  const channels = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const hex = (text) => [1, 3, 5].map((at) => parseInt(text.trim().slice(at, at + 2), 16));
  const light = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((one) => {
      const share = one / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => {
    const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  const root = getComputedStyle(document.documentElement);
  const open = [hex(root.getPropertyValue('--glow')), hex(root.getPropertyValue('--ground'))];
  const behind = (element) => {
    for (let at = element; at !== null && at !== document.body; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] > 0) return [color];
    }
    return open;
  };
  const faint = [];
  let looked = 0;
  const look = (element, color, wanted) => {
    looked += 1;
    const worst = Math.min(...behind(element).map((one) => ratio(color, one)));
    if (worst < wanted) faint.push({ what: element.outerHTML.slice(0, 120), ratio: worst });
  };
  for (const element of document.querySelectorAll('main *')) {
    const style = getComputedStyle(element);
    const says = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
    if (says) look(element, channels(style.color), 4.5);
    if (!element.matches('svg :is(rect,path,circle):not(.hour,.cut,.stripe)')) continue;
    if (/^rgb/.test(style.fill)) look(element, channels(style.fill), 3);
    if (/^rgb/.test(style.stroke)) look(element, channels(style.stroke), 3);
  }
  return { looked, faint };
})()`;
