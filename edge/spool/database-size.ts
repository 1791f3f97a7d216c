// How large the database is. SQLite is asked seldom, because asking costs as much as half an arrival: what single
// rows add since is taken at its most, and only when that would fill the database is it asked again.

export class DatabaseSize {
  readonly #sql: SqlStorage;
  #atMostBytes: number | null = null;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get bytes(): number {
    this.#atMostBytes = this.#sql.databaseSize;
    return this.#atMostBytes;
  }

  /** It is not larger. */
  get atMostBytes(): number {
    return this.#atMostBytes ?? this.bytes;
  }

  /** A row was written that takes so many at most. */
  grew(bytes: number): void {
    if (this.#atMostBytes !== null) this.#atMostBytes += bytes;
  }

  /** Other things were written. */
  forget(): void {
    this.#atMostBytes = null;
  }
}
