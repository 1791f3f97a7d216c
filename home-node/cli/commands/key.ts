// `porchlight key`: what home's key is, a new one by the old one, and the key alone as a file to keep elsewhere.

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { calculateJwkThumbprint } from 'jose';
import { PorchlightError } from '../../../shared/errors.ts';
import { readClaim } from '../../claim-file.ts';
import { readConfig } from '../../config.ts';
import { askNode } from '../../control/client.ts';
import { writeDurably } from '../../durable-file.ts';
import { FolderLock } from '../../folder-lock.ts';
import { keyFileName, readHomeKey, readHomeKeyFrom } from '../../key.ts';
import { keyMadeAt, movedKeyText } from '../../key-file.ts';
import { type Cli, type FolderOptions, folderOf, type JsonOptions, pathText, sayJson } from '../cli.ts';
import { mustBeThere } from '../folder.ts';
import { whileWaiting } from '../progress-bar.ts';
import { printTable } from '../table.ts';
import { span, time } from '../words.ts';

export async function show(cli: Cli, options: FolderOptions & JsonOptions): Promise<void> {
  const folder = mustBeThere(folderOf(cli, options));
  const { publicKey } = await readHomeKey(folder);
  const thumbprint = await calculateJwkThumbprint(publicKey);
  const madeAt = keyMadeAt(join(folder, keyFileName));
  const claimed = readClaim(folder, readConfig(folder).edge);
  if (options.json === true) return sayJson(cli, { thumbprint, publicKey, madeAt, homeId: claimed?.homeId ?? null });
  printTable(
    cli.terminal,
    ['', ''],
    [
      ['thumbprint', thumbprint],
      ['public key', `Ed25519 ${publicKey.x ?? ''}`],
      ['made', `${time(madeAt)} (${span(cli.clock.now() - madeAt)} ago)`],
      [
        'known as',
        claimed === null ? 'nothing yet: porchlight claim CODE' : `home ${claimed.homeId} at ${claimed.edge}`,
      ],
    ],
  );
}

/** By the home node that runs: the old key must say that the new one is good. */
export async function rotate(cli: Cli, options: FolderOptions & JsonOptions): Promise<void> {
  const folder = mustBeThere(folderOf(cli, options));
  await whileWaiting(cli.terminal, 'telling the edge the new key', async () => await askNode(folder, 'key-rotate'));
  const thumbprint = await calculateJwkThumbprint((await readHomeKey(folder)).publicKey);
  if (options.json === true) return sayJson(cli, { thumbprint });
  cli.terminal.say(
    `Home has a ${cli.terminal.style('green', 'new key')}, ${thumbprint};\nthe old one may do nothing any more.`,
  );
  cli.terminal.say('Your backups hold the old one; make a new one: porchlight backup FILE');
}

/** The key alone: small enough to be printed. */
export async function backup(cli: Cli, file: string, options: FolderOptions & JsonOptions): Promise<void> {
  const folder = mustBeThere(folderOf(cli, options));
  const path = resolve(file);
  if (existsSync(path)) {
    throw new PorchlightError('backup-exists', `Cannot write ${path}: it is there already; choose another name.`);
  }
  await readHomeKey(folder);
  writeDurably(path, movedKeyText(join(folder, keyFileName)), 0o600);
  if (options.json === true) return sayJson(cli, { path });
  cli.terminal.say(`${pathText(cli, path)} holds home's key: whoever has it can be this home.`);
}

/** Puts a key back; one that is there is kept beside it. */
export async function restore(cli: Cli, file: string, options: FolderOptions & JsonOptions): Promise<void> {
  const folder = mustBeThere(folderOf(cli, options));
  const path = resolve(file);
  const { publicKey } = await readHomeKeyFrom(path, 'name a file that porchlight key backup wrote');
  const text = readFileSync(path, 'utf8');
  const lock = FolderLock.take(folder);
  let kept: string | null = null;
  try {
    const place = join(folder, keyFileName);
    const before = existsSync(place) ? readFileSync(place, 'utf8') : text;
    if (before !== text) {
      kept = join(folder, `home-key-before-${cli.clock.now()}.json`);
      // Not moved: at no moment is there no key, in whose place a new one would be made.
      writeDurably(kept, before, 0o600);
    }
    writeDurably(place, movedKeyText(path), 0o600);
  } finally {
    lock.release();
  }
  const thumbprint = await calculateJwkThumbprint(publicKey);
  if (options.json === true) return sayJson(cli, { thumbprint, kept });
  cli.terminal.say(`Home's key is ${thumbprint} again.`);
  if (kept !== null) cli.terminal.say(`The one that was there lies in ${pathText(cli, kept)}.`);
}
