// An owner's first evening as docs/running.md tells it: every command that it shows is typed into a terminal, from the
// tarball, with an empty HOME, and what it prints is what it says. So it cannot go out of date. README.md and
// docs/deploying.md, from a clone on: new-owner.test.ts. What was really shown is kept in test/artefacts/first-evening.txt.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseHomeConfig } from '../../shared/config/parse.ts';
import { type DocumentedCommand, documentedCommands, isAsDocumented } from '../support/documented-commands.ts';
import { FirstEvening } from '../support/first-evening.ts';
import { skipUnless } from '../support/other-nodes.ts';
import { hasTmux, type TmuxWindow } from '../support/tmux-terminal.ts';

skipUnless(hasTmux, 'the first evening', 'tmux is not installed');

const root = join(import.meta.dirname, '..', '..');
const text = (path: string): string => readFileSync(join(root, path), 'utf8');
const running = documentedCommands(text('docs/running.md'));

/** What is not typed here, and why. A command is meant by how it begins. */
const notTyped: readonly (readonly [begin: string, why: string])[] = [
  ['npm run deploy', 'test/journey/new-owner.test.ts'],
  ['npm pack', 'done before the first prompt'],
  ['npm install -g', 'done before the first prompt, from the tarball'],
  ['npm uninstall -g', 'would take the program away from under the test'],
  ['npx wrangler', 'wants an account at Cloudflare'],
  ['sudo ', 'wants systemd as PID 1, and root'],
  ['journalctl', 'wants systemd as PID 1'],
  ['curl http://127.0.0.1:9464', 'wants [metrics], and a port that is free: test/home-node/metrics/'],
  ['porchlight up --install-service', 'would write into this machine: test/journey/new-owner.test.ts'],
  ['porchlight spool retry', 'wants a dead letter: test/journey/new-owner.test.ts'],
  ['porchlight spool discard', 'wants a dead letter: test/journey/new-owner.test.ts'],
  ['porchlight edge revoke', 'cuts the home of this evening off: test/journey/new-owner.test.ts'],
  ['porchlight edge release www.', 'nobody has that name here: test/journey/new-owner.test.ts'],
  ['porchlight hook show social', 'wants a server that needs one: test/home-node/cli/hook.test.ts'],
  ['porchlight hook write social', 'wants a server that needs one: test/home-node/cli/hook.test.ts'],
  ['rm -r ~/porchlight', 'there is no doubt of what it does'],
];
/** Typed although one of notTyped begins alike. */
const isTyped = ({ command }: DocumentedCommand): boolean =>
  command.includes('--dry-run') || !notTyped.some(([begin]) => command.startsWith(begin));

const typed = running.filter(isTyped);
const nameOf = ({ command, nth }: DocumentedCommand): string => (nth === 0 ? command : `${command} (${nth + 1})`);

describe('the comparison', () => {
  test.each([
    ['Home sleeps until 2026-11-24 07:30 (in 8 h).', 'Home sleeps until 2027-01-01 06:00 (in 12 min).'],
    ['one\n...\nlast', 'one\ntwo\nthree\nlast'],
    ['one\n...', 'one'],
    ['name  size\na     1.0 KiB', 'name    size\na       512 bytes'],
  ])('takes %j for %j', (documented, real) => expect(isAsDocumented(documented, real)).toBe(true));

  test.each([
    ['Home sleeps.', 'Home sleeps until 2026-11-24 07:30 (in 8 h).'],
    ['one\n...\nlast', 'one\nlast but not least'],
    ['one\n...\nlast', 'last'],
    ['6 public pages', '7 public pages'],
    ['1 delivery', '2 delivery'],
    ['a.c', 'abc'],
    ['one', 'one\nmore'],
    ['', 'Cannot do that.'],
  ])('does not take %j for %j', (documented, real) => expect(isAsDocumented(documented, real)).toBe(false));

  test('finds commands without their comments, and what is said below them', () => {
    const fence = '```';
    const markdown = `${fence}sh\na -b   # why\n# only a comment\na 'x # y'\n${fence}\n${fence}console\n$ c\none\n\ntwo\n$ c\n${fence}\n`;
    expect(documentedCommands(markdown)).toEqual([
      { command: 'a -b', output: null, nth: 0 },
      { command: "a 'x # y'", output: null, nth: 0 },
      { command: 'c', output: 'one\n\ntwo', nth: 0 },
      { command: 'c', output: null, nth: 1 },
    ]);
  });
});

describe.skipIf(!hasTmux)('the first evening', () => {
  let evening: FirstEvening;
  let here: TmuxWindow;
  let up: TmuxWindow;
  /** By name. */
  const shown = new Map<string, string>();
  const transcript: string[] = [];
  /** The last one that was shown of each kind that a later command names. */
  const last = { code: '', seq: '' };

  beforeAll(async () => {
    evening = await FirstEvening.begin(process.execPath);
    here = await evening.terminal.open('here');
    up = await evening.terminal.open('up');
  });

  afterAll(async () => {
    if (transcript.length > 0) {
      mkdirSync(join(root, 'test', 'artefacts'), { recursive: true });
      writeFileSync(join(root, 'test', 'artefacts', 'first-evening.txt'), `${transcript.join('\n')}\n`);
    }
    await evening?.end();
  });

  async function goUp(): Promise<string> {
    up.begin('porchlight up');
    const screen = await up.untilScreen(/^Home is awake\./m, 60_000);
    return screen.split('\n').slice(1).join('\n');
  }

  /** What happens before a command, in the story and around it. */
  const before: Readonly<Record<string, () => Promise<void>>> = {
    'porchlight up': async () => evening.allowNeighbour(),
    'porchlight status': async () => {
      await evening.untilReport('a snapshot', ({ home }) => typeof home?.snapshotAt === 'number');
    },
    'porchlight status (2)': async () => {
      await evening.follow();
      await evening.untilReport('one delivery taken', ({ home }) => home?.finished === 1 && home.spool?.waiting === 0);
    },
    'porchlight status (3)': async () => {
      await evening.write();
      await evening.untilEdgeSays(/^waits /m);
    },
    'porchlight status (4)': async () => {
      await evening.untilReport('nothing waits', ({ home }) => home?.spool?.waiting === 0);
      const { prompts } = up;
      up.press('C-c');
      expect(await up.untilPrompt(prompts + 1)).toBe(0);
      await evening.untilEdgeSays(/no home node runs.*\n.*asleep since \S+ \S+$/m);
    },
    'porchlight config check': async () => {
      await goUp();
    },
    'porchlight spool list': async () => {
      await evening.write();
      await evening.untilReport('one that waits', ({ home }) => home?.spool?.waiting === 1);
    },
    'porchlight spool list --dead': async () => {
      await evening.untilReport('nothing waits', ({ home }) => home?.spool?.waiting === 0);
    },
    'porchlight key show': async () => {
      await evening.untilReport('nothing waits', ({ home }) => home?.spool?.waiting === 0);
    },
  };

  async function type(documented: DocumentedCommand): Promise<string> {
    const command = documented.command
      .replace(/\b[0-9A-Z]{4}(-[0-9A-Z]{4}){6}\b/, last.code)
      .replace(/\b\d{16}\b/, last.seq);
    const ran = command === 'porchlight up' ? { code: 0, screen: await goUp() } : await here.run(command);
    const screen = ran.screen.replaceAll(evening.home, '~');
    transcript.push(`$ ${command}\n${screen}`);
    last.code = /^[0-9A-Z]{4}(-[0-9A-Z]{4}){6}$/m.exec(screen)?.[0] ?? last.code;
    last.seq = /^\d{15,16}\b/m.exec(screen)?.[0] ?? last.seq;
    // Status says so while none runs.
    expect(ran.code, screen).toBe(nameOf(documented) === 'porchlight status (4)' ? 3 : 0);
    return screen;
  }

  test.each(typed.map((one) => [nameOf(one), one] as const))('%s', async (name, documented) => {
    await before[name]?.();
    const screen = await type(documented);
    shown.set(name, screen);
    if (documented.output === null) return;
    // So that a difference is shown whole.
    expect(isAsDocumented(documented.output, screen) ? documented.output : screen).toBe(documented.output);
  });

  test('what is not typed is shown somewhere, and only that is excused', () => {
    const all = running.map(({ command }) => command);
    const idle = notTyped.filter(([begin]) => !all.some((command) => command.startsWith(begin)));
    expect(idle).toEqual([]);
  });

  test('every example of porchlight.toml has no faults', () => {
    const examples = [...text('docs/running.md').matchAll(/^```toml\n([\s\S]*?)^```$/gm)].map(([, toml = '']) => toml);
    expect(examples.length).toBeGreaterThan(2);
    for (const toml of examples) {
      const head = toml.startsWith('[') ? 'domain = "example.org"\n' : '';
      expect(parseHomeConfig(head + toml)).toHaveProperty('config');
    }
  });

  test('nothing that a person reads on the way to bed is wider than 80 columns', () => {
    const short = /^porchlight (init|claim|status|sleep|wake|service|key|backup|restore|edge|config check)\b/;
    const wide = [...shown].flatMap(([name, screen]) =>
      short.test(name) ? screen.split('\n').filter((line) => [...line].length > 80) : [],
    );
    expect(wide).toEqual([]);
  });
});

describe.skipIf(!hasTmux)('a terminal', () => {
  let evening: FirstEvening;
  let here: TmuxWindow;

  beforeAll(async () => {
    evening = await FirstEvening.begin(process.execPath);
    here = await evening.terminal.open('here');
  });

  afterAll(async () => await evening?.end());

  test('is asked two questions by init, the first again with the reason when it is no domain', async () => {
    const { prompts } = here;
    here.begin('porchlight init');
    await here.untilScreen(/^Your domain .*: *$/m);
    here.type('not a domain');
    here.press('Enter');
    await here.untilScreen(/That is none: found "not a domain", wanted a host name.*\nYour domain .*:$/);
    here.type('Example.org');
    here.press('Enter');
    await here.untilScreen(/Address of the admin \(admin@example\.org\):$/);
    here.press('Enter');
    expect(await here.untilPrompt(prompts + 1)).toBe(0);
    const asked = here.screen().match(/^(Your domain|Address of the admin) .*?:/gm);
    expect(asked?.map((question) => question.split(' ')[0])).toEqual(['Your', 'Your', 'Address']);
    const written = readFileSync(join(evening.home, 'porchlight', 'porchlight.toml'), 'utf8');
    expect(written).toContain('domain = "example.org"\nadmin = "admin@example.org"\n');
  });

  test('is told that a folder is there already, and nothing in it changes', async () => {
    const path = join(evening.home, 'porchlight', 'porchlight.toml');
    const written = readFileSync(path, 'utf8');
    const { code, screen } = await here.run('porchlight init --domain other.example --yes');
    expect(code).toBe(1);
    expect(screen).toContain('Cannot make a home in ~/porchlight: porchlight.toml is there already');
    expect(readFileSync(path, 'utf8')).toBe(written);
  });

  test.each(['C-c', 'C-d'])('that answers a question of init with %s leaves no folder', async (key) => {
    const { prompts } = here;
    here.begin('porchlight init --home elsewhere');
    await here.untilScreen(/^Your domain .*:$/m);
    here.type('example.org');
    here.press('Enter');
    await here.untilScreen(/^Address of the admin .*:$/m);
    here.press(key);
    expect(await here.untilPrompt(prompts + 1)).toBe(1);
    expect(here.screen()).toMatch(/:\nCannot go on: the question got no answer; nothing was done\.\n\$$/);
    expect((await here.run('ls elsewhere')).code).not.toBe(0);
  });

  test('gets nothing asked with --yes, and hints that name the folder as a shell wants it', async () => {
    const { code, screen } = await here.run("porchlight init --domain example.org --yes --home 'my home'");
    expect(code).toBe(0);
    expect(screen).not.toContain('?:');
    expect(screen).toContain("  porchlight up --home 'my home'");
  });

  test('gets colours, and a pipe gets none', async () => {
    await here.run("porchlight config check --home 'my home'");
    expect(here.screen(true)).toContain('\u001b[32m');
    await here.run("porchlight config check --home 'my home' | cat");
    expect(here.screen(true)).not.toContain('\u001b[3');
  });

  test.each([
    ['porchlight staus', 'Did you mean status?'],
    ['porchlight spool lst', 'Did you mean list?'],
    ['porchlight status --jsn', 'Did you mean --json?'],
  ])('that mistypes %s is told what it meant', async (command, meant) => {
    const { code, screen } = await here.run(command);
    expect(code).toBe(2);
    expect(screen).toContain(meant);
  });

  test('of 80 columns shows each command of the help in one line', async () => {
    const { screen } = await here.run('porchlight --help');
    const [, commands = ''] = screen.split(/^Commands:$/m);
    const [list = ''] = commands.split(/^Examples:$/m);
    expect(list.split('\n').filter((line) => /^ {4,}\S/.test(line))).toEqual([]);
    expect(screen.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });
});
