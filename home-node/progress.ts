// How far a longer piece of work has come: going to bed, waking, a backup. Who does the work reports; a command shows it
// as a bar, the log as lines.

export interface Progress {
  /** What is being done, as a person reads it: "leaving public pages". */
  readonly step: string;
  readonly done: number;
  /** null: nobody knows how much there is. */
  readonly of: number | null;
}

export type OnProgress = (progress: Progress) => void;
