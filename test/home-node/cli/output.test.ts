// How commands write: colours and bars on terminals only, tables that align, times that people type, completion that
// shells can load.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type CommandNode, completionFor } from '../../../home-node/cli/completion.ts';
import { exitCodeOf } from '../../../home-node/cli/exit-codes.ts';
import { dataFolder, mustBeThere } from '../../../home-node/cli/folder.ts';
import { barText, progressBar } from '../../../home-node/cli/progress-bar.ts';
import { printable, printTable } from '../../../home-node/cli/table.ts';
import { Terminal } from '../../../home-node/cli/terminal.ts';
import { parseFuture, parseWhen } from '../../../home-node/cli/when.ts';
import { size, span } from '../../../home-node/cli/words.ts';
import { PorchlightError } from '../../../shared/errors.ts';

function terminalOf(isTTY: boolean, env: Readonly<Record<string, string>> = {}) {
  const streams = { input: new PassThrough(), output: new PassThrough(), errors: new PassThrough() };
  for (const stream of Object.values(streams)) Object.assign(stream, { isTTY, columns: 60 });
  const read = (stream: PassThrough): string => String(stream.read() ?? '');
  return {
    terminal: new Terminal({ ...streams, env }),
    input: streams.input,
    out: () => read(streams.output),
    err: () => read(streams.errors),
  };
}

describe('a terminal', () => {
  test('gets colours when it is one, a pipe does not', () => {
    expect(terminalOf(true).terminal.style('red', 'x')).toBe('\u001b[31mx\u001b[39m');
    expect(terminalOf(false).terminal.style('red', 'x')).toBe('x');
  });

  test('NO_COLOR takes colours away, FORCE_COLOR gives them to a pipe, and NO_COLOR wins', () => {
    expect(terminalOf(true, { NO_COLOR: '1' }).terminal.style('red', 'x')).toBe('x');
    expect(terminalOf(false, { FORCE_COLOR: '1' }).terminal.style('red', 'x')).not.toBe('x');
    expect(terminalOf(false, { FORCE_COLOR: '1', NO_COLOR: '1' }).terminal.style('red', 'x')).toBe('x');
    expect(terminalOf(true, { FORCE_COLOR: '0' }).terminal.style('red', 'x')).toBe('x');
  });

  test('asks a person, and says what to do instead where nobody sits', async () => {
    const person = terminalOf(true);
    const asked = person.terminal.ask('Your domain? ', 'name it.');
    person.input.write('  example.org \n');
    expect(await asked).toBe('example.org');
    await expect(terminalOf(false).terminal.ask('Your domain? ', 'name it by --domain.')).rejects.toThrow(
      expect.objectContaining({ code: 'not-interactive', message: expect.stringContaining('name it by --domain.') }),
    );
  });

  test('a question that ends without an answer is an error, not an empty answer', async () => {
    const person = terminalOf(true);
    const asked = person.terminal.ask('Your domain? ', '');
    person.input.end();
    await expect(asked).rejects.toThrow(expect.objectContaining({ code: 'not-answered' }));
  });
});

describe('tables', () => {
  test('columns are as wide as what is in them, and nothing trails', () => {
    const { terminal, out } = terminalOf(false);
    printTable(
      terminal,
      ['name', 'state'],
      [
        ['a', 'up'],
        ['längerer', { text: 'down', style: 'red' }],
      ],
    );
    expect(out()).toBe('name      state\na         up\nlängerer  down\n');
  });

  test('what others chose cannot move the cursor or forge a line', () => {
    expect(printable('x\u001b[2J\ny\u009b')).toBe('x [2J y ');
  });
});

describe('progress', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('is drawn on a terminal after a second, and wiped in the end', () => {
    const { terminal, err } = terminalOf(true);
    const bar = progressBar(terminal);
    bar.show({ step: 'pages', done: 1, of: 4 });
    expect(err()).toBe('');
    vi.advanceTimersByTime(1_000);
    expect(err()).toContain('25 %  pages: 1 of 4');
    bar.clear();
    expect(err()).toBe('\r\u001b[2K');
  });

  test('what is over within a second draws nothing', () => {
    const { terminal, err } = terminalOf(true);
    const bar = progressBar(terminal);
    bar.show({ step: 'pages', done: 4, of: 4 });
    bar.clear();
    vi.advanceTimersByTime(5_000);
    expect(err()).toBe('');
  });

  test('in a pipe each step is one line', () => {
    const { terminal, err } = terminalOf(false);
    const bar = progressBar(terminal);
    for (const done of [0, 1, 2]) bar.show({ step: 'pages', done, of: 2 });
    bar.show({ step: 'good night', done: 0, of: null });
    bar.clear();
    expect(err()).toBe('pages ...\ngood night ...\n');
  });

  test('a bar is never longer than the terminal is wide, and never over full', () => {
    expect(barText({ step: 'x'.repeat(200), done: 5, of: 4 }, 40)).toHaveLength(39);
    expect(barText({ step: 'x', done: 5, of: 4 }, 80)).toContain('100 %');
    expect(barText({ step: 'x', done: 0, of: 0 }, 80)).toBe('x ...');
  });
});

describe('times that people type', () => {
  const now = new Date(2026, 10, 23, 22, 0).getTime();

  test.each([
    ['7:30', new Date(2026, 10, 24, 7, 30)],
    ['23:15', new Date(2026, 10, 23, 23, 15)],
    ['22:00', new Date(2026, 10, 24, 22, 0)],
    ['8h', new Date(2026, 10, 24, 6, 0)],
    ['90min', new Date(2026, 10, 23, 23, 30)],
    ['+2 d', new Date(2026, 10, 25, 22, 0)],
    ['2026-11-24T07:30:00Z', new Date('2026-11-24T07:30:00Z')],
    ['2026-11-24 07:30', new Date(2026, 10, 24, 7, 30)],
  ])('%s', (text, wanted) => {
    expect(parseWhen('--until', text, now)).toBe(wanted.getTime());
  });

  test.each(['', 'soon', '25:00', '7:60', '2026-13-40T00:00', '2026-11-24', '8 hours of sleep', '999999h', '-8h'])(
    'refuses %j and says what is wanted',
    (text) => {
      expect(() => parseWhen('--until', text, now)).toThrow(expect.objectContaining({ code: 'options' }));
    },
  );

  test('a time to come must be to come', () => {
    expect(() => parseFuture('--until', '2026-11-23T21:59', now)).toThrow(/is over already/);
  });
});

describe('spans and sizes', () => {
  test.each([
    [0, '0 s'],
    [-5, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_600_000, '1 h'],
    [47 * 3_600_000, '47 h'],
    [49 * 3_600_000, '2 days'],
  ])('%d ms is %s', (ms, words) => expect(span(ms)).toBe(words));

  test.each([
    [0, '0 bytes'],
    [1023, '1023 bytes'],
    [1024, '1.0 KiB'],
    [1_572_864, '1.5 MiB'],
    [300 * 1024 ** 3, '300 GiB'],
  ])('%d bytes are %s', (bytes, words) => expect(size(bytes)).toBe(words));
});

describe('the data folder', () => {
  const facts = { env: {}, homeDirectory: '/there' };

  test('is the option, else the environment, else in the home directory', () => {
    expect(dataFolder({ ...facts, option: '/x', env: { PORCHLIGHT_HOME: '/y' } })).toBe('/x');
    expect(dataFolder({ ...facts, option: undefined, env: { PORCHLIGHT_HOME: '/y' } })).toBe('/y');
    expect(dataFolder({ ...facts, option: undefined })).toBe('/there/porchlight');
  });

  test('one without porchlight.toml is refused with the way to make one', () => {
    expect(() => mustBeThere('/nowhere')).toThrow(
      expect.objectContaining({ code: 'no-folder', message: expect.stringContaining('porchlight init') }),
    );
  });
});

describe('exit codes', () => {
  test.each([
    ['not-running', 3],
    ['edge-unreachable', 4],
    ['not-an-edge', 4],
    ['options', 2],
    ['ledger', 1],
  ] as const)('%s ends with %d', (code, wanted) => {
    expect(exitCodeOf(new PorchlightError(code, ''))).toBe(wanted);
    expect(exitCodeOf(new Error('x'))).toBe(1);
  });
});

describe('completion', () => {
  const leaf = (name: string): CommandNode => ({
    name,
    about: `it's ${name}`,
    options: [{ flag: '--json', about: '' }],
    commands: [],
  });
  const tree: CommandNode = {
    name: 'porchlight',
    about: '',
    options: [{ flag: '--version', about: '' }],
    commands: [leaf('status'), { ...leaf('spool'), commands: [leaf('list'), leaf('show')] }],
  };

  /** What bash would offer after these words. */
  function offered(...words: string[]): string[] {
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-completion-'));
    try {
      writeFileSync(join(folder, 'completion'), completionFor('bash', tree));
      const quoted = ['porchlight', ...words].map((word) => `'${word}'`).join(' ');
      const script = `cd ${folder} && . ./completion && COMP_WORDS=(${quoted}) COMP_CWORD=${words.length} && _porchlight && printf '%s\\n' "\${COMPREPLY[@]}"`;
      return execFileSync('bash', ['-c', script]).toString().trim().split('\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  test('bash offers commands, then what belongs to the command that is there, also behind an option', () => {
    expect(offered('')).toEqual(['status', 'spool', '--version']);
    expect(offered('sp')).toEqual(['spool']);
    expect(offered('spool', '')).toEqual(['list', 'show', '--json']);
    expect(offered('spool', 'list', '--')).toEqual(['--json']);
    expect(offered('status', '--home', '/x', '--j')).toEqual(['--json']);
  });

  test('bash offers files where nothing else fits', () => {
    expect(offered('status', 'comp')).toEqual(['completion']);
  });

  test('fish and zsh get scripts of their own; any other shell is refused by name', () => {
    expect(completionFor('fish', tree)).toContain(
      "complete -c porchlight -f -n '__fish_use_subcommand' -a status -d 'it\\'s status'",
    );
    expect(completionFor('zsh', tree)).toMatch(/^#compdef porchlight\n/);
    expect(() => completionFor('csh', tree)).toThrow(expect.objectContaining({ code: 'options' }));
  });
});
