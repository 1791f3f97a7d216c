// How commands write: colours and bars on terminals only, tables that align, times that people type.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { claimCodeFrom } from '../../../home-node/cli/claim-code.ts';
import { type Cli, sayJson } from '../../../home-node/cli/cli.ts';
import { exitCodeOf } from '../../../home-node/cli/exit-codes.ts';
import { dataFolder, mustBeThere, shellWord, shownPath } from '../../../home-node/cli/folder.ts';
import { barText, progressBar } from '../../../home-node/cli/progress-bar.ts';
import { printable, printBelow, printTable } from '../../../home-node/cli/table.ts';
import { Terminal } from '../../../home-node/cli/terminal.ts';
import { wakingBar } from '../../../home-node/cli/waking-bar.ts';
import { parseFuture, parsePast } from '../../../home-node/cli/when.ts';
import { size, span, spanAhead } from '../../../home-node/cli/words.ts';
import { PorchlightError } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';

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

describe('a claim code', () => {
  const from = async (typed: string | undefined, isTTY: boolean, input: string): Promise<string> => {
    const { terminal, input: stream } = terminalOf(isTTY);
    const code = claimCodeFrom({ terminal } as unknown as Cli, typed);
    stream.end(input);
    return await code;
  };

  test('need not stand on the command line, which everybody on the machine can read', async () => {
    expect(await from('-', false, '7QK2-M0XA\n')).toBe('7QK2-M0XA');
    expect(await from('-', false, '7QK2-M0XA')).toBe('7QK2-M0XA');
    expect(await from(undefined, true, '7QK2-M0XA\n')).toBe('7QK2-M0XA');
    expect(await from('7QK2-M0XA', false, '')).toBe('7QK2-M0XA');
  });

  test.each(['', '\n7QK2', 'x'.repeat(limits.cliInputLength + 1)])('is not what is no line of input', async (input) => {
    await expect(from('-', false, input)).rejects.toThrow(expect.objectContaining({ code: 'not-answered' }));
  });

  test('is asked for only where somebody can answer, and elsewhere the way to give it is said', async () => {
    await expect(from(undefined, false, '7QK2\n')).rejects.toThrow(
      expect.objectContaining({ code: 'not-interactive' }),
    );
  });
});

test('a reader that has seen enough ends a command without a word', () => {
  const program = join(import.meta.dirname, '..', '..', '..', 'home-node', 'cli', 'index.ts');
  const said = (pipe: string): string =>
    spawnSync('/bin/sh', ['-c', `exec 3>&1; ${pipe}`, 'sh', process.execPath, program]).stdout.toString();
  expect(said('{ "$1" "$2" config 2>&3; echo "ended with $?" >&3; } | true')).toBe('ended with 0\n');
  // What is said on the way, to nobody: it ends as it would have.
  expect(said('{ "$1" "$2" status --home /nowhere 2>&1 >&3; echo "ended with $?" >&3; } | true')).toBe(
    'ended with 1\n',
  );
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

  test('neither as text nor turned around by marks of direction, in any cell', () => {
    const { terminal, out } = terminalOf(true);
    const evil = 'gro.live\u202e\u2066\u2028x\u001b]0;title\u0007\u001b[8m';
    printTable(terminal, ['', ''], [[evil, { text: evil, style: 'red' }]]);
    const plain = 'gro.live x ]0;title [8m';
    expect(out()).toBe(`${plain}  \u001b[31m${plain}\u001b[39m\n`);
  });

  test('nor in a line that a command says, where our own colours hold', () => {
    const { terminal, out, err } = terminalOf(true);
    terminal.say(`${terminal.style('bold', 'Claimed')} at \u001b[2J\u001b[8m\u009b2Jevil\r\n\tand on`);
    terminal.note(terminal.styleNote('red', 'Cannot: \u001b]52;c;Y2FsYw==\u0007'));
    expect(out()).toBe('\u001b[1mClaimed\u001b[22m at  [2J [8m 2Jevil \n\tand on\n');
    expect(err()).toBe('\u001b[31mCannot:  ]52;c;Y2FsYw== \u001b[39m\n');
  });

  test('nor in JSON, which still reads as what it was', () => {
    const { terminal, out } = terminalOf(true);
    const value = { from: 'a\u009b2J\u007f\u202eb\n', list: [1] };
    sayJson({ terminal } as unknown as Cli, value);
    const text = out();
    expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
    expect(text.split('\n')).toHaveLength(7);
    expect(JSON.parse(text)).toEqual(value);
  });
});

describe('a line below a row', () => {
  const long = 'because '.repeat(20);

  test('is cut to the width of a terminal; a pipe gets all of it', () => {
    const person = terminalOf(true);
    printBelow(person.terminal, long, 'yellow');
    expect(stripVTControlCharacters(person.out())).toMatch(/^ {2}because .*…\n$/);
    printBelow(person.terminal, long, 'yellow');
    expect(stripVTControlCharacters(person.out()).length).toBeLessThanOrEqual(60);
    const pipe = terminalOf(false);
    printBelow(pipe.terminal, long, 'yellow');
    expect(pipe.out()).toBe(`  ${long}\n`);
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

  test('lines that are written meanwhile stand above the bar, not behind it', () => {
    const { terminal, err } = terminalOf(true);
    const bar = wakingBar(terminal);
    bar?.writeLog('soon\n');
    expect(err()).toBe('soon\n');
    vi.advanceTimersByTime(1_000);
    expect(err()).toBe('\r\u001b[2Kstarting services, opening the link ...');
    bar?.writeLog('later\n');
    expect(err()).toBe('\r\u001b[2Klater\n\r\u001b[2Kstarting services, opening the link ...');
    bar?.onEvent({ event: 'delivered', deliveries: 1 });
    expect(err()).toBe('');
    bar?.onEvent({ event: 'awake' });
    expect(err()).toBe('\r\u001b[2K');
    bar?.writeLog('awake\n');
    expect(err()).toBe('awake\n');
  });

  test('a pipe and a dumb terminal get the log of up alone', () => {
    expect(wakingBar(terminalOf(false).terminal)).toBeNull();
    expect(wakingBar(terminalOf(true, { TERM: 'dumb' }).terminal)).toBeNull();
  });

  test('of what nobody can count the end is not shown, only how far it is', () => {
    expect(barText({ step: 'asking', done: 0, of: null }, 80)).toBe('asking ...');
    expect(barText({ step: 'asking', done: 200, of: null }, 80)).toBe('asking: 200 ...');
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
    expect(parseFuture('--until', text, now)).toBe(wanted.getTime());
  });

  test.each([
    ['7:30', new Date(2026, 10, 23, 7, 30)],
    ['23:15', new Date(2026, 10, 22, 23, 15)],
    ['22:00', new Date(2026, 10, 23, 22, 0)],
    ['8h', new Date(2026, 10, 23, 14, 0)],
    ['2026-11-20T18:00', new Date(2026, 10, 20, 18, 0)],
  ])('%s, of a time that is over', (text, wanted) => {
    expect(parsePast('--since', text, now)).toBe(wanted.getTime());
  });

  test.each(['', 'soon', '25:00', '7:60', '2026-13-40T00:00', '2026-11-24', '8 hours of sleep', '999999h', '-8h'])(
    'refuses %j and says what is wanted',
    (text) => {
      expect(() => parseFuture('--until', text, now)).toThrow(/wanted 7:30 \(the next one\)/);
      expect(() => parsePast('--since', text, now)).toThrow(/wanted 18:00 \(the last one\)/);
    },
  );

  test('a time to come must be to come', () => {
    expect(() => parseFuture('--until', '2026-11-23T21:59', now)).toThrow(/is over already/);
    expect(() => parsePast('--since', '2026-11-23T22:01', now)).toThrow(/is still to come/);
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
    [59_999, '59 s'],
    [8 * 3_600_000 - 1, '8 h'],
    [7 * 24 * 3_600_000 - 40, '7 days'],
    [89_000, '1 min'],
    [3_599_000, '1 h'],
  ])('%d ms to come are %s', (ms, words) => expect(spanAhead(ms)).toBe(words));

  test.each([
    [0, '0 bytes'],
    [1023, '1023 bytes'],
    [1024, '1.0 KiB'],
    [1_572_864, '1.5 MiB'],
    [300 * 1024 ** 3, '300 GiB'],
  ])('%d bytes are %s', (bytes, words) => expect(size(bytes)).toBe(words));
});

describe('paths and words of a command line', () => {
  test('a path below the home directory is written as people do', () => {
    expect(shownPath('/home-of/ann/porchlight', '/home-of/ann')).toBe('~/porchlight');
    expect(shownPath('/home-of/anna/porchlight', '/home-of/ann')).toBe('/home-of/anna/porchlight');
  });

  test.each([
    ['~/porchlight', '~/porchlight'],
    ['my home', "'my home'"],
    ["it's; rm", "'it'\\''s; rm'"],
    ['', "''"],
  ])('%j is typed as %s', (text, word) => expect(shellWord(text)).toBe(word));
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
