// What the table of error codes says of one code. Who meets it is said by the file that it stands in.

export interface ErrorMeaning {
  /** One sentence for whoever meets it. */
  readonly says: string;
  /** What mends it; null where nothing is to be done by anybody. */
  readonly do: string | null;
  /** HTTP status that the edge gives it with, where it does. */
  readonly status?: number;
}
