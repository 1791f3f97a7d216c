// A real Chromium for journeys, if there is one. Without it the tests that need it are skipped, and say so; where
// PORCHLIGHT_NO_SKIPS is set (CI) they fail instead.

import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = process.env.CHROMIUM ?? places.find((place) => existsSync(place));

export const hasBrowser = executablePath !== undefined;

if (!hasBrowser) {
  const missing = `Chromium is not installed (looked for ${places.join(', ')} and $CHROMIUM): browser tests are SKIPPED.`;
  if (process.env.PORCHLIGHT_NO_SKIPS !== undefined) throw new Error(missing);
  console.warn(`\n!!! ${missing}\n`);
}

export async function openBrowser(): Promise<Browser> {
  if (executablePath === undefined) throw new Error('Chromium is not installed.');
  return await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--ignore-certificate-errors',
    ],
  });
}
