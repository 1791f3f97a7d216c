// What is remembered of a deployment: FOLDER/NAME.json. No secrets. It is written before anything is made and after it
// was seen that nothing of somebody else's stands there: what is found later under these names is ours, also after a run
// that was broken off.

import { mkdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { writeDurably } from '../../home-node/durable-file.ts';
import { PorchlightError } from '../../shared/errors.ts';
import { isObject } from '../../shared/json-object.ts';

export interface Remembered {
  /** Id of the Cloudflare account. */
  readonly account: string;
  readonly hosts: readonly string[];
  /** Hosts that were left out and may still be attached. */
  readonly leaving: readonly string[];
}

export interface DeploymentFiles {
  readonly folder: string;
  readonly remembered: string;
  readonly operatorKey: string;
  /** Generated configuration and bundle, as wrangler is given them. */
  readonly generated: string;
}

/** A path as it is shortest from here. */
export function near(path: string): string {
  const from = relative('.', path);
  return from.startsWith('..') ? path : from;
}

export function deploymentFiles(folder: string, name: string): DeploymentFiles {
  return {
    folder,
    remembered: join(folder, `${name}.json`),
    operatorKey: join(folder, `${name}.operator-key.json`),
    generated: join(folder, name),
  };
}

/** null: never deployed from here. Throws `deployment-file`. */
export function readRemembered({ remembered: path }: DeploymentFiles): Remembered | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw thrown;
  }
  const read = parsed(text);
  if (read !== null) return read;
  throw new PorchlightError(
    'deployment-file',
    `Cannot read ${path}: it is not what npm run deploy wrote; restore it, or remove it and name the hosts again by --hosts.`,
  );
}

function parsed(text: string): Remembered | null {
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value) || typeof value.account !== 'string') return null;
    const { account, hosts, leaving } = value;
    return isTexts(hosts) && hosts.length > 0 && isTexts(leaving) ? { account, hosts, leaving } : null;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return null;
    throw thrown;
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

export function remember({ folder, remembered: path }: DeploymentFiles, { account, hosts, leaving }: Remembered): void {
  mkdirSync(folder, { recursive: true });
  writeDurably(path, `${JSON.stringify({ account, hosts, leaving }, null, 2)}\n`);
}
