// The systemd unit that starts the home node with the machine: its text, made from facts that are handed in. Nothing is
// read or written here (service-install.ts does).
//
// Paths are whatever the owner's folders are called: each goes into the text so that systemd reads it back as it is
// (systemd.syntax(7) "Quoting", systemd.unit(5) "Specifiers", systemd.service(5) "Command lines").

import { isAbsolute } from 'node:path';
import { PorchlightError } from '../shared/errors.ts';
import { supersededExitCode } from './ended.ts';

export interface UnitFacts {
  /** `system`: starts with the machine, as `user`. `user`: of the one who installs it, within what they may do. */
  readonly mode: 'system' | 'user';
  /** Whose processes they are; only for `system`. */
  readonly user?: string;
  /** Absolute paths: Node, the program that it runs, the data folder. */
  readonly node: string;
  readonly program: string;
  readonly folder: string;
  /** Of Node, and of the program. */
  readonly nodeFlags?: readonly string[];
  readonly args: readonly string[];
  /** What home starts of its owner's: servers, and the command that tells of alerts. Nothing unless said. */
  readonly starts?: OwnPrograms;
  /** As `systemctl --version` says; 252 if unknown. */
  readonly systemdVersion?: number;
}

/** Programs of the owner's: what they need is theirs to know, and they live under the unit that home lives under. */
export interface OwnPrograms {
  readonly servers: boolean;
  readonly alertCommand: boolean;
}

/** The first systemd that waits longer after each failure; an older one complains of settings that it does not know. */
const growingWaitsSince = 254;

/** More than bedtime may take (home.ts) and stopping a service that does not want to (services/process.ts), s. */
export const stopSeconds = 60;

/** Throws `service-unit` for what cannot stand in a unit: a relative path, a control character, an odd user name. */
export function unitText(facts: UnitFacts): string {
  const { mode, user, folder, args, nodeFlags = [], systemdVersion = 252 } = facts;
  const { starts = { servers: false, alertCommand: false } } = facts;
  const command = [programWord(facts.node), ...[...nodeFlags, absolute(facts.program), ...args].map(argumentWord)];
  const sections = [
    [
      '[Unit]',
      'Description=Porchlight home node',
      'Wants=network-online.target',
      'After=network-online.target',
      // A data folder on a disk of its own is there before.
      `RequiresMountsFor=${pathWord(folder)}`,
      // It tries for ever: nobody stands beside a home that lost its line for a night.
      'StartLimitIntervalSec=0',
    ],
    [
      '[Service]',
      'Type=exec',
      ...(mode === 'system' ? [`User=${userName(user)}`] : []),
      `ExecStart=${command.join(' ')}`,
      'Restart=on-failure',
      // Two machines with one key would take over from each other without end.
      `RestartPreventExitStatus=${supersededExitCode}`,
      ...restartWaits(systemdVersion),
      // SIGTERM is for the home node alone, which then brings its services and itself to bed.
      'KillMode=mixed',
      `TimeoutStopSec=${stopSeconds}`,
      'UMask=0077',
      ...hardening(mode, folder, starts),
    ],
    ['[Install]', `WantedBy=${mode === 'system' ? 'multi-user.target' : 'default.target'}`],
  ];
  return sections.map((lines) => `${lines.join('\n')}\n`).join('\n');
}

/** A home that fails at once (a faulty setting) must not live on the battery. */
function restartWaits(systemdVersion: number): readonly string[] {
  if (systemdVersion < growingWaitsSince) return ['RestartSec=30'];
  return ['RestartSec=5', 'RestartSteps=6', 'RestartMaxDelaySec=300'];
}

/**
 * What it never needs. Not here: MemoryDenyWriteExecute, which Node's compiler cannot live with; and for a user's own
 * unit nothing that needs a file system view of its own, which an unprivileged systemd cannot make everywhere.
 */
function hardening(mode: UnitFacts['mode'], folder: string, starts: OwnPrograms): readonly string[] {
  return [
    ...(starts.alertCommand ? [] : noNewRights),
    // A server may make sandboxes of its own (a browser that draws previews).
    ...(starts.alertCommand || starts.servers ? [] : ['RestrictNamespaces=yes']),
    ...(mode === 'user' ? [] : machineView(folder, starts)),
  ];
}

/**
 * No program under home gains rights, and none of the kernel that home does not use is within reach. For a process that
 * is not root systemd makes each of these imply the first (systemd.exec(5), "NoNewPrivileges="), and that makes a mailer
 * fail which hands mail in by the group of its queue (sendmail of Postfix and Exim): with a command of the owner's for
 * alerts none of them can be there.
 */
const noNewRights = [
  'NoNewPrivileges=yes',
  'LockPersonality=yes',
  'RestrictRealtime=yes',
  'RestrictSUIDSGID=yes',
  'SystemCallArchitectures=native',
  // Netlink is how Node learns of the machine's addresses.
  'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
];

/** Of the machine's own unit. What the owner's programs write, and where, is not known here; what nobody should, is. */
function machineView(folder: string, { servers, alertCommand }: OwnPrograms): readonly string[] {
  const own = servers || alertCommand;
  return [
    // full: /usr, /boot and /etc cannot be written. strict: nothing can but what is named.
    ...(own ? ['ProtectSystem=full'] : ['ProtectSystem=strict', 'ProtectHome=read-only']),
    `ReadWritePaths=${pathWord(folder)}`,
    // A server may meet its database in /tmp, or a chip for video in /dev.
    ...(own ? [] : ['PrivateTmp=yes', 'PrivateDevices=yes']),
    'ProtectControlGroups=yes',
    // These imply NoNewPrivileges too; an empty set would leave a mailer that is root for a moment without its rights.
    ...(alertCommand
      ? []
      : [
          'CapabilityBoundingSet=',
          'ProtectClock=yes',
          'ProtectHostname=yes',
          'ProtectKernelLogs=yes',
          'ProtectKernelModules=yes',
          'ProtectKernelTunables=yes',
        ]),
  ];
}

/** systemd takes the first word of a command as it is, without replacing `$`, but will not have any of these in it. */
function programWord(path: string): string {
  if (!/["'\\]/.test(path)) return quoted(absolute(path));
  throw cannot(
    `found the program ${path}, and systemd runs none with a quote or backslash; move or link it elsewhere.`,
  );
}

const argumentWord = (text: string): string => quoted(plain(text).replaceAll('$', '$$$$'));
const pathWord = (path: string): string => quoted(absolute(path));

const quoted = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"`;

function absolute(path: string): string {
  if (!isAbsolute(path)) throw cannot(`found the path ${JSON.stringify(path)}; name it from the root of the disk.`);
  return plain(path);
}

function plain(text: string): string {
  if (!/\p{Cc}/u.test(text)) return text;
  throw cannot(`found a control character in ${JSON.stringify(text)}; rename what is called so.`);
}

function userName(user: string | undefined): string {
  if (user !== undefined && /^[a-z_][\w-]{0,31}$/i.test(user)) return user;
  throw cannot(`found ${user === undefined ? 'no user' : `the user ${JSON.stringify(user)}`}; name who runs it.`);
}

function cannot(rest: string): PorchlightError {
  return new PorchlightError('service-unit', `Cannot write the systemd unit: ${rest}`);
}
