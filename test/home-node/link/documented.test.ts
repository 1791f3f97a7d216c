// docs/protocol.md says what the code does: its tables are those of shared/link/frames.ts.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cancelCodes, closeCodes, frameTable } from '../../../shared/link/frames.ts';

const text = readFileSync(join(import.meta.dirname, '../../../docs/protocol.md'), 'utf8');

describe('the protocol page', () => {
  test('lists every frame with its type and its sender', () => {
    const listed = [...text.matchAll(/^\| `([A-Z]+)` \| (0x[0-9a-f]{2}) \| (edge|home|both) \|/gm)];
    const rows = Object.entries(frameTable).map(([name, { type, from }]) => [name, type, from]);
    expect(listed.map(([, name, type, from]) => [name, Number(type), from])).toEqual(rows);
  });

  test('lists every reason to cancel', () => {
    const listed = [...text.matchAll(/^\| (\d) `([a-z-]+)` \|/gm)].map(([, code, name]) => [name, Number(code)]);
    expect(listed).toEqual(Object.entries(cancelCodes));
  });

  test('names every close code', () => {
    for (const code of Object.values(closeCodes)) expect(text).toContain(String(code));
  });
});
