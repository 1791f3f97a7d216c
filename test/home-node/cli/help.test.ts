// `--help` of every command teaches by examples, and each example is a command line that the program takes.

import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../../../home-node/cli/program.ts';
import { fakeCli } from '../../support/fake-cli.ts';

interface Place {
  /** With the program's own. */
  readonly name: string;
  readonly command: Command;
}

function places(command: Command, before = ''): Place[] {
  const name = `${before}${command.name()}`;
  return [{ name, command }, ...command.commands.flatMap((one) => places(one, `${name} `))];
}

const { cli, out } = fakeCli();
const program = createProgram(cli);
const all = places(program);

function examplesOf({ command }: Place): string[] {
  command.outputHelp();
  const [, examples = ''] = out().split(/^Examples:$/m);
  return examples
    .split(/\n\n/)[0]
    ?.split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '') as string[];
}

/** The words of the program's own part: what follows in a pipe, or goes to a file, is the shell's. */
function wordsOf(example: string): string[] {
  const [own = ''] = example.split(/\s+[#|<>]\s?/);
  return own.trim().split(/\s+/);
}

/** Where commands of its own lead, by the words that are no options; and what is wrong with the rest. */
function faultsOf(example: string): string[] {
  const [first, ...words] = wordsOf(example);
  if (first !== 'porchlight') return [`${first} is no program of ours`];
  let command = program;
  while (words.length > 0) {
    const next = command.commands.find((one) => one.name() === words[0]);
    if (next === undefined) break;
    command = next;
    words.shift();
  }
  const { operands, unknown } = parsed(command, words);
  const { registeredArguments: wanted } = command;
  const least = wanted.filter(({ required }) => required).length;
  return [
    ...unknown.map((one) => `${command.name()} has no ${one}`),
    ...(operands < least || operands > wanted.length ? [`${command.name()} takes no ${operands} arguments`] : []),
  ];
}

function parsed(command: Command, words: readonly string[]): { operands: number; unknown: string[] } {
  const unknown: string[] = [];
  let operands = 0;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (!/^--?\w/.test(word)) operands += 1;
    else {
      const option = command.options.find(({ long, short }) => word === long || word === short);
      if (option === undefined) unknown.push(word);
      else if (option.required) at += 1;
    }
  }
  return { operands, unknown };
}

describe('the help', () => {
  test('is of all commands that there are', () => {
    expect(all.length).toBeGreaterThan(35);
  });

  test.each(all)('of $name shows an example of it, and nothing but what it takes', (place) => {
    const examples = examplesOf(place);
    const own = examples.filter((example) => example.startsWith(place.name));
    expect(own).not.toEqual([]);
    expect(examples.filter((one) => one.startsWith('porchlight')).flatMap(faultsOf)).toEqual([]);
  });

  test('would be found to show what there is not', () => {
    expect(faultsOf('porchlight status --jsn')).toEqual(['status has no --jsn']);
    expect(faultsOf('porchlight spool show')).toEqual(['show takes no 0 arguments']);
    expect(faultsOf('porchlight spool shw 7')).toEqual(['spool takes no 2 arguments']);
    expect(faultsOf('porchlight sleep --until 7:30   # so')).toEqual([]);
  });
});
