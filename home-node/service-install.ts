// Puts the systemd unit in its place, and says what to do next; the owner gives those commands, nobody else. What
// somebody else wrote there, or changed, is not overwritten without saying so.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PorchlightError } from '../shared/errors.ts';
import { writeDurably } from './durable-file.ts';
import type { UnitFacts } from './service-unit.ts';

export interface UnitPlace {
  readonly mode: UnitFacts['mode'];
  /** Of the one who installs a user's unit: home folder, and $XDG_CONFIG_HOME if it is set. */
  readonly home: string;
  readonly configHome?: string | undefined;
  /** In place of /, for tests. */
  readonly root?: string;
}

export const unitName = 'porchlight.service';

/** Absolute path of the unit's file (systemd.unit(5), "Unit File Load Path"). */
export function unitPath({ mode, home, configHome, root = '/' }: UnitPlace): string {
  if (mode === 'system') return join(root, 'etc', 'systemd', 'system', unitName);
  const config = configHome === undefined || configHome === '' ? join(home, '.config') : configHome;
  return join(config, 'systemd', 'user', unitName);
}

/** What the file holds: the text, below a line by which a later run sees whether anybody changed it. */
export function signedUnit(text: string): string {
  return `# Written by porchlight up --install-service; change it by \`systemctl edit\`, not here (${sumOf(text)})\n${text}`;
}

const signature = /^# Written by porchlight up --install-service; .*\(([0-9a-f]{64})\)\n/;
const sumOf = (text: string): string => createHash('sha256').update(text).digest('hex');

export type Standing = 'absent' | 'same' | 'ours' | 'foreign';

/** What lies there now: `ours` is another text that an earlier run wrote and nobody changed since. */
export function unitStanding(path: string, text: string): Standing {
  let found: string;
  try {
    found = readFileSync(path, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return 'absent';
    throw new PorchlightError('service-install', `Cannot read ${path}: ${String(thrown)}; see whose it is.`);
  }
  if (found === signedUnit(text)) return 'same';
  const [line = '', sum] = signature.exec(found) ?? [];
  return sum !== undefined && sum === sumOf(found.slice(line.length)) ? 'ours' : 'foreign';
}

/**
 * Writes the unit unless it is there already; returns what lay there before. Throws `service-unit-foreign` when that is
 * somebody else's and `replace` is not set, `service-install` when the file cannot be read or written.
 */
export function installUnit(path: string, text: string, replace: boolean): Standing {
  const standing = unitStanding(path, text);
  if (standing === 'same') return standing;
  if (standing === 'foreign' && !replace) {
    throw new PorchlightError(
      'service-unit-foreign',
      `Cannot install the service: ${path} is not as Porchlight wrote it; move it away, or add --force to overwrite it.`,
    );
  }
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeDurably(path, signedUnit(text), 0o644);
  } catch (thrown) {
    throw new PorchlightError(
      'service-install',
      `Cannot install the service: ${path} cannot be written (${String(thrown)}); run it as root, or as --user.`,
    );
  }
  return standing;
}

/** What the owner types next, in this order. */
export function nextCommands({ mode, user }: { mode: UnitFacts['mode']; user: string }): readonly string[] {
  if (mode === 'system') return ['systemctl daemon-reload', `systemctl enable --now ${unitName}`];
  return [
    'systemctl --user daemon-reload',
    `systemctl --user enable --now ${unitName}`,
    // Otherwise a user's services end when the last session of that user does, and do not start with the machine.
    `loginctl enable-linger ${user}`,
  ];
}
