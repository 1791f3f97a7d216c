// `porchlight spool`: what waits for home at the edge, what could not be delivered, and what an owner may do about it.
// The home node that runs asks the edge: only it holds the link's session.

import { PorchlightError } from '../../../shared/errors.ts';
import type { DeadLetter, Discarded, HeldDelivery, ReplayReply, WaitingList } from '../../../shared/lease/messages.ts';
import { askNode } from '../../control/client.ts';
import { type Cli, type FolderOptions, folderOf, type JsonOptions, sayJson } from '../cli.ts';
import { mustBeThere } from '../folder.ts';
import { progressBar, whileWaiting } from '../progress-bar.ts';
import { printable, printBelow, printTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { parsePast } from '../when.ts';
import { size, span, time } from '../words.ts';

type Options = FolderOptions & JsonOptions;

export interface ListOptions extends Options {
  readonly dead?: boolean;
  readonly all?: boolean;
}

export interface SureOptions extends Options {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

export interface ReplayOptions extends Options {
  readonly since?: string;
}

async function ask<T>(cli: Cli, options: FolderOptions, name: string, args: Record<string, unknown> = {}): Promise<T> {
  const folder = mustBeThere(folderOf(cli, options));
  return await whileWaiting(cli.terminal, 'asking the edge', async () => await askNode<T>(folder, name, args));
}

export async function list(cli: Cli, options: ListOptions): Promise<void> {
  if (options.dead === true) return await listDead(cli, options);
  const { pages, next } = await waiting(cli, options);
  if (options.json === true) return sayJson(cli, { deliveries: pages, next });
  const { terminal, clock } = cli;
  if (pages.length === 0) return terminal.say('Nothing waits at the edge.');
  const now = clock.now();
  printTable(
    terminal,
    ['seq', 'waits', 'service', 'size', 'tries', 'from'],
    pages.map((one) => [
      String(one.seq),
      span(now - one.receivedAt),
      one.service,
      size(one.bodyBytes),
      String(one.attempts),
      printable(one.sender),
    ]),
    (row) => sayReason(terminal, pages[row]?.reason ?? null),
  );
  if (next !== null) terminal.note(terminal.styleNote('dim', 'There is more: --all shows everything.'));
}

interface Waiting {
  readonly pages: readonly WaitingList['deliveries'][number][];
  /** Where the rest begins; null: this is all. */
  readonly next: number | null;
}

async function waiting(cli: Cli, options: ListOptions): Promise<Waiting> {
  const folder = mustBeThere(folderOf(cli, options));
  const pages: WaitingList['deliveries'][number][] = [];
  let next: number | null = 0;
  // Below a pipe's result nothing is said of each page.
  const bar = cli.terminal.canRedraw ? progressBar(cli.terminal) : null;
  try {
    do {
      bar?.show({ step: 'asking the edge what waits', done: pages.length, of: null });
      const page: WaitingList = await askNode<WaitingList>(folder, 'spool-waiting', { after: next });
      pages.push(...page.deliveries);
      next = page.next;
    } while (next !== null && options.all === true);
  } finally {
    bar?.clear();
  }
  return { pages, next };
}

async function listDead(cli: Cli, options: ListOptions): Promise<void> {
  const letters = await ask<DeadLetter[]>(cli, options, 'spool-dead');
  if (options.json === true) return sayJson(cli, { deliveries: letters });
  const { terminal, clock } = cli;
  if (letters.length === 0) return terminal.say('There are no dead letters.');
  const now = clock.now();
  printTable(
    terminal,
    ['seq', 'died', 'service', 'tries', 'from'],
    letters.map((one) => [
      String(one.seq),
      `${span(now - one.diedAt)} ago`,
      one.service,
      String(one.attempts),
      printable(one.sender),
    ]),
    (row) => sayReason(terminal, letters[row]?.reason ?? null),
  );
  terminal.note(terminal.styleNote('dim', 'porchlight spool show SEQ, spool retry SEQ, spool discard SEQ'));
}

/** Often longer than a column may be. */
function sayReason(terminal: Terminal, reason: string | null): void {
  if (reason !== null) printBelow(terminal, printable(reason), 'yellow');
}

export async function show(cli: Cli, name: string, options: Options): Promise<void> {
  const held = await find(cli, name, options);
  if (options.json === true) return sayJson(cli, held);
  const { state, leftAt, notBefore, reason, delivery } = held;
  const now = cli.clock.now();
  const rows = [
    ['delivery', delivery.id],
    ['seq', String(delivery.seq)],
    ['state', leftAt === null ? state : `${state} since ${time(leftAt)}`],
    ['service', delivery.service],
    ['from', printable(delivery.sender)],
    ['arrived', `${time(delivery.receivedAt)} (${span(now - delivery.receivedAt)} ago)`],
    ['request', printable(`${delivery.method} https://${delivery.host}${delivery.path}`)],
    ['size', size(delivery.bodyBytes)],
    ['sha-256', delivery.bodySha256],
    ['tries', String(delivery.attempts)],
    ...(notBefore > now ? [['next try', time(notBefore)]] : []),
    ...(reason === null ? [] : [['said last', printable(reason)]]),
  ];
  printTable(cli.terminal, ['', ''], rows);
  cli.terminal.say();
  printTable(
    cli.terminal,
    ['header', 'value'],
    delivery.headers.map(([header, value]) => [header, printable(value)]),
  );
}

/** What waits is tried now; a dead letter goes behind whatever waits, and that is said. */
export async function retry(cli: Cli, name: string, options: Options): Promise<void> {
  const { state, delivery } = await find(cli, name, options);
  if (state === 'kept') {
    throw new PorchlightError(
      'not-waiting',
      `Cannot retry ${delivery.id}: its service took it; to have it delivered again: porchlight spool replay ${name}`,
    );
  }
  if (state === 'dead') {
    const { seq } = await ask<{ seq: number }>(cli, options, 'spool-retry-dead', { seq: delivery.seq });
    if (options.json === true) return sayJson(cli, { seq });
    return cli.terminal.say(`${delivery.id} waits again, as ${seq}, behind what came from its sender meanwhile.`);
  }
  await ask(cli, options, 'spool-hurry', { seq: delivery.seq });
  if (options.json === true) return sayJson(cli, { seq: delivery.seq });
  cli.terminal.say(`${delivery.id} is tried now.`);
}

/** For good: asked first, unless --yes. */
export async function discard(cli: Cli, name: string, options: SureOptions): Promise<void> {
  const { terminal } = cli;
  const { state, delivery } = await find(cli, name, options);
  const what = `${delivery.id}, ${state}, ${size(delivery.bodyBytes)} from ${printable(delivery.sender)}`;
  if (state === 'kept') {
    throw new PorchlightError(
      'not-waiting',
      `Cannot discard ${delivery.id}: its service took it; the edge forgets it by itself.`,
    );
  }
  if (options.dryRun === true) {
    if (options.json === true) return sayJson(cli, { discarded: false, seq: delivery.seq });
    return terminal.say(`Would throw away ${what}. Nothing was done.`);
  }
  if (options.yes !== true) {
    const answer = await terminal.ask(`Throw away ${what}? It cannot be had again. [y/N] `, 'say --yes.');
    if (!/^y(es)?$/i.test(answer)) return terminal.say('Nothing was done.');
  }
  const call = state === 'dead' ? 'spool-discard-dead' : 'spool-discard';
  const done = await ask<Discarded | null>(cli, options, call, { seq: delivery.seq });
  if (options.json === true)
    return sayJson(cli, { discarded: true, seq: delivery.seq, wasInHand: done?.wasInHand ?? false });
  terminal.say(`${delivery.id} is gone.`);
  if (done?.wasInHand === true) terminal.say('Home had it in hand already: its service may have it all the same.');
}

/** Kept ones once more: one, or all that arrived since a time. */
export async function replay(cli: Cli, name: string | undefined, options: ReplayOptions): Promise<void> {
  if ((name === undefined) === (options.since === undefined)) {
    throw new PorchlightError('options', 'Cannot replay: name one delivery, or a time by --since, and not both.');
  }
  const reply =
    name === undefined
      ? await ask<ReplayReply>(cli, options, 'spool-replay', {
          since: parsePast('--since', options.since ?? '', cli.clock.now()),
        })
      : await ask<ReplayReply>(cli, options, 'spool-replay-one', await kept(cli, name, options));
  if (options.json === true) return sayJson(cli, reply);
  const { replayed } = reply;
  if (replayed === 0) return cli.terminal.say('Nothing to replay: the edge keeps no delivery that arrived since then.');
  cli.terminal.say(
    replayed === 1
      ? '1 delivery goes to its service once more.'
      : `${replayed} deliveries go to their service once more.`,
  );
}

async function kept(cli: Cli, name: string, options: Options): Promise<{ seq: number; id: string }> {
  const { state, delivery } = await find(cli, name, options);
  if (state === 'kept') return { seq: delivery.seq, id: delivery.id };
  throw new PorchlightError(
    'not-kept',
    `Cannot replay ${delivery.id}: it is ${state}; try: porchlight spool retry ${name}`,
  );
}

async function find(cli: Cli, name: string, options: Options): Promise<HeldDelivery> {
  return await ask<HeldDelivery>(cli, options, 'spool-show', { name });
}
