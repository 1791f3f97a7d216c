// The contract of a check: one question about how this home stands, answered in findings. Each finding says what was
// found and, where it is not well, what mends it. A check reads only the exam that it is given and asks only through the
// ports, so that tests can hand in any trouble.

import type { HomeConfig } from '../config.ts';
import type { Exam } from './exam.ts';
import type { DoctorPorts } from './ports.ts';
import type { Reached } from './reach.ts';

/** `unchecked`: it could not be found out, and `found` says why. */
export type Verdict = 'well' | 'warning' | 'fault' | 'unchecked';

export interface Finding {
  /** Name of the check. */
  readonly check: string;
  /** What it is about: a host, a service, a file. */
  readonly subject: string;
  readonly verdict: Verdict;
  readonly found: string;
  /** What to do; null where there is nothing to mend. */
  readonly cure: string | null;
}

export type Result = Omit<Finding, 'check'>;

/** What is known of a home whose porchlight.toml could be read. */
export interface ConfiguredExam extends Exam {
  readonly config: HomeConfig;
  /** What answers at this host, asked once for all checks. */
  readonly reach: (host: string) => Promise<Reached>;
}

interface Named {
  /** One word, as `porchlight doctor --json` prints it. */
  readonly name: string;
  /** "Cannot check <about>": what stays unknown when it cannot be made. */
  readonly about: string;
}

/**
 * `needs`: what must be there for the check to make sense. Without it doctor says `unchecked` in its place: `config`, a
 * porchlight.toml that can be read; `network`, that and any way out of the house.
 */
export type Check =
  | (Named & {
      readonly needs: 'nothing';
      readonly run: (exam: Exam, ports: DoctorPorts) => Promise<readonly Result[]>;
    })
  | (Named & {
      readonly needs: 'config' | 'network';
      readonly run: (exam: ConfiguredExam, ports: DoctorPorts) => Promise<readonly Result[]>;
    });

export function well(subject: string, found: string): Result {
  return { subject, verdict: 'well', found, cure: null };
}

export function warning(subject: string, found: string, cure: string): Result {
  return { subject, verdict: 'warning', found, cure };
}

export function fault(subject: string, found: string, cure: string): Result {
  return { subject, verdict: 'fault', found, cure };
}

export function unchecked(subject: string, why: string, cure: string | null = null): Result {
  return { subject, verdict: 'unchecked', found: why, cure };
}
