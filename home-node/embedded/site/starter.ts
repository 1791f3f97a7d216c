// The site that a new home begins with, in English. It is written once, whole, where no site folder is; from then on the folder is
// the owner's, and nothing here touches it again.

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programFiles } from '../../program-files.ts';
import { escapeHtml } from '../plain-text.ts';

export interface StarterOptions {
  readonly origin: string;
  /** `@owner@example.org`. */
  readonly handle: string;
  readonly title: string;
  /** ms since the epoch. */
  readonly now: number;
}

/** Says whether it wrote one. A run that is cut short leaves no folder behind that looks like a site. */
export function writeStarter(folder: string, options: StarterOptions): boolean {
  if (existsSync(folder)) return false;
  const date = new Date(options.now);
  const values: Readonly<Record<string, string>> = {
    origin: options.origin,
    handle: options.handle,
    title: options.title,
    date: date.toISOString(),
    day: date.toLocaleDateString('en-GB', { dateStyle: 'long', timeZone: 'UTC' }),
  };
  const part = `${folder}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  for (const name of readdirSync(programFiles.starter)) {
    const text = readFileSync(join(programFiles.starter, name), 'utf8');
    writeFileSync(
      join(part, name),
      text.replace(/\{\{(\w+)\}\}/g, (_, key: string) => escapeHtml(values[key] ?? '')),
    );
  }
  renameSync(part, folder);
  return true;
}
