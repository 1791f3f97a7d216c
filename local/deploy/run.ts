// One deployment from beginning to end. Everything is looked at first; then what is missing is made, each step after a
// look whether it is still to be done. So it may be broken off anywhere and run again.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Terminal } from '../../home-node/cli/terminal.ts';
import { operatorKeyVariable } from '../../home-node/operator/operator-key.ts';
import { programVersion } from '../../home-node/program-files.ts';
import { PorchlightError } from '../../shared/errors.ts';
import { type ClaimCode, claimCode, codeLine } from './claim-code.ts';
import { type Configuration, readSource, writeConfiguration } from './configuration.ts';
import { awaitBuild } from './live.ts';
import { look, type Seen } from './look.ts';
import { bring, makeKey, makeStores } from './make.ts';
import { operatorKeyThere } from './operator-key.ts';
import type { DeployOptions } from './options.ts';
import { hindrance, objections } from './ownership.ts';
import { rehearse } from './rehearse.ts';
import { deploymentFiles, readRemembered, remember } from './remembered.ts';
import { Steps } from './steps.ts';
import type { Wrangler } from './wrangler.ts';

export interface Deployed {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly version: string;
  readonly build: string | null;
  /** What was made or changed; in a dry run what would be. Empty: nothing. */
  readonly changes: readonly string[];
  readonly operatorKey: string;
  /** null in a dry run. */
  readonly code: ClaimCode | null;
}

export async function deploy(options: DeployOptions, terminal: Terminal, wrangler: Wrangler): Promise<Deployed> {
  const { name } = options;
  const files = deploymentFiles(resolve(options.folder), name);
  const remembered = readRemembered(files);
  const hosts = options.hosts ?? remembered?.hosts;
  if (hosts === undefined) {
    throw new PorchlightError(
      'options',
      `Cannot deploy ${name}: no hosts are remembered for it; name them by --hosts A,B.`,
    );
  }
  const steps = new Steps(terminal);
  const source = await readSource(name);
  const generated = options.dryRun ? mkdtempSync(join(tmpdir(), 'porchlight-deploy-')) : files.generated;
  try {
    const keyThere = await operatorKeyThere(files.operatorKey);
    const ourKey = keyThere === null ? null : operatorKeyVariable(keyThere.publicKey);
    const write = (seen: Pick<Seen, 'accountId' | 'databaseId'>, key: string | null): Configuration =>
      writeConfiguration(generated, source, { ...seen, hosts, operatorKey: key ?? '' });
    const seen = await look({ options, source, hosts, remembered, wrangler, steps, write: (at) => write(at, ourKey) });
    const facts = { ...seen, source, hosts, remembered, operatorKey: ourKey, newOperatorKey: options.newOperatorKey };
    const stop = hindrance(facts);
    if (stop !== null) throw stop;
    const [objection] = objections(facts);
    if (objection !== undefined && !options.yes) throw objection;
    const told = { name, hosts, version: programVersion(), operatorKey: files.operatorKey };
    if (options.dryRun) {
      const { build } = write(seen, ourKey);
      const changes = await rehearse(wrangler, steps, generated, { seen, source, build, hosts, ourKey, options });
      return { ...told, build: seen.databaseId === null ? null : build, changes, code: null };
    }
    const key = await makeKey(steps, files.operatorKey, options.newOperatorKey, ourKey === null);
    const variable = operatorKeyVariable(key.publicKey);
    // From here on, what is found under these names is ours.
    const account = seen.accountId ?? '';
    const before = [...(remembered?.hosts ?? []), ...(remembered?.leaving ?? [])];
    const leaving = before.filter((host) => !hosts.includes(host));
    if (remembered === null || before.join() !== hosts.join()) remember(files, { account, hosts, leaving });
    const databaseId = await makeStores(wrangler, steps, source, seen, () => write(seen, variable).path);
    const made = write({ ...seen, databaseId }, variable);
    await bring(wrangler, steps, { seen, source, hosts, leaving, made, yes: options.yes });
    if (leaving.length > 0) remember(files, { account, hosts, leaving: [] });
    await steps.take('Waiting until the edge answers', async (show) => {
      const say = (done: number): void => show({ step: 'Hosts that answer', done, of: hosts.length });
      await awaitBuild(hosts, made.build, options.waitMs, say);
      return [null, `Answers at ${hosts.map((host) => `https://${host}`).join(', ')}.`] as const;
    });
    const code = await steps.take('Asking for a claim code', async () => {
      const found = await claimCode(`https://${hosts[0] ?? ''}`, key, hosts, options.newCode);
      return [found, codeLine(found)] as const;
    });
    const changes = code.is === 'issued' ? [...steps.changes, codeLine(code)] : steps.changes;
    return { ...told, build: made.build, changes, code };
  } finally {
    if (options.dryRun) rmSync(generated, { recursive: true, force: true });
  }
}
