// Reads the repository as text for the rules: which files there are, what they import, what they say.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Every file that git tracks or would track, as a path from the root. */
export function repositoryFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root });
  return listed
    .toString()
    .split('\n')
    .filter((path) => path !== '');
}

export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** The text without comments, for rules about what code does. */
  readonly code: string;
  readonly imports: readonly string[];
}

export function sourceFiles(...folders: string[]): SourceFile[] {
  return repositoryFiles()
    .filter((path) => /\.(ts|mjs)$/.test(path) && folders.some((folder) => path.startsWith(`${folder}/`)))
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      const code = text.replace(/(^|\s)\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
      return { path, text, code, imports: importsOf(path, code) };
    });
}

/** Specifiers; relative ones resolved to paths from the root. */
function importsOf(path: string, code: string): string[] {
  const found = code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/g);
  return [...found].map(([, specifier = '']) =>
    specifier.startsWith('.') ? posix.normalize(posix.join(posix.dirname(path), specifier)) : specifier,
  );
}
