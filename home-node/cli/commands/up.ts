// `porchlight up`: runs the home node in this terminal, or under a service manager, until it is told to end.

import { PorchlightError } from '../../../shared/errors.ts';
import { type LogLevel, logLevels } from '../../log.ts';
import { runNode } from '../../run.ts';
import { claimCodeFrom } from '../claim-code.ts';
import { type Cli, type FolderOptions, folderHint, folderOf } from '../cli.ts';
import { mustBeThere } from '../folder.ts';
import { wakingBar } from '../waking-bar.ts';
import { parseFuture, parsePast } from '../when.ts';

export interface UpOptions extends FolderOptions {
  readonly claim?: string;
  readonly wakeAt?: string;
  readonly replaySince?: string;
  readonly log?: string;
  readonly replace?: boolean;
}

export async function up(cli: Cli, options: UpOptions): Promise<void> {
  const { clock, terminal } = cli;
  const now = clock.now();
  const logLevel = options.log === undefined ? null : levelOf(options.log);
  const wakeAt = options.wakeAt === undefined ? null : parseFuture('--wake-at', options.wakeAt, now);
  const replaySince = options.replaySince === undefined ? null : parsePast('--replay-since', options.replaySince, now);
  const folder = mustBeThere(folderOf(cli, options));
  const claimCode = options.claim === undefined ? null : await claimCodeFrom(cli, options.claim);
  const tell = (line: string): void => {
    if (terminal.isInteractive) terminal.note(terminal.styleNote('dim', line));
  };
  tell('Home wakes. Ctrl-C: it says good night and ends.');
  const bar = wakingBar(terminal);
  const takeOver = options.replace === true ? 'always' : 'unless-managed';
  try {
    await runNode(
      { folder, claimCode, logLevel, wakeAt, replaySince, takeOver },
      {
        environment: cli.env,
        ...(bar === null ? {} : { writeLog: bar.writeLog }),
        onEvent: (event) => {
          bar?.onEvent(event);
          if (event.event === 'awake')
            tell(`Home is awake. In another terminal: porchlight status${folderHint(options)}`);
        },
      },
    );
  } catch (thrown) {
    bar?.clear();
    throw thrown;
  }
}

function levelOf(text: string): LogLevel {
  const level = logLevels.find((one) => one === text);
  if (level !== undefined) return level;
  throw new PorchlightError('options', `Cannot use --log ${text}: wanted one of ${logLevels.join(', ')}.`);
}
