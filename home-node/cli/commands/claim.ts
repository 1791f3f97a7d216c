// `porchlight claim [CODE]`: makes this home known to its edge.

import { PorchlightError } from '../../../shared/errors.ts';
import { claimWithKeys } from '../../claim.ts';
import type { Claimed } from '../../claim-file.ts';
import { readConfig } from '../../config.ts';
import { askNode } from '../../control/client.ts';
import { FolderLock } from '../../folder-lock.ts';
import { HomeKeys } from '../../key.ts';
import { claimCodeFrom } from '../claim-code.ts';
import { type Cli, type FolderOptions, folderHint, folderOf, type JsonOptions, pathText, sayJson } from '../cli.ts';
import { mustBeThere } from '../folder.ts';
import { whileWaiting } from '../progress-bar.ts';
import { printable } from '../table.ts';

export async function claim(cli: Cli, typed: string | undefined, options: FolderOptions & JsonOptions): Promise<void> {
  const { terminal } = cli;
  const folder = mustBeThere(folderOf(cli, options));
  const code = await claimCodeFrom(cli, typed);
  const { claimed, running } = await whileWaiting(terminal, 'claiming', async () => await claimHere(folder, code));
  if (options.json === true) return sayJson(cli, { homeId: claimed.homeId, edge: claimed.edge, hosts: claimed.hosts });
  terminal.say(
    `${terminal.style('green', 'Claimed')} at ${claimed.edge}: this home answers for ${printable(claimed.hosts.join(', '))}.`,
  );
  terminal.say(
    terminal.style(
      'dim',
      `It is known there as ${printable(claimed.homeId)},\nby the key in ${pathText(cli, folder)}.`,
    ),
  );
  if (!running) terminal.say(`Next: porchlight up${folderHint(options)}`);
}

/** By the home node if one runs: two programs must not write the folder's files at the same time. */
async function claimHere(folder: string, code: string): Promise<{ claimed: Claimed; running: boolean }> {
  try {
    return { claimed: await askNode<Claimed>(folder, 'claim', { code }), running: true };
  } catch (thrown) {
    if (!(thrown instanceof PorchlightError) || thrown.code !== 'not-running') throw thrown;
  }
  const lock = FolderLock.take(folder);
  try {
    const { edge } = readConfig(folder);
    return { claimed: await claimWithKeys(folder, edge, await HomeKeys.open(folder), code), running: false };
  } finally {
    lock.release();
  }
}
