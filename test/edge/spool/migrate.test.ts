// The schema inside the object: applied once, forward only.

import { getTableColumns, getTableName } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { migrate } from '../../../edge/spool/migrate.ts';
import { schema } from '../../../edge/spool/schema.ts';
import { migrations } from '../../../migrations/spool/index.ts';
import { SpoolRig } from './spool-rig.ts';

describe('migrate()', () => {
  test('applies what is missing, in order, and nothing twice', async () => {
    const rig = await SpoolRig.open();
    await rig.object((_, { storage }) => {
      const next = (migrations.at(-1)?.version ?? 0) + 1;
      const steps = [
        ...migrations,
        { version: next, statements: ['CREATE TABLE extra (one INTEGER PRIMARY KEY)'] },
        { version: next + 1, statements: ['INSERT INTO extra VALUES (1)', 'INSERT INTO extra VALUES (2)'] },
      ];
      migrate(storage, steps);
      migrate(storage, steps);
      expect(storage.sql.exec('SELECT one FROM extra').toArray()).toEqual([{ one: 1 }, { one: 2 }]);
    });
  });

  test('applies a step whole or not at all', async () => {
    const rig = await SpoolRig.open();
    await rig.object((_, { storage }) => {
      const version = (migrations.at(-1)?.version ?? 0) + 1;
      const broken = { version, statements: ['CREATE TABLE half (one INTEGER PRIMARY KEY)', 'NOT SQL'] };
      expect(() => migrate(storage, [...migrations, broken])).toThrow();
      const whole = { version, statements: ['CREATE TABLE half (one INTEGER PRIMARY KEY)'] };
      expect(() => migrate(storage, [...migrations, whole])).not.toThrow();
    });
  });

  test('code that is older than the schema refuses to start, and says what to do', async () => {
    const rig = await SpoolRig.open();
    await rig.object((_, { storage }) => {
      storage.kv.put('schema', 1000);
      expect(() => migrate(storage, migrations)).toThrow(
        expect.objectContaining({ code: 'spool-schema-newer', message: expect.stringContaining('version 1000') }),
      );
    });
  });

  test('versions rise by one', () => {
    expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, at) => at + 1));
  });

  test('a migrated database has the tables and columns that the code speaks of', async () => {
    const rig = await SpoolRig.open();
    const found = await rig.object((_, { storage }) =>
      Object.values(schema).map((table) =>
        storage.sql
          .exec<{ name: string }>(`SELECT name FROM pragma_table_info('${getTableName(table)}')`)
          .toArray()
          .map(({ name }) => name),
      ),
    );
    const expected = Object.values(schema).map((table) =>
      Object.values(getTableColumns(table)).map((column) => column.name),
    );
    expect(found).toEqual(expected);
  });
});
