// Options and texts that many commands share.

import { Option } from 'commander';

export const folderOption = (): Option =>
  new Option('--home <dir>', 'data folder ($PORCHLIGHT_HOME, else ~/porchlight)');

export const jsonOption = (): Option => new Option('--json', 'print the result, or the error, as JSON');

export function examplesText(examples: readonly string[]): string {
  return `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`;
}
