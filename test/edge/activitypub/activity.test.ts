import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readActivity } from '../../../edge/activitypub/activity.ts';
import { readJsonObject } from '../../../shared/json-object.ts';
import { limits } from '../../../shared/limits.ts';
import { bytesOf, utf8 } from './home.ts';

describe('readJsonObject()', () => {
  test('reads what JSON.parse reads, as long as it is an object and not too deep', () => {
    fc.assert(
      fc.property(fc.json({ depthSize: 'large' }), (text) => {
        const json: unknown = JSON.parse(text);
        const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
        const reading = readJsonObject(utf8(text));
        expect('json' in reading).toBe(isObject && depthOf(json) <= limits.jsonDepth);
        if ('json' in reading) expect(reading.json).toEqual(json);
      }),
    );
  });

  test('takes no bytes that are not JSON in UTF-8, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const reading = readJsonObject(bytes);
        if ('json' in reading) expect(JSON.parse(new TextDecoder().decode(bytes))).toEqual(reading.json);
      }),
    );
  });

  test.each([
    ['brackets in strings', `{"a":"${'['.repeat(1000)}"}`],
    ['escaped quotes', `{"a":"\\"${'{'.repeat(1000)}\\\\"}`],
    ['many in a row', `{"a":[${'[],'.repeat(1000)}1]}`],
  ])('%s are not depth', (_, text) => {
    expect(readJsonObject(utf8(text))).toHaveProperty('json');
  });

  function depthOf(value: unknown): number {
    if (typeof value !== 'object' || value === null) return 0;
    return 1 + Math.max(0, ...Object.values(value).map(depthOf));
  }
});

describe('readActivity()', () => {
  const alice = 'https://peer.example/users/alice';
  test.each([
    [{ type: 'Follow', actor: alice, object: 'x' }, null],
    [{ type: 'Delete', actor: alice, object: alice }, 'Delete'],
    [{ type: 'Delete', actor: { id: alice }, object: { id: alice, type: 'Tombstone' } }, 'Delete'],
    [{ type: 'Update', actor: alice, object: { id: alice, name: 'A' } }, 'Update'],
    [{ type: 'Delete', actor: alice, object: `${alice}/posts/1` }, null],
    [{ type: 'Delete', actor: alice }, null],
    [{ type: 'Delete', actor: alice, object: [alice, 'x'] }, null],
    [{ type: ['Delete'], actor: alice, object: alice }, null],
    [{ type: 'Block', actor: alice, object: alice }, null],
  ])('%j is news of itself: %s', (activity, ofItself) => {
    expect(readActivity(bytesOf(activity))).toMatchObject({ activity: { actor: alice, ofItself } });
  });
});
