// The commands that have commands of their own: service, spool, hook, config, key, edge.

import { type Command, Option } from 'commander';
import type { Cli } from './cli.ts';
import type { CodeOptions, EdgeOptions, SureOptions as SureEdgeOptions } from './commands/edge.ts';
import type { AsOptions, WriteOptions } from './commands/hook.ts';
import type { StopOptions } from './commands/service.ts';
import type { ListOptions, ReplayOptions, SureOptions } from './commands/spool.ts';
import { examplesText, folderOption, jsonOption } from './options.ts';
import { sinceWanted, whenWanted } from './when.ts';

interface Common {
  readonly home?: string;
  readonly json?: boolean;
}

type Add = (name: string, about: string, examples: readonly string[]) => Command;

/** Adds a command to a group, with the options of every command about a data folder. */
function adder(group: Command): Add {
  return (name, about, examples) =>
    group
      .command(name)
      .description(about)
      .addOption(folderOption())
      .addOption(jsonOption())
      .addHelpText('after', examplesText(examples));
}

export function addService(program: Command, cli: Cli): void {
  const group = program
    .command('service')
    .description('what home runs: list, stop, start')
    .addHelpText('after', examplesText(['porchlight service list', 'porchlight service stop blog --until 18:00']));
  const add = adder(group);
  const commands = async () => await import('./commands/service.ts');
  add('list', 'how each service is', [
    'porchlight service list',
    'porchlight service list --json | jq -r \'.[] | select(.state != "up").name\'',
  ]).action(async (options: Common) => await (await commands()).list(cli, options));
  add('stop <name>', 'put one to rest; the edge answers for it and keeps what comes', [
    'porchlight service stop blog',
    'porchlight service stop blog --until 18:00   # strangers are told',
  ])
    .option('--until <time>', `when it is back, for strangers: ${whenWanted}`)
    .action(async (name: string, options: StopOptions) => await (await commands()).stop(cli, name, options));
  add('start <name>', 'bring a stopped one back', ['porchlight service start blog']).action(
    async (name: string, options: Common) => await (await commands()).start(cli, name, options),
  );
}

export function addSpool(program: Command, cli: Cli): void {
  const group = program
    .command('spool')
    .description('what waits at the edge, and what no service took')
    .addHelpText(
      'after',
      examplesText(['porchlight spool list', 'porchlight spool list --dead', 'porchlight spool retry 1042']),
    );
  const add = adder(group);
  const commands = async () => await import('./commands/spool.ts');
  add('list', 'what waits, in its order', [
    'porchlight spool list',
    'porchlight spool list --dead',
    'porchlight spool list --all --json',
  ])
    .option('--dead', 'dead letters instead: what no service took')
    .option('--all', 'all pages')
    .action(async (options: ListOptions) => await (await commands()).list(cli, options));
  add('show <delivery>', 'everything about one but its body; by seq or id', [
    'porchlight spool show 1042',
    'porchlight spool show 01M85BBJX2PK96S8C9MRH4K5Y3',
  ]).action(async (name: string, options: Common) => await (await commands()).show(cli, name, options));
  add('retry <delivery>', 'try one now; a dead letter too, behind its sender', ['porchlight spool retry 1042']).action(
    async (name: string, options: Common) => await (await commands()).retry(cli, name, options),
  );
  add('discard <delivery>', 'throw one away for good', [
    'porchlight spool discard 1042 --dry-run',
    'porchlight spool discard 1042   # asks first',
  ])
    .option('--yes', 'do not ask')
    .option('--dry-run', 'say what would be thrown away')
    .action(async (name: string, options: SureOptions) => await (await commands()).discard(cli, name, options));
  add('replay [delivery]', 'deliver what a service took once more', [
    'porchlight spool replay 1042',
    'porchlight spool replay --since 2026-11-20T18:00   # after a service lost its data',
  ])
    .option('--since <time>', `all that arrived since then: ${sinceWanted}`)
    .action(
      async (name: string | undefined, options: ReplayOptions) => await (await commands()).replay(cli, name, options),
    );
}

export function addConfig(program: Command, cli: Cli): void {
  const commands = async () => await import('./commands/config.ts');
  const group = program
    .command('config')
    .description('every setting explained; checks and shows yours')
    .addHelpText(
      'after',
      examplesText([
        'porchlight config | less',
        "porchlight config --json | jq -r '.[].path'",
        'porchlight config check',
        'porchlight config show',
      ]),
    )
    .enablePositionalOptions()
    .addOption(jsonOption())
    .action(async (options: Common) => (await commands()).manual(cli, options));
  const add = adder(group);
  add('check [file]', 'find every fault of porchlight.toml at once', [
    'porchlight config check',
    'porchlight config check draft.toml --json',
  ]).action(async (file: string | undefined, options: Common) => (await commands()).check(cli, file, options));
  add('show', 'what holds, defaults and all', [
    'porchlight config show',
    'porchlight config show --json | jq .services',
  ]).action(async (options: Common) => (await commands()).show(cli, options));
}

export function addKey(program: Command, cli: Cli): void {
  const group = program
    .command('key')
    .description("home's key: show it, replace it, keep a copy")
    .addHelpText('after', examplesText(['porchlight key show', 'porchlight key rotate']));
  const add = adder(group);
  const commands = async () => await import('./commands/key.ts');
  add('show', 'which key home has', ['porchlight key show', 'porchlight key show --json | jq -r .thumbprint']).action(
    async (options: Common) => await (await commands()).show(cli, options),
  );
  add('rotate', 'a new key by the old one; home must be awake', ['porchlight key rotate']).action(
    async (options: Common) => await (await commands()).rotate(cli, options),
  );
  add('backup <file>', 'the key alone as a file (not: porchlight backup)', [
    'porchlight key backup /media/stick/home-key.json',
  ]).action(async (file: string, options: Common) => await (await commands()).backup(cli, file, options));
  add('restore <file>', 'put a key back; the one that is there is kept beside it', [
    'porchlight key restore /media/stick/home-key.json   # while no home node runs',
  ]).action(async (file: string, options: Common) => await (await commands()).restore(cli, file, options));
}

export function addHook(program: Command, cli: Cli): void {
  const group = program
    .command('hook')
    .description('what a server needs to take what came while home slept')
    .addHelpText(
      'after',
      `\nMastodon, PeerTube, Misskey and Fedify refuse requests that were signed some time ago. A hook is a small file
for the server: with home's word for when a request arrived, it judges by that time instead of now, and changes
nothing else. Home gives its word only for what came while it, or the server, was away.\n${examplesText([
        'porchlight hook list',
        'porchlight hook show social',
        'porchlight hook write social --to /etc/porchlight-hook',
      ])}`,
    );
  const add = adder(group);
  const commands = async () => await import('./commands/hook.ts');
  const as = (): Option => new Option('--as <software>', 'which software it is, if its kind does not say');
  add('list', 'which service needs one', [
    'porchlight hook list',
    "porchlight hook list --json | jq -r '.[] | select(.hook).service'",
  ]).action(async (options: Common) => (await commands()).list(cli, options));
  add('show <service>', 'what its hook does, and where it goes', [
    'porchlight hook show social',
    'porchlight hook show app --as fedify',
  ])
    .addOption(as())
    .action(async (name: string, options: AsOptions) => (await commands()).show(cli, name, options));
  add('write <service>', 'write its hook and its secret, for you to put in', [
    'porchlight hook write social --to /etc/porchlight-hook',
    'porchlight hook write social --dry-run',
  ])
    .addOption(as())
    .option('--to <dir>', 'where to (hooks/SERVICE in the data folder)')
    .option('--dry-run', 'say what would be written and write nothing')
    .action(async (name: string, options: WriteOptions) => (await commands()).write(cli, name, options));
}

export function addEdge(program: Command, cli: Cli): void {
  const group = program
    .command('edge')
    .description('for whoever runs an edge: claim codes and homes')
    .addHelpText(
      'after',
      examplesText(['porchlight edge code --hosts example.org,www.example.org', 'porchlight edge homes']),
    );
  const commands = async () => await import('./commands/edge.ts');
  const add: Add = (name, about, examples) =>
    group
      .command(name)
      .description(about)
      .addOption(new Option('--edge <origin>', 'any address of the edge ($PORCHLIGHT_EDGE)'))
      .addOption(new Option('--key <file>', "the operator's key ($PORCHLIGHT_OPERATOR_KEY)"))
      .addOption(jsonOption())
      .addHelpText('after', examplesText(examples));
  add('code', 'a one-time code that lets one home answer for these names', [
    'porchlight edge code --hosts example.org,www.example.org',
    'porchlight edge code --hosts example.org --edge https://example.org --key operator-key.json',
  ])
    .requiredOption('--hosts <names>', 'host names, with commas between')
    .action(async (options: CodeOptions) => await (await commands()).code(cli, options));
  add('codes', 'codes that nobody used yet', ['porchlight edge codes']).action(
    async (options: EdgeOptions) => await (await commands()).codes(cli, options),
  );
  add('drop <code>', 'make a code useless: itself, or how its hash begins', [
    'porchlight edge drop vQ0v1s_2   # as porchlight edge codes shows it',
  ]).action(async (name: string, options: EdgeOptions) => await (await commands()).drop(cli, name, options));
  add('homes', 'which homes there are', [
    'porchlight edge homes',
    "porchlight edge homes --json | jq -r '.[].hosts[]'",
  ]).action(async (options: EdgeOptions) => await (await commands()).homes(cli, options));
  add('revoke <home>', 'cut a home off at once, by its id or one of its names', [
    'porchlight edge revoke friend.example',
  ])
    .option('--yes', 'do not ask')
    .action(async (name: string, options: SureEdgeOptions) => await (await commands()).revoke(cli, name, options));
  add('release <host>', 'take a name from its home', ['porchlight edge release www.friend.example'])
    .option('--yes', 'do not ask')
    .action(async (host: string, options: SureEdgeOptions) => await (await commands()).release(cli, host, options));
}
