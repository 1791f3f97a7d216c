// Which alerts have been raised and not cleared, remembered in the data folder: a restart is no reason to raise them
// again. Pure but for the file.

import { readFileSync } from 'node:fs';
import { writeDurably } from '../durable-file.ts';
import type { Alert, AlertKind, Judged } from './judge.ts';

/** What changed: one thing to tell the owner. */
export interface AlertChange {
  readonly state: 'raised' | 'cleared';
  readonly alert: Alert;
}

export type Raised = ReadonlyMap<AlertKind, Alert>;

/** Compares what holds with what was raised. Of several alerts of one kind the first speaks for all. */
export function changesOf(raised: Raised, { alerts, unknown }: Judged): readonly AlertChange[] {
  const now = new Map<AlertKind, Alert>();
  for (const alert of alerts) if (!now.has(alert.kind)) now.set(alert.kind, alert);
  const isNew = [...now.values()].filter(({ kind }) => !raised.has(kind));
  const isOver = [...raised.values()].filter(({ kind }) => !now.has(kind) && !unknown.includes(kind));
  return [
    ...isNew.map((alert) => ({ state: 'raised' as const, alert })),
    ...isOver.map((alert) => ({ state: 'cleared' as const, alert })),
  ];
}

export class RaisedFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Empty when there is none, or what lies there is none: an alert is raised again then, which is no harm. */
  read(): Map<AlertKind, Alert> {
    try {
      const alerts = JSON.parse(readFileSync(this.#path, 'utf8')) as Alert[];
      return new Map(alerts.map((alert) => [alert.kind, alert]));
    } catch {
      return new Map();
    }
  }

  write(raised: Raised): void {
    writeDurably(this.#path, `${JSON.stringify([...raised.values()])}\n`);
  }
}
