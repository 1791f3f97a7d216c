// `porchlight up --install-service`: the home node starts with the machine, by systemd. It writes one file and says what
// to run next; it runs nothing itself, because that may need another user's rights.

import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { PorchlightError } from '../../../shared/errors.ts';
import { type HomeConfig, readConfig } from '../../config.ts';
import { programFiles } from '../../program-files.ts';
import { installUnit, nextCommands, signedUnit, unitPath } from '../../service-install.ts';
import { type OwnPrograms, unitText } from '../../service-unit.ts';
import { type Cli, type FolderOptions, folderOf, pathText } from '../cli.ts';
import { mustBeThere } from '../folder.ts';

export interface InstallServiceOptions extends FolderOptions {
  readonly user?: boolean;
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

export function installService(cli: Cli, options: InstallServiceOptions): void {
  const { terminal, env, homeDirectory } = cli;
  const folder = mustBeThere(folderOf(cli, options));
  const { username, uid } = userInfo();
  // Root installs for the machine, anybody else for themselves.
  const mode = uid === 0 && options.user !== true ? 'system' : 'user';
  const user = mode === 'system' ? ownerOf(folder) : username;
  const starts = ownProgramsOf(readConfig(folder));
  const text = unitText({
    mode,
    starts,
    user,
    node: process.execPath,
    program: programFiles.command,
    folder,
    args: ['up', '--home', folder],
    ...systemdVersion(),
  });
  const path = unitPath({ mode, home: homeDirectory, configHome: env.XDG_CONFIG_HOME });
  if (options.dryRun === true) {
    terminal.note(terminal.styleNote('dim', `Would write ${pathText(cli, path)}:`));
    terminal.say(signedUnit(text).trimEnd());
    return;
  }
  const before = installUnit(path, text, options.force === true);
  const shown = pathText(cli, path);
  terminal.say(before === 'same' ? `${shown} is there already.` : `Wrote ${shown}; home runs as ${user}.`);
  for (const line of widerBecause(starts)) terminal.say(terminal.style('dim', line));
  terminal.say('Next:');
  for (const command of nextCommands({ mode, user })) terminal.say(`  ${command}`);
}

/** Whose the data folder is: nobody else can read home's key. */
function ownerOf(folder: string): string {
  const { uid } = statSync(folder);
  try {
    return execFileSync('id', ['-un', String(uid)])
      .toString()
      .trim();
  } catch {
    throw new PorchlightError(
      'service-unit',
      `Cannot write the systemd unit: ${folder} belongs to user ${uid}, who has no name here; give it to somebody by chown.`,
    );
  }
}

function systemdVersion(): { readonly systemdVersion?: number } {
  try {
    const said = execFileSync('systemctl', ['--version'], { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
    const version = Number(/^systemd (\d+)/.exec(said)?.[1]);
    return Number.isInteger(version) ? { systemdVersion: version } : {};
  } catch {
    // It may be installed later; the oldest that is supported understands the unit then.
    return {};
  }
}

function ownProgramsOf({ services, alerts }: HomeConfig): OwnPrograms {
  const servers = services.some(({ kind, driver }) => kind !== 'embedded' && driver === 'process');
  return { servers, alertCommand: alerts.command !== null };
}

/** The unit depends on settings: whoever changes these installs it again. */
function widerBecause({ servers, alertCommand }: OwnPrograms): readonly string[] {
  if (!servers && !alertCommand) return [];
  const which = [...(servers ? ['a server of yours'] : []), ...(alertCommand ? ['your alert command'] : [])].join(
    ' and ',
  );
  return [`It allows more than home alone needs, because home starts ${which} (docs/running.md, "With the machine").`];
}
