// Everything that a check asks of the world outside the data folder. system-ports.ts has the real ones.

import type { Clock } from '../../shared/clock.ts';

export interface Question {
  /** https://host, or http://host:port. */
  readonly origin: string;
  /** Path and query, sent as they stand: nothing is normalised on the way out. */
  readonly target: string;
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  /** Names in lower case; repeated ones joined. */
  readonly headers: Readonly<Record<string, string>>;
  /** At most limits.doctorAnswerBytes; the rest is not read. */
  readonly body: string;
  /** When the certificate ends, ms since the epoch; null without TLS, or when it was not shown again. */
  readonly certificateEndsAt: number | null;
  /** By home's clock, ms since the epoch. */
  readonly askedAt: number;
  readonly answeredAt: number;
}

export interface DiskFigures {
  /** For this user, bytes. */
  readonly freeBytes: number;
  /** null: this file system does not count them. */
  readonly freeInodes: number | null;
}

export interface Listener {
  readonly pid: number;
  readonly address: string;
  readonly port: number;
}

export interface DoctorPorts {
  readonly clock: Clock;
  /** As process.versions.node says it. */
  readonly nodeVersion: string;
  /** A and AAAA records by this machine's name servers. Rejects with Node's DNS error. */
  readonly lookup: (name: string) => Promise<readonly string[]>;
  /** No redirect is followed. Rejects with Node's error of the connection. */
  readonly ask: (question: Question) => Promise<Answer>;
  readonly disk: (folder: string) => Promise<DiskFigures>;
  /** Sockets on which this process and what it started listen; null where the system does not tell. */
  readonly listeners: (pid: number) => Promise<readonly Listener[] | null>;
}
