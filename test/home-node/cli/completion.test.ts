// Completion as a person has it: the shells themselves complete, each by the script that is made for it. bash by the
// function that it would call, fish by its own question, zsh in a terminal, by Tab.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CommandNode, completionFor } from '../../../home-node/cli/completion.ts';
import { skipUnless } from '../../support/other-nodes.ts';
import { hasTmux, TmuxTerminal, type TmuxWindow } from '../../support/tmux-terminal.ts';

const has = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;
const [hasFish, hasZsh] = [has('fish'), has('zsh') && hasTmux];
skipUnless(hasFish, 'completion in fish', 'fish is not installed');
skipUnless(hasZsh, 'completion in zsh', 'zsh or tmux is not installed');

const node = (name: string, flags: readonly string[], commands: readonly CommandNode[] = []): CommandNode => ({
  name,
  about: `it's ${name}: all`,
  options: flags.map((flag) => ({ flag, about: `say ${flag}` })),
  commands,
});
/** `show` and `status` are commands of their own and of a group. */
const tree = node(
  'porchlight',
  ['--version'],
  [
    node('status', ['--json']),
    node(
      'spool',
      ['--home'],
      [node('list', ['--all', '--json']), node('show', ['--json']), node('status', ['--short'])],
    ),
  ],
);

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-completion-'));
  for (const shell of ['bash', 'fish']) writeFileSync(join(folder, shell), completionFor(shell, tree));
  mkdirSync(join(folder, 'functions'));
  writeFileSync(join(folder, 'functions', '_porchlight'), completionFor('zsh', tree));
  mkdirSync(join(folder, 'here'));
  writeFileSync(join(folder, 'here', 'a-file'), '');
});

afterAll(() => rmSync(folder, { recursive: true }));

function bash(line: string): string[] {
  const words = line.split(' ');
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const script = `cd ${folder}/here && . ../bash && COMP_WORDS=(${quoted}) COMP_CWORD=${words.length - 1} && _porchlight && printf '%s\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', script]).toString().trim().split('\n');
}

function fish(line: string): string[] {
  const script = `cd ${folder}/here; source ${folder}/fish; complete -C '${line}'`;
  const said = execFileSync('fish', ['--no-config', '-c', script], { env: { ...process.env, HOME: folder } });
  const lines = said.toString().trim().split('\n');
  return lines.map((offered) => offered.split('\t')[0] ?? '');
}

const shells = [
  ['bash', bash, true],
  ['fish', fish, hasFish],
] as const;

describe.each(shells)('%s', (_, offered, isThere) => {
  test.skipIf(!isThere).each([
    ['porchlight s', ['spool', 'status']],
    ['porchlight sp', ['spool']],
    ['porchlight spool ', ['list', 'show', 'status']],
    ['porchlight spool l', ['list']],
    ['porchlight spool list --', ['--all', '--json']],
    ['porchlight spool status --', ['--short']],
    ['porchlight status --', ['--json']],
    // Options and their values are no way to a command.
    ['porchlight spool --home x list --', ['--all', '--json']],
    ['porchlight --', ['--version']],
    // A command that is there is not offered again, and where nothing fits there are files.
    ['porchlight spool show a-', ['a-file']],
  ])('offers for %j %j', (line, wanted) => {
    const own = offered(line).filter((word) => wanted.includes(word) || !word.startsWith('--'));
    expect(own.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(wanted);
  });
});

describe.skipIf(!hasZsh)('zsh', () => {
  let terminal: TmuxTerminal;
  let window: TmuxWindow;

  beforeAll(async () => {
    const environment = { HOME: folder, PATH: process.env.PATH ?? '', LANG: 'C.UTF-8' };
    terminal = new TmuxTerminal({ environment, folder: join(folder, 'here') });
    window = await terminal.open('zsh');
    window.begin("PS1='zsh> ' exec zsh -f");
    await window.untilScreen(/^zsh>$/m);
    for (const line of [`fpath=(${folder}/functions $fpath)`, 'autoload -Uz compinit && compinit -u -D']) {
      window.type(line);
      window.press('Enter');
    }
    window.type("echo re''ady");
    window.press('Enter');
    await window.untilScreen(/^ready$/m);
  });

  afterAll(() => terminal?.end());

  /** What stands behind the prompt after Tab. */
  async function tab(line: string, until: RegExp): Promise<void> {
    window.press('C-u');
    window.press('C-l');
    window.type(line);
    window.press('Tab');
    await window.untilScreen(until);
  }

  test.each([
    // The first Tab of a shell loads the function, and completes already.
    ['porchlight sp', /^zsh> porchlight spool$/m],
    ['porchlight spool l', /^zsh> porchlight spool list$/m],
    ['porchlight spool list --al', /^zsh> porchlight spool list --all$/m],
    ['porchlight spool status --', /^zsh> porchlight spool status --short$/m],
    ['porchlight status --j', /^zsh> porchlight status --json$/m],
    ['porchlight spool show a-', /^zsh> porchlight spool show a-file$/m],
  ])('finishes %s', async (line, until) => await tab(line, until));

  test('shows all that there are, each with what it is for', async () => {
    await tab('porchlight spool ', /^list +-- it's list: all$/m);
    expect(window.screen()).toMatch(/^status +-- it's status: all$/m);
  });
});

test('any other shell is refused by name', () => {
  expect(() => completionFor('csh', tree)).toThrow(expect.objectContaining({ code: 'options' }));
});
