// Every command: its name, what it is for, options and examples. What a command does is in a file of its own, which is
// loaded only when it is called, so that help and completion come at once.

import { Command, CommanderError, Option } from 'commander';
import { PorchlightError } from '../../shared/errors.ts';
import { logLevels } from '../log.ts';
import { programVersion } from '../program-files.ts';
import type { Cli } from './cli.ts';
import type { RestoreOptions } from './commands/backup.ts';
import type { InitOptions } from './commands/init.ts';
import type { InstallServiceOptions } from './commands/install-service.ts';
import type { SleepOptions } from './commands/sleep.ts';
import type { UpOptions } from './commands/up.ts';
import { type CommandNode, completionFor, shells } from './completion.ts';
import { exitCodesText, exitCodeTable } from './exit-codes.ts';
import { examplesText, folderOption, jsonOption } from './options.ts';
import { addConfig, addEdge, addHook, addKey, addService, addSpool } from './program-groups.ts';
import { whenWanted } from './when.ts';

/** Name and arguments. That there are options is so of every command, and would leave half of the line for the rest. */
function subcommandTerm(command: Command): string {
  return [
    command.name(),
    ...command.registeredArguments.map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}]`)),
  ].join(' ');
}

export function createProgram(cli: Cli): Command {
  const program = new Command('porchlight')
    .description('Keeps your domain answering while your home server sleeps.')
    .version(programVersion(), '--version', 'print the version')
    .helpCommand('help [command]', 'explain a command')
    .helpOption('-h, --help', 'explain this command')
    .showSuggestionAfterError()
    .configureHelp({ subcommandTerm })
    .configureOutput({
      writeOut: (text) => cli.terminal.say(text.trimEnd()),
      writeErr: (text) => cli.terminal.note(text.trimEnd()),
      // Said where all errors are.
      outputError: () => undefined,
    })
    .exitOverride()
    // A group's options are not those of its commands: config --json, config check --json.
    .enablePositionalOptions()
    .addHelpText('after', examplesText(['porchlight init', 'porchlight status', 'porchlight sleep --until 7:30']))
    .addHelpText('after', `\n${exitCodesText(exitCodeTable)}`);

  const add = (name: string, about: string, examples: readonly string[]): Command =>
    program.command(name).description(about).addHelpText('after', examplesText(examples));

  add('init', 'make a data folder: settings and a key for your domain', [
    'porchlight init',
    'porchlight init --domain example.org --admin you@example.org --yes',
  ])
    .addOption(folderOption())
    .option('--domain <name>', 'your domain')
    .option('--admin <address>', 'who runs it: an e-mail address or URL')
    .option('--yes', 'ask nothing')
    .addOption(jsonOption())
    .action(async (options: InitOptions) => {
      await (await import('./commands/init.ts')).init(cli, options);
    });

  add('claim [code]', 'make this home known to its edge, by a one-time code', [
    'porchlight claim            # asks for the code',
    'porchlight claim - < FILE   # reads it from standard input',
    'porchlight claim 7QK2-M0XA-93ZN-TTB4-0V5R-8KCE-HW1D',
  ])
    .addOption(folderOption())
    .addOption(jsonOption())
    .action(async (code: string | undefined, options: { home?: string; json?: boolean }) => {
      await (await import('./commands/claim.ts')).claim(cli, code, options);
    });

  add('up', 'run the home node here, until Ctrl-C', [
    'porchlight up',
    'porchlight up --install-service --dry-run',
    'porchlight up --replay-since 2026-11-20T18:00   # after restoring a backup',
  ])
    .addOption(folderOption())
    .option('--claim <code>', 'claim first, unless this code was used already; - reads it from standard input')
    .option('--wake-at <time>', `when home is back after it is ended: ${whenWanted}`)
    .option('--replay-since <time>', 'have what arrived since then and is still kept delivered again')
    .addOption(new Option('--log <level>', 'how much to say (as porchlight.toml says)').choices(logLevels))
    .option('--replace', 'take over also from a home node that systemd runs; from any other, up always does')
    .option('--install-service', 'write a systemd unit that does this at every start of the machine, and end')
    .option('--user', 'with --install-service: for this user alone, also as root')
    .option('--dry-run', 'with --install-service: print the unit and write nothing')
    .option('--force', 'with --install-service: over a unit that somebody changed')
    .action(async (options: UpOptions & InstallServiceOptions & { readonly installService?: boolean }) => {
      if (options.installService === true) {
        (await import('./commands/install-service.ts')).installService(cli, options);
        return;
      }
      await (await import('./commands/up.ts')).up(cli, options);
    });

  add('sleep', 'home says good night; the edge answers for it', [
    'porchlight sleep',
    'porchlight sleep --until 7:30   # strangers are told, and home wakes by itself',
    'porchlight sleep --until 8h',
  ])
    .addOption(folderOption())
    .option('--until <time>', `when home is back: ${whenWanted}`)
    .addOption(jsonOption())
    .action(async (options: SleepOptions) => {
      await (await import('./commands/sleep.ts')).sleep(cli, options);
    });

  add('wake', 'a home that sleeps comes up and fetches what waits', ['porchlight wake'])
    .addOption(folderOption())
    .addOption(jsonOption())
    .action(async (options: { home?: string; json?: boolean }) => {
      await (await import('./commands/wake.ts')).wake(cli, options);
    });

  add('status', 'how home is, what it runs, what waits at the edge', [
    'porchlight status',
    'porchlight status --json | jq .home.spool.waiting',
  ])
    .addOption(folderOption())
    .addOption(jsonOption())
    .action(async (options: { home?: string; json?: boolean }) => {
      await (await import('./commands/status.ts')).status(cli, options);
    });

  add('doctor', 'find what is wrong, and say what mends it', [
    'porchlight doctor',
    'porchlight doctor --json | jq \'.[] | select(.verdict == "fault")\'',
  ])
    .addOption(folderOption())
    .addOption(jsonOption())
    .action(async (options: { home?: string; json?: boolean }) => {
      await (await import('./commands/doctor.ts')).doctor(cli, options);
    });

  addService(program, cli);
  addSpool(program, cli);
  addHook(program, cli);
  addConfig(program, cli);
  addKey(program, cli);
  addEdge(program, cli);

  add('backup <file>', 'write the whole data folder into one file', [
    'porchlight backup /media/stick/porchlight-2026-11-23.sqlar',
    'sqlite3 -A -t porchlight-2026-11-23.sqlar   # it is an SQLite archive',
  ])
    .addOption(folderOption())
    .addOption(jsonOption())
    .action(async (file: string, options: { home?: string; json?: boolean }) => {
      await (await import('./commands/backup.ts')).backup(cli, file, options);
    });

  add('restore <file>', 'bring a backup back, on this machine or a new one', [
    'porchlight restore --dry-run porchlight-2026-11-23.sqlar',
    'porchlight restore porchlight-2026-11-23.sqlar --home ~/porchlight',
  ])
    .addOption(folderOption())
    .option('--dry-run', 'say what is in it and write nothing')
    .addOption(jsonOption())
    .action(async (file: string, options: RestoreOptions) => {
      await (await import('./commands/backup.ts')).restore(cli, file, options);
    });

  add('completion <shell>', `print a completion script: ${shells.join(', ')}`, [
    'porchlight completion bash > ~/.local/share/bash-completion/completions/porchlight',
    'porchlight completion zsh > ~/.zfunc/_porchlight',
    'porchlight completion fish > ~/.config/fish/completions/porchlight.fish',
  ]).action((shell: string) => cli.terminal.say(completionFor(shell, nodeOf(program)).trimEnd()));

  return program;
}

/** Parses and runs. Rejects with what the command threw; with `options` when the command line is not right. */
export async function runProgram(cli: Cli, args: readonly string[]): Promise<void> {
  const program = createProgram(cli);
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    // Help and version come here as well, written already.
    if (thrown.exitCode === 0) return;
    throw new PorchlightError('options', `Cannot do that: ${faultOf(thrown)}\nSee: porchlight help`);
  }
}

function faultOf({ code, message }: CommanderError): string {
  // Its help is written already.
  if (code === 'commander.help') return 'no command is named, or none of this name is known.';
  // What was typed may be a claim code.
  if (code === 'commander.excessArguments') return message.replace(/^error: | but got [\s\S]*$/g, '');
  return message.replace(/^error: /, '');
}

function nodeOf(command: Command): CommandNode {
  return {
    name: command.name(),
    about: command.description(),
    options: command.options
      .filter((option) => option.long !== undefined && option.long !== null)
      .map((option) => ({ flag: String(option.long), about: option.description })),
    commands: command.commands.map(nodeOf),
  };
}
