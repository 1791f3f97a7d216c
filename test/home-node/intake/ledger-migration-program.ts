// Brings a ledger to the schema of a folder of migrations, in which `SELECT die()` kills this process at once.

import { DatabaseSync } from 'node:sqlite';
import { migrateLedger } from '../../../home-node/intake/ledger-schema.ts';

const [path = '', folder = ''] = process.argv.slice(2);
const database = new DatabaseSync(path);
database.function('die', () => {
  process.kill(process.pid, 'SIGKILL');
  return null;
});
database.exec('PRAGMA journal_mode = WAL');
migrateLedger(database, folder);
database.close();
