// Every command: its name, what it is for, options and examples. What a command does is in a file of its own, which is
// loaded only when it is called, so that help and completion come at once.

import { Command, CommanderError, Option } from 'commander';
import { PorchlightError } from '../../shared/errors.ts';
import { logLevels } from '../log.ts';
import { programVersion } from '../version.ts';
import type { Cli } from './cli.ts';
import type { SleepOptions } from './commands/sleep.ts';
import type { UpOptions } from './commands/up.ts';
import { type CommandNode, completionFor, shells } from './completion.ts';
import { exitCodeTable } from './exit-codes.ts';
import { whenWanted } from './when.ts';

const folderOption = (): Option => new Option('--home <dir>', 'data folder ($PORCHLIGHT_HOME, else ~/porchlight)');
const jsonOption = (): Option => new Option('--json', 'print the result as JSON');

export function createProgram(cli: Cli): Command {
  const program = new Command('porchlight')
    .description('Keeps your domain answering while your home server sleeps.')
    .version(programVersion, '--version', 'print the version')
    .helpCommand('help [command]', 'explain a command')
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => cli.terminal.say(text.trimEnd()),
      writeErr: (text) => cli.terminal.note(text.trimEnd()),
    })
    .exitOverride()
    .addHelpText('after', after(['porchlight init', 'porchlight status', 'porchlight sleep --until 7:30']))
    .addHelpText('after', `\nExit codes:\n${exitCodeTable.map(([code, says]) => `  ${code}  ${says}`).join('\n')}`);

  const add = (name: string, about: string, examples: readonly string[]): Command =>
    program.command(name).description(about).addHelpText('after', after(examples));

  add('claim <code>', 'make this home known to its edge, by a one-time code of its operator', [
    'porchlight claim 7QK2-M0XA-93ZN-TTB4-0V5R-8KCE-HW1D',
  ])
    .addOption(folderOption())
    .addOption(jsonOption())
    .action(async (code: string, options: { home?: string; json?: boolean }) => {
      await (await import('./commands/claim.ts')).claim(cli, code, options);
    });

  add('up', 'run the home node here, until Ctrl-C', [
    'porchlight up',
    'porchlight up --replay-since 2026-11-20T18:00   # after restoring a backup',
  ])
    .addOption(folderOption())
    .option('--claim <code>', 'claim first, unless this code was used already')
    .option('--wake-at <time>', `when home is back after it is ended: ${whenWanted}`)
    .option('--replay-since <time>', 'have what arrived since then and is still kept delivered again')
    .addOption(new Option('--log <level>', 'how much to say').choices(logLevels).default('info'))
    .action(async (options: UpOptions) => {
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

  add('status', 'how home is, what it runs, and what waits at the edge', [
    'porchlight status',
    'porchlight status --json | jq .home.spool.waiting',
  ])
    .addOption(folderOption())
    .addOption(jsonOption())
    .action(async (options: { home?: string; json?: boolean }) => {
      await (await import('./commands/status.ts')).status(cli, options);
    });

  add('doctor', 'look for what is wrong, from this machine to the edge, and say what mends it', [
    'porchlight doctor',
    'porchlight doctor --json | jq \'.[] | select(.verdict == "fault")\'',
  ])
    .addOption(folderOption())
    .addOption(jsonOption())
    .action(async (options: { home?: string; json?: boolean }) => {
      await (await import('./commands/doctor.ts')).doctor(cli, options);
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
    // Help and version come here as well; commander has written everything already.
    if (thrown.exitCode !== 0) throw new PorchlightError('options', '');
  }
}

function after(examples: readonly string[]): string {
  return `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`;
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
