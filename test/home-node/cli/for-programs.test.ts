// What scripts rely on: JSON beside everything that a command says, and exit codes that the documents explain.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { deployExitCodeTable, exitCodes, exitCodesText, exitCodeTable } from '../../../home-node/cli/exit-codes.ts';
import { createProgram } from '../../../home-node/cli/program.ts';
import { usage } from '../../../local/deploy/options.ts';
import { fakeCli } from '../../support/fake-cli.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** Without `--json`, and why. */
const noJson: Readonly<Record<string, string>> = {
  up: 'goes on until it is ended; [log] format = "json" is its JSON',
  completion: 'prints a program for a shell',
};

function ends(command: Command, before = ''): { name: string; command: Command }[] {
  return command.commands.flatMap((one) => {
    const name = `${before}${one.name()}`;
    return [{ name, command: one }, ...ends(one, `${name} `)];
  });
}

/** A group without an action of its own says its help. */
const isGroup = ({ name, command }: { name: string; command: Command }): boolean =>
  command.commands.length > 0 && name !== 'config';

describe('--json', () => {
  test('is an option of every command that says something, but for those that are named here', () => {
    const all = ends(createProgram(fakeCli().cli)).filter((one) => !isGroup(one));
    const without = all.filter(({ command }) => !command.options.some(({ long }) => long === '--json'));
    expect(all.length).toBeGreaterThan(30);
    expect(new Set(without.map(({ name }) => name))).toEqual(new Set(Object.keys(noJson)));
  });

  test('is heeded beside each table: whatever prints one says JSON too', () => {
    const files = ['backup', 'config', 'edge', 'key', 'service', 'spool', 'status'];
    const printers = files.flatMap((name) => {
      const code = readFileSync(join(root, 'home-node', 'cli', 'commands', `${name}.ts`), 'utf8');
      return [...code.matchAll(/^(?:export )?(?:async )?function (\w+)\([\s\S]*?^}$/gm)].filter(([body]) =>
        /\bprint(Table|Services)\(/.test(body),
      );
    });
    expect(printers.length).toBeGreaterThan(8);
    expect(printers.filter(([body]) => !body.includes('sayJson(')).map(([, name]) => name)).toEqual([]);
  });
});

describe('exit codes', () => {
  const running = readFileSync(join(root, 'docs', 'running.md'), 'utf8');

  /** Rows of the table below this line. */
  const rowsBelow = (line: string): (readonly [number, string])[] => {
    const [, below = ''] = running.split(`\n${line}\n`);
    const [table = ''] = below.trimStart().split(/\n\n/);
    return [...table.matchAll(/^\| (\d+) \| (.*) \|$/gm)].map(([, code, says = '']) => [
      Number(code),
      says.replaceAll('`', ''),
    ]);
  };

  test('of porchlight are in docs/running.md and in its help', () => {
    expect(rowsBelow('What a command of `porchlight` ends with:')).toEqual(exitCodeTable);
    const { cli, out } = fakeCli();
    createProgram(cli).outputHelp();
    expect(out()).toContain(exitCodesText(exitCodeTable));
  });

  test('of npm run deploy are there as well', () => {
    expect(rowsBelow('And `npm run deploy`:')).toEqual(deployExitCodeTable);
    expect(usage).toContain(exitCodesText(deployExitCodeTable));
  });

  test('are each explained in one of the two', () => {
    const explained = [...exitCodeTable, ...deployExitCodeTable].map(([code]) => code);
    expect(Object.values(exitCodes).filter((code) => !explained.includes(code))).toEqual([]);
  });
});
