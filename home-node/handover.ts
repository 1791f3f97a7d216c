// One home node takes another's place on the same data folder, while visitors are answered without a break:
//
//   the newer                                   the older
//   asks on the control socket ───────────────▶ ends what it has in hand, closes the ledger, gives up socket and folder
//   takes the folder ◀───────────────────────── answers; keeps its link and its services
//   starts its services, then opens its link,
//   and the edge drains the older's ──────────▶ finishes what it is answering, stops its services, ends
//
// Only who holds the folder takes deliveries, so that there are never two that do. If the newer dies before its link
// is open, the older finds the folder free and takes it back; if the newer ends in good order, the older ends too; if
// the older dies, the newer is simply a home node that starts. An older whose link is not open has nothing to answer, and
// must not open it any more: it ends as soon as the newer has the folder. The one before it may answer still.

import { setTimeout as delay } from 'node:timers/promises';
import { PorchlightError } from '../shared/errors.ts';
import { askNode } from './control/client.ts';
import type { NodeReport } from './control/report.ts';
import { FolderLock } from './folder-lock.ts';
import type { OnProgress } from './progress.ts';

/** `never`; `unless-managed`: not from a home node that a service manager runs, which would not know; `always`. */
export type TakeOver = 'never' | 'unless-managed' | 'always';

const lookMs = 100;
/** A newer one that lives takes the folder at once; one that has not by then never will, ms. */
const takeWithinMs = 20_000;
/** Longest that an older one may need to end: draining, then stopping its services, ms. */
const endWithinMs = 60_000;
/** Services that are not up by then are not waited for, ms. */
const servicesUpMs = 15_000;
const servicesLookMs = 25;
/** Longest that the answer may take: what is in hand is finished first, ms. */
const answerWithinMs = 30_000;

/**
 * Has the home node that runs on this folder give it up. Resolves to the id of the process that answers visitors until this
 * one's link is open: that home node, or the one whose place it had not taken yet. Throws `folder-in-use` when it cannot be asked or is of a version that does not know how, `folder-managed`
 * when a service manager runs it, and what it refused with.
 */
export async function takeFolder(folder: string, how: TakeOver, inUse: Error, onProgress: OnProgress): Promise<number> {
  if (how === 'never') throw inUse;
  let running: Partial<NodeReport>;
  try {
    running = await askNode<Partial<NodeReport>>(folder, 'status');
  } catch {
    throw inUse;
  }
  if (running.handsOver !== true || running.pid === undefined) throw inUse;
  if (running.isManaged === true && how === 'unless-managed') {
    throw new PorchlightError(
      'folder-managed',
      `Cannot take over from process ${running.pid}: systemd runs it and would not know; use systemctl restart porchlight, or porchlight up --replace.`,
    );
  }
  try {
    const signal = AbortSignal.timeout(answerWithinMs);
    const answers = await askNode<unknown>(folder, 'hand-over', { to: process.pid }, onProgress, signal);
    if (typeof answers === 'number') return answers;
  } catch (thrown) {
    // It ended meanwhile, by itself or killed: then the folder is free, or somebody else's.
    if (!(thrown instanceof PorchlightError) || !gone.has(thrown.code)) throw thrown;
  }
  return running.pid;
}

const gone = new Set(['not-running', 'control-broken', 'ending']);

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Resolves when this process is gone, or has had more than enough time to go. */
export async function ended(pid: number): Promise<void> {
  for (let waited = 0; isAlive(pid) && waited < endWithinMs; waited += lookMs) await delay(lookMs);
}

/** For the newer: resolves when every service answers, or there is no more use in waiting: the older one is gone. */
export async function allUp(services: { allUp(): boolean }, olderEnds: Promise<void>): Promise<void> {
  let isAlone = false;
  void olderEnds.then(() => {
    isAlone = true;
  });
  for (let waited = 0; waited < servicesUpMs && !isAlone && !services.allUp(); waited += servicesLookMs) {
    await delay(servicesLookMs);
  }
}

/**
 * For the older, which held the folder as `held`: resolves to its lock when the newer has not taken it or has died; to
 * `ended` when who held it since ended in good order, because then its owner wants none to run; to null when `signal` is
 * aborted, because the newer has taken over.
 */
export async function folderComesBack(
  folder: string,
  to: number,
  held: FolderLock,
  signal: AbortSignal,
): Promise<FolderLock | 'ended' | null> {
  for (let waited = 0; !signal.aborted; waited += lookMs) {
    if (waited >= takeWithinMs || !isAlive(to)) {
      const lock = FolderLock.takeIfFree(folder);
      if (lock?.goodEnds === held.goodEnds) return lock;
      lock?.release();
      if (lock !== null) return 'ended';
    }
    await delay(lookMs, undefined, { signal }).catch(() => undefined);
  }
  return null;
}

export interface GivenAway {
  readonly folder: string;
  /** The process that it was given to. */
  readonly to: number;
  /** As it was held. */
  readonly held: FolderLock;
  /** Its link is open: visitors need the older one until the edge drains that. */
  readonly answers: boolean;
  /** Aborted when it has been taken over, or is told to end. */
  readonly signal: AbortSignal;
  /** A newer one has the folder, and nothing is left to do. */
  readonly onTaken: () => void;
  /** A newer one had it and ended in good order. */
  readonly onEnded: () => Promise<void>;
}

/** For the older: resolves to the lock as folderComesBack() does; to null when it has to end. */
export async function untilBack(given: GivenAway): Promise<FolderLock | null> {
  const { folder, to, held, answers, signal, onTaken, onEnded } = given;
  const listening = new AbortController();
  if (!answers) void isTaken(folder, AbortSignal.any([signal, listening.signal])).then((taken) => taken && onTaken());
  const found = await folderComesBack(folder, to, held, signal).finally(() => listening.abort());
  if (found !== 'ended') return found;
  await onEnded();
  return null;
}

/** Resolves when a newer one has the folder, which is heard on its socket; to false when `signal` is aborted. */
async function isTaken(folder: string, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const answer = await askNode(folder, 'status').catch(() => null);
    if (answer !== null) return !signal.aborted;
    await delay(lookMs, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

/** systemd.exec(5) "Environment variables in spawned processes": a shell in a unit passes the first on, and not the second. */
export function isManaged(environment: Readonly<Record<string, string | undefined>>): boolean {
  const { INVOCATION_ID: unit, SYSTEMD_EXEC_PID: pid } = environment;
  return unit !== undefined && (pid === undefined || pid === String(process.pid));
}
