// Asks a MySQL or MariaDB server, in transactions that may only read, with a time limit at the server itself. Loaded by
// those alone who name such a database: Pixelfed's, as it comes.

import { type Connection, createConnection } from 'mysql2/promise';
import { limits } from '../../shared/limits.ts';
import type { Row } from './database.ts';

/** Of MySQL and MariaDB alike: ER_BAD_FIELD_ERROR, ER_NO_SUCH_TABLE. */
const notThere = new Set([1054, 1146]);
/** ER_UNKNOWN_SYSTEM_VARIABLE. */
const noSuchVariable = 1193;

export class MysqlReader {
  readonly #connection: Connection;

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Throws what stands in the way, in the driver's words. */
  static async open(address: string): Promise<MysqlReader> {
    const connection = await createConnection({
      uri: address,
      connectTimeout: limits.databaseMs,
      // As every other database says it; and a server may not ask for files of this machine.
      dateStrings: true,
      flags: ['-LOCAL_FILES'],
    });
    // Without a listener a connection that breaks later would end the home node; the question then says so.
    connection.on('error', () => undefined);
    // Names between double quotes, as standard SQL has them.
    await connection.query("SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')");
    return new MysqlReader(connection);
  }

  /** null: a table or column is not there. */
  async rows(sql: string): Promise<readonly Row[] | null> {
    try {
      await this.#limitTime();
      await this.#connection.query('START TRANSACTION READ ONLY');
      const [rows] = await this.#connection.query({ sql, timeout: 2 * limits.databaseMs });
      await this.#connection.query('COMMIT');
      return rows as unknown as Row[];
    } catch (thrown) {
      await this.#connection.query('ROLLBACK').catch(() => undefined);
      if (notThere.has(errnoOf(thrown))) return null;
      throw thrown;
    }
  }

  async close(): Promise<void> {
    // Not `end`, which waits for a server that may not answer.
    await Promise.resolve(this.#connection.destroy());
  }

  async #limitTime(): Promise<void> {
    try {
      await this.#connection.query(`SET SESSION max_statement_time = ${limits.databaseMs / 1000}`);
    } catch (thrown) {
      if (errnoOf(thrown) !== noSuchVariable) throw thrown;
      // MySQL's name for it.
      await this.#connection.query(`SET SESSION max_execution_time = ${limits.databaseMs}`);
    }
  }
}

function errnoOf(thrown: unknown): number {
  return Number((thrown as { errno?: unknown }).errno);
}
