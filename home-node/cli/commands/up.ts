// `porchlight up`: runs the home node in this terminal, or under a service manager, until it is told to end.

import { PorchlightError } from '../../../shared/errors.ts';
import { type LogLevel, logLevels } from '../../log.ts';
import { runNode } from '../../run.ts';
import { claimCodeFrom } from '../claim-code.ts';
import { type Cli, type FolderOptions, folderOf } from '../cli.ts';
import { mustBeThere } from '../folder.ts';
import { parseFuture, parseWhen } from '../when.ts';

export interface UpOptions extends FolderOptions {
  readonly claim?: string;
  readonly wakeAt?: string;
  readonly replaySince?: string;
  readonly log?: string;
}

export async function up(cli: Cli, options: UpOptions): Promise<void> {
  const { clock, terminal } = cli;
  const now = clock.now();
  const logLevel = options.log === undefined ? null : levelOf(options.log);
  const wakeAt = options.wakeAt === undefined ? null : parseFuture('--wake-at', options.wakeAt, now);
  const replaySince = options.replaySince === undefined ? null : parseWhen('--replay-since', options.replaySince, now);
  const folder = mustBeThere(folderOf(cli, options));
  const claimCode = options.claim === undefined ? null : await claimCodeFrom(cli, options.claim);
  if (terminal.isInteractive) terminal.note(terminal.styleNote('dim', 'Ctrl-C: home says good night and ends.'));
  await runNode({ folder, claimCode, logLevel, wakeAt, replaySince }, { environment: cli.env });
}

function levelOf(text: string): LogLevel {
  const level = logLevels.find((one) => one === text);
  if (level !== undefined) return level;
  throw new PorchlightError('options', `Cannot use --log ${text}: wanted one of ${logLevels.join(', ')}.`);
}
