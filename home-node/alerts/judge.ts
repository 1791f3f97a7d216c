// What an owner must be told without having asked: facts in, alerts out. Pure. An alert is named by its kind; it is raised
// once and cleared once, however long its cause lasts (alert-watch.ts).

import { limits } from '../../shared/limits.ts';

export type AlertKind =
  /** Something that a service would not take. */
  | 'dead-letters'
  /** The edge's store for this home is filling up; when it is full, peers are told to come again later. */
  | 'spool-filling'
  /** Home is awake and cannot reach its edge. */
  | 'link-lost'
  /** Home's key should be rotated. */
  | 'key-old'
  /** What strangers are told while home sleeps is old. */
  | 'snapshot-old'
  /** A service of home is down though it should be up. */
  | 'service-down'
  /** Deliveries are not taken because home's clock is wrong. */
  | 'clock-wrong'
  /** Home's own disk is nearly full: soon nothing can be remembered, and so nothing be taken. */
  | 'disk-filling';

export interface Alert {
  readonly kind: AlertKind;
  /** For a person: what is, and what to do. */
  readonly text: string;
}

export interface AlertFacts {
  readonly now: number;
  /** null: the edge could not be asked. */
  readonly spool: { readonly dead: number; readonly fullest: number } | null;
  /** Since when the link is lost while home is awake; null while it is not. */
  readonly linkLostSince: number | null;
  readonly keyMadeAt: number;
  /** null: none was left since this process started. */
  readonly snapshotAt: number | null;
  readonly awakeSince: number;
  readonly clockOff: boolean;
  /** Free for the home node on the disk of its data folder; null: that cannot be told. */
  readonly diskFreeBytes: number | null;
  /** Services that are down and not by their owner's wish, and since when. */
  readonly down: readonly { readonly name: string; readonly since: number }[];
}

export interface AlertRules {
  /** Share of a limit of the spool, 0 to 1. */
  readonly spoolShare: number;
  readonly linkLostMinutes: number;
  readonly keyDays: number;
  readonly snapshotHours: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** A service may take so long to start, ms. */
const serviceStartsMs = 5 * minuteMs;

/** What holds now. What cannot be known now is in `unknown`: it neither raises nor clears. */
export interface Judged {
  readonly alerts: readonly Alert[];
  readonly unknown: readonly AlertKind[];
}

export function judgeAlerts(facts: AlertFacts, rules: AlertRules): Judged {
  const { now, spool } = facts;
  const alerts: Alert[] = [];
  const raise = (kind: AlertKind, text: string): void => {
    alerts.push({ kind, text });
  };
  if (spool !== null && spool.dead > 0) {
    raise('dead-letters', `${spool.dead} dead letters lie at the edge; see: porchlight spool list --dead`);
  }
  if (spool !== null && spool.fullest >= rules.spoolShare) {
    const share = Math.floor(spool.fullest * 100);
    raise(
      'spool-filling',
      `The edge's store is ${share} % full; wake home, or discard what waits: porchlight spool list`,
    );
  }
  const lostMs = facts.linkLostSince === null ? 0 : now - facts.linkLostSince;
  if (lostMs > rules.linkLostMinutes * minuteMs) {
    raise(
      'link-lost',
      `Home cannot reach its edge for ${Math.floor(lostMs / minuteMs)} minutes; see: porchlight doctor`,
    );
  }
  if (now - facts.keyMadeAt > rules.keyDays * dayMs) {
    raise(
      'key-old',
      `Home's key is ${Math.floor((now - facts.keyMadeAt) / dayMs)} days old; run: porchlight key rotate`,
    );
  }
  const snapshotMs = now - (facts.snapshotAt ?? facts.awakeSince);
  if (snapshotMs > rules.snapshotHours * hourMs) {
    raise(
      'snapshot-old',
      `The edge's snapshot is over ${Math.floor(snapshotMs / hourMs)} hours old; see: porchlight doctor`,
    );
  }
  for (const { name, since } of facts.down) {
    if (now - since <= serviceStartsMs) continue;
    raise(
      'service-down',
      `Service ${name} is down for ${Math.floor((now - since) / minuteMs)} minutes; see: porchlight status`,
    );
  }
  if (facts.diskFreeBytes !== null && facts.diskFreeBytes < limits.homeDiskFreeBytes) {
    const free = Math.floor(facts.diskFreeBytes / 1024 / 1024);
    raise('disk-filling', `Home's disk has ${free} MiB left; make room, or deliveries stay at the edge.`);
  }
  if (facts.clockOff) raise('clock-wrong', "Home's clock is wrong: deliveries wait at the edge; set it.");
  return { alerts, unknown: spool === null ? ['dead-letters', 'spool-filling'] : [] };
}
