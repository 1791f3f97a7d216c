// A new owner, who has a computer with Node, npm and git on it, an empty HOME and README.md: clones the repository, types
// what README says, in its order, and then whatever the programs told to type next. What is printed is what README.md and
// docs/deploying.md say. What was really shown is kept in test/artefacts/new-owner.txt.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DocumentedCommand, documentedCommands, isAsDocumented } from '../support/documented-commands.ts';
import { type Hint, hintsIn, isFollowedBy } from '../support/hints.ts';
import { NewOwner } from '../support/new-owner.ts';
import { skipUnless } from '../support/other-nodes.ts';
import { hasTmux, type TmuxWindow } from '../support/tmux-terminal.ts';

const root = join(import.meta.dirname, '..', '..');
const hasHistory = existsSync(join(root, '.git'));
skipUnless(hasTmux, 'a new owner', 'tmux is not installed');
skipUnless(hasHistory, 'a new owner', 'this is no clone of a repository');

const text = (path: string): string => readFileSync(join(root, path), 'utf8');
const readme = documentedCommands(text('README.md'));
const deploying = documentedCommands(text('docs/deploying.md'));

/** Commands of README.md that are not typed here, and why. */
const notTyped: readonly (readonly [begin: string, why: string])[] = [
  ['npx wrangler login', 'opens a browser; the token of the stand-in is set instead, as docs/deploying.md says'],
  ['npm start', 'test/home-node/start/bootstrap.test.ts'],
  ['npm test', 'this is it'],
  ['npm run bench', 'takes minutes, and a machine of its own'],
];
const typed = readme.filter(({ command }) => !notTyped.some(([begin]) => command.startsWith(begin)));

/** Hints that nobody follows here, and why. */
const notFollowed: readonly (readonly [hint: RegExp, why: string])[] = [
  [/^porchlight up --home \S+friend$/, 'a second home beside the first: test/edge/isolation.test.ts'],
];

describe('hints', () => {
  test.each<[string, string[]]>([
    ['Next: porchlight up\nIt asks the edge.', ['porchlight up']],
    ['Next:\n  systemctl --user daemon-reload\n', ['systemctl --user daemon-reload']],
    [
      'To ask (porchlight edge --help):\n  export PORCHLIGHT_EDGE=a B=c',
      ['porchlight edge --help', 'export PORCHLIGHT_EDGE=a B=c'],
    ],
    ['porchlight spool show SEQ, spool retry SEQ', ['porchlight spool show SEQ', 'porchlight spool retry SEQ']],
    ['dead letters  1; see porchlight spool list --dead', ['porchlight spool list --dead']],
    ['porchlight.toml   settings; the program porchlight reads them', []],
  ])('of %j are %j', (screen, hints) => expect(hintsIn(screen)).toEqual(hints));

  test.each<[Hint, string, boolean]>([
    ['porchlight claim CODE', 'porchlight claim D2M5', true],
    ['porchlight claim CODE', 'porchlight claim', false],
    ['porchlight init --domain a.example', 'porchlight init --domain a.example --yes', true],
    ['porchlight up', 'porchlight update', false],
  ])('%j is followed by %j: %j', (hint, command, is) => expect(isFollowedBy(hint, command)).toBe(is));
});

describe.skipIf(!hasTmux || !hasHistory)('a new owner', () => {
  let owner: NewOwner;
  const transcript: string[] = [];
  const commands: string[] = [];
  const hints = new Set<Hint>();
  const last = { code: '', seq: '' };

  beforeAll(async () => {
    const npm = execFileSync('which', ['npm']).toString().trim();
    owner = await NewOwner.begin(process.execPath, npm);
  });

  afterAll(async () => {
    mkdirSync(join(root, 'test', 'artefacts'), { recursive: true });
    writeFileSync(join(root, 'test', 'artefacts', 'new-owner.txt'), `${transcript.join('\n')}\n`);
    await owner?.end();
  });

  function heard(command: string, shown: string): string {
    const screen = shown.replaceAll(owner.home, '~');
    commands.push(command.replaceAll(owner.home, '~'));
    transcript.push(`$ ${command}\n${screen}`);
    last.code = /^ *([0-9A-Z]{4}(?:-[0-9A-Z]{4}){6})$/m.exec(screen)?.[1] ?? last.code;
    last.seq = /^\d{15,16}\b/m.exec(screen)?.[0] ?? last.seq;
    // What --help shows are examples.
    if (!command.endsWith('--help')) for (const hint of hintsIn(screen)) hints.add(hint);
    return screen;
  }

  /** To its end, which must be a good one. */
  async function type(command: string, window: TmuxWindow = owner.here): Promise<string> {
    const { code, screen } = await window.run(command, 120_000);
    heard(command, screen);
    expect(code, screen).toBe(0);
    return screen.replaceAll(owner.home, '~');
  }

  /** One that asks whether it is meant. */
  async function confirm(command: string): Promise<string> {
    const { here } = owner;
    const { prompts } = here;
    here.begin(command);
    await here.untilScreen(/\[y\/N\]$/);
    here.type('y');
    here.press('Enter');
    const code = await here.untilPrompt(prompts + 1);
    const screen = heard(command, here.screen().split('\n').slice(1, -1).join('\n'));
    expect(code, screen).toBe(0);
    return screen;
  }

  async function goUp(): Promise<string> {
    owner.up.begin('porchlight up');
    const screen = await owner.up.untilScreen(/^Home is awake\./m, 60_000);
    return heard('porchlight up', screen.split('\n').slice(1).join('\n'));
  }

  const same = (documented: DocumentedCommand | undefined, screen: string): void => {
    const output = documented?.output ?? null;
    // So that a difference is shown whole.
    if (output !== null) expect(isAsDocumented(output, screen) ? output : screen).toBe(output);
  };

  test('clones the repository as it is committed', async () => {
    await type(`git clone --quiet ${root} source`);
    owner.linkModules();
    await type('cd source');
    const committed = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root }).toString().trim();
    expect(await type('git rev-parse HEAD')).toBe(committed);
  });

  test('is told what a deployment would do, while nobody is logged in', async () => {
    const dry = deploying.find(({ command }) => command.endsWith('--dry-run'));
    same(dry, await type(dry?.command ?? ''));
    const { CLOUDFLARE_API_BASE_URL, CLOUDFLARE_API_TOKEN } = owner.rig.cloudflare.env;
    await type(
      `export CLOUDFLARE_API_TOKEN=${CLOUDFLARE_API_TOKEN} CLOUDFLARE_API_BASE_URL=${CLOUDFLARE_API_BASE_URL}`,
    );
  });

  /** What happens before a command of README.md, and around it. */
  const before: Readonly<Record<string, () => Promise<unknown>>> = {
    // The tarball goes home with its owner.
    'npm install -g ./porchlight-0.1.0.tgz': async () => await type('mv porchlight-0.1.0.tgz ~ && cd'),
    'porchlight up': async () => await Promise.resolve(owner.allowNeighbours()),
    'porchlight status': async () => {
      await owner.follow();
      await owner.untilPrinted('porchlight status', /^taken +1 delivery/m);
    },
    'porchlight wake': async () => {
      await owner.write();
      await owner.untilPrinted('porchlight status', /^waits /m);
    },
  };

  test.each(typed.map((one) => [one.command, one] as const))('types %s', async (_, documented) => {
    await before[documented.command]?.();
    const command = documented.command.replace(/\b[0-9A-Z]{4}(-[0-9A-Z]{4}){6}\b/, last.code);
    const screen = command === 'porchlight up' ? await goUp() : await type(command);
    same(documented, screen);
    same(
      deploying.find((one) => one.command === command),
      screen,
    );
  });

  test('presses Tab once, and the word is finished', async () => {
    const script = '~/.local/share/bash-completion/completions/porchlight';
    await type('mkdir -p ~/.local/share/bash-completion/completions');
    await type(`porchlight completion bash > ${script}`);
    // As the next shell does by itself where bash-completion is installed.
    await type(`. ${script}`);
    const { here } = owner;
    const { prompts } = here;
    here.press('C-l');
    here.type('porchlight stat');
    here.press('Tab');
    await here.untilScreen(/^\$ porchlight status$/m);
    here.type('--js');
    here.press('Tab');
    await here.untilScreen(/^\$ porchlight status --json$/m);
    here.press('Enter');
    expect(await here.untilPrompt(prompts + 1)).toBe(0);
    expect(here.screen()).toContain('"state": "awake"');
  });

  test('has home start with the machine', async () => {
    const { up } = owner;
    const { prompts } = up;
    up.press('C-c');
    expect(await up.untilPrompt(prompts + 1)).toBe(0);
    // This test may be root, who would install it for the whole machine.
    const screen = await type('porchlight up --install-service --user');
    expect(screen).toContain('Wrote ~/.config/systemd/user/porchlight.service');
    const next = hintsIn(screen);
    expect(next).toHaveLength(3);
    for (const command of next) await type(command);
    expect(owner.systemd.filter((asked) => asked !== 'systemctl --version')).toEqual(next);
    await owner.untilPrinted('porchlight status', /^home +example\.org: awake/m);
  });

  test('tries a dead letter again, and throws another one away', async () => {
    owner.addSocial();
    await type('systemctl --user restart porchlight.service');
    await owner.untilPrinted('porchlight service list', /^social +activitypub +up /m);
    await owner.writeToSocial(1);
    await owner.untilPrinted('porchlight status', /^dead letters +1;/m);
    await type('porchlight status');
    await type('porchlight spool list --dead');
    expect(await type(`porchlight spool show ${last.seq}`)).toMatch(/^state +dead /m);
    owner.socialAnswer = 202;
    expect(await type(`porchlight spool retry ${last.seq}`)).toContain('waits again, as');
    await owner.untilPrinted('porchlight spool list', /^Nothing waits at the edge\.$/m);
    owner.socialAnswer = 400;
    await owner.writeToSocial(2);
    await owner.untilPrinted('porchlight status', /^dead letters +1;/m);
    await type('porchlight spool list --dead');
    expect(await confirm(`porchlight spool discard ${last.seq}`)).toMatch(/ is gone\.$/);
    expect(await type('porchlight spool list --dead')).toBe('There are no dead letters.');
  });

  test('lets a friend in, takes a name from them, cuts them off, and lets them in again', async () => {
    await type('cd ~/source');
    await type(
      'export PORCHLIGHT_EDGE=https://example.org PORCHLIGHT_OPERATOR_KEY=deployment/porchlight.operator-key.json',
    );
    await type('porchlight edge --help');
    await type('porchlight edge code --hosts friend.example,www.friend.example');
    await type('porchlight init --domain friend.example --admin friend@friend.example --home ~/friend');
    await type(`sed -i 's|^# edge = .*|edge = "https://example.org"|' ~/friend/porchlight.toml`);
    const claimed = await type(`porchlight claim ${last.code} --home ~/friend`);
    expect(claimed).toContain('this home answers for friend.example, www.friend.example');
    expect(await confirm('porchlight edge release www.friend.example')).toContain('belongs to nobody now.');
    expect(await confirm('porchlight edge revoke friend.example')).toContain('may do nothing any more');
    expect(await type('porchlight edge homes')).toMatch(/revoked .* friend\.example$/m);
    await type('porchlight edge code --hosts friend.example');
    await type(`porchlight claim ${last.code} --home ~/friend`);
    expect(await type('porchlight edge homes')).not.toContain('revoked');
  });

  test('followed every hint that was printed', () => {
    expect(hints.size).toBeGreaterThan(12);
    const left = [...hints].filter(
      (hint) =>
        !commands.some((command) => isFollowedBy(hint, command)) &&
        !notFollowed.some(([excused]) => excused.test(hint)),
    );
    expect(left).toEqual([]);
    expect(notFollowed.filter(([excused]) => ![...hints].some((hint) => excused.test(hint)))).toEqual([]);
  });

  test('typed everything that README.md shows, but for what is excused', () => {
    expect(typed.length).toBeGreaterThan(8);
    const idle = notTyped.filter(([begin]) => !readme.some(({ command }) => command.startsWith(begin)));
    expect(idle).toEqual([]);
  });
});
