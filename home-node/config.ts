// What the owner decided: command line and `porchlight.toml` in the data folder (shared/config/ says what may be in it).
// The only file of the home node, besides the embedded server's own options, that reads the command line or the
// environment.

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { faultText } from '../shared/config/faults.ts';
import type { HomeConfig } from '../shared/config/home-config.ts';
import { parseHomeConfig } from '../shared/config/parse.ts';
import { causeOf, PorchlightError } from '../shared/errors.ts';
import type { TakeOver } from './handover.ts';
import { type LogLevel, logLevels } from './log.ts';

export type {
  ActivityPubServiceConfig,
  EmbeddedServiceConfig,
  HomeConfig,
  ServiceConfig,
} from '../shared/config/home-config.ts';

export interface HomeOptions {
  /** Absolute path of the data folder. */
  readonly folder: string;
  /** One-time code for a claim before the start; null if none was given. */
  readonly claimCode: string | null;
  /** null: as porchlight.toml says. */
  readonly logLevel: LogLevel | null;
  /** When home will be back after its next sleep, ms since the epoch; null if nobody said. */
  readonly wakeAt: number | null;
  /** Ask the edge again for what it keeps of deliveries that arrived from then on, ms since the epoch; null: do not. */
  readonly replaySince: number | null;
  /** What to do when a home node runs on the folder already; `never` unless said. */
  readonly takeOver?: TakeOver;
}

export const usage = `node home-node/main.ts --home DIR [--claim CODE] [--wake-at TIME] [--replay-since TIME] [--log LEVEL]

  --home DIR           data folder with porchlight.toml, home's key and the ledger
  --claim CODE         register home's key at the edge first, by a one-time code of its operator
  --wake-at TIME       when home is back after its next sleep, as 2026-11-21T07:30:00+01:00; strangers are told
  --replay-since TIME  after restoring a backup: deliver again what arrived since and is still kept at the edge
  --log LEVEL          ${logLevels.join(', ')} (as porchlight.toml says)
`;

/** Throws `options` with what is wrong and the usage. */
export function readOptions(args: readonly string[] = process.argv.slice(2)): HomeOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        home: { type: 'string' },
        claim: { type: 'string' },
        log: { type: 'string' },
        'wake-at': { type: 'string' },
        'replay-since': { type: 'string' },
      },
    });
    const logLevel = logLevels.find((level) => level === values.log) ?? null;
    const wakeAt = timeOf('--wake-at', values['wake-at']);
    const replaySince = timeOf('--replay-since', values['replay-since']);
    if (values.home === undefined) throw new Error('--home is missing');
    if (logLevel === null && values.log !== undefined) {
      throw new Error(`--log is ${values.log}, wanted one of ${logLevels.join(', ')}`);
    }
    return { folder: resolve(values.home), claimCode: values.claim ?? null, logLevel, wakeAt, replaySince };
  } catch (thrown) {
    throw new PorchlightError('options', `Cannot start home: ${causeOf(thrown)}; start it as\n\n${usage}`);
  }
}

function timeOf(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new Error(`${name} is ${text}, wanted a time as 2026-11-21T07:30:00+01:00`);
  return time;
}

export const configFileName = 'porchlight.toml';

/** Throws `config` when there is no file, or with all faults of the file together. */
export function readConfig(folder: string): HomeConfig {
  const path = join(folder, configFileName);
  if (!existsSync(path)) {
    throw new PorchlightError(
      'config',
      `Cannot start home: there is no ${path}; begin with porchlight init, or name another folder by --home.`,
    );
  }
  return parseConfig(readFileSync(path, 'utf8'), path);
}

/** Throws `config` with all faults. */
export function parseConfig(text: string, path: string): HomeConfig {
  const reading = parseHomeConfig(text);
  if ('config' in reading) return reading.config;
  const faults = reading.faults.map(faultText);
  throw new PorchlightError('config', `Cannot use ${path}: ${faults.length} to mend:\n  ${faults.join('\n  ')}`);
}
