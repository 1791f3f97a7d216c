// A change of key as home sees it: what the edge may answer, and what a kill may leave behind. test/journey/keys.test.ts
// kills real ones.

import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EdgeRefusal } from '../../../home-node/edge-api/send.ts';
import { type HomeKey, HomeKeys, keyFileName, nextKeyFileName } from '../../../home-node/key.ts';
import { KeyRotation } from '../../../home-node/key-rotation.ts';
import { createLog } from '../../../home-node/log.ts';
import { type KeyChangeReply, makeKeyChange } from '../../../shared/claim/key-change.ts';
import { systemClock } from '../../../shared/clock.ts';
import { PorchlightError } from '../../../shared/errors.ts';

let folder: string;
let keys: HomeKeys;
let rotation: KeyRotation;
let used: HomeKey[];
let redials: number;
let asked: number;
/** What the edge answers next. */
let answer: () => Promise<KeyChangeReply>;

const lies = (name: string): boolean => existsSync(join(folder, name));
const textOf = (name: string): string => readFileSync(join(folder, name), 'utf8');
const refused = (reason: string, status = 409): EdgeRefusal =>
  new EdgeRefusal({ method: 'POST', path: '/.porchlight/v1/key' }, status, reason);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-rotation-'));
  answer = async () => ({ key: 'x', already: false });
  [used, redials, asked] = [[], 0, 0];
  await start();
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A home-node process on the folder. */
async function start(): Promise<void> {
  keys = await HomeKeys.open(folder);
  rotation = new KeyRotation({
    keys,
    log: createLog('error', systemClock, () => undefined),
    observe: () => undefined,
    request: async (from, next) => {
      const meant = { edge: 'https://edge.example', homeId: 'h', from: from.publicKey };
      return await makeKeyChange(meant, next.publicKey, next.privateKey);
    },
    send: async () => {
      asked += 1;
      return await answer();
    },
    use: (key) => used.push(key),
    redial: () => {
      redials += 1;
    },
  });
}

describe('a change of key', () => {
  test('that the edge takes leaves the new key alone, readable by its owner only, and dials anew', async () => {
    const before = keys.current;
    await rotation.rotate();
    expect(keys.current.publicKey).not.toEqual(before.publicKey);
    expect([keys.next, lies(nextKeyFileName), redials]).toEqual([null, false, 1]);
    expect(used).toEqual([keys.current]);
    expect(statSync(join(folder, keyFileName)).mode & 0o777).toBe(0o600);
    expect((await HomeKeys.open(folder)).current.publicKey).toEqual(keys.current.publicKey);
  });

  test.each(['key-taken', 'key-revoked', 'key-not-current', 'key-change-proof', 'revoked', 'no-such-call'])(
    'refused with %s leaves the old key alone',
    async (reason) => {
      const before = textOf(keyFileName);
      answer = async () => await Promise.reject(refused(reason));
      await expect(rotation.rotate()).rejects.toMatchObject({ code: 'key-change-refused' });
      expect([textOf(keyFileName), lies(nextKeyFileName), redials]).toEqual([before, false, 0]);
      rotation.onOpen();
      expect(asked).toBe(1);
    },
  );

  test.each([
    ['the link is not open', new PorchlightError('link-not-open', 'Cannot call.')],
    ['the edge is away', new PorchlightError('edge-unreachable', 'Cannot call.')],
    ['something else answers', refused('not-from-the-edge', 403)],
    ['the session has ended', refused('no-session', 401)],
  ])('keeps both keys while %s, and is made when the link opens', async (_, thrown) => {
    answer = async () => await Promise.reject(thrown);
    await expect(rotation.rotate()).rejects.toMatchObject({ code: 'key-change-open' });
    const next = textOf(nextKeyFileName);
    answer = async () => ({ key: 'x', already: false });
    rotation.onOpen();
    await expect.poll(() => lies(nextKeyFileName)).toBe(false);
    expect(textOf(keyFileName)).toBe(next);
  });

  test('asked for twice at once is one change', async () => {
    await Promise.all([rotation.rotate(), rotation.rotate()]);
    expect([asked, redials, keys.next]).toEqual([1, 1, null]);
  });

  test('whose call ended with its link is asked again on the next one', async () => {
    let end: (thrown: Error) => void = () => undefined;
    answer = async () => await new Promise((_, reject) => (end = reject));
    const rotated = rotation.rotate();
    await expect.poll(() => asked).toBe(1);
    answer = async () => ({ key: 'x', already: true });
    rotation.onOpen();
    end(new PorchlightError('link-not-open', 'Cannot call.'));
    await rotated;
    expect([asked, keys.next]).toEqual([2, null]);
  });
});

describe('after a kill in between', () => {
  test('home that is refused dials with the next key, and when that opens the link it is the only one', async () => {
    await keys.makeNext();
    const next = textOf(nextKeyFileName);
    await start();
    expect(rotation.onRefused('proof-refused')).toBe(true);
    expect(used.at(-1)).toBe(keys.next);
    rotation.onOpen();
    expect([textOf(keyFileName), lies(nextKeyFileName), asked]).toEqual([next, false, 0]);
  });

  test('the old key opening the link is told again with the same next one, not dropped', async () => {
    await keys.makeNext();
    const next = textOf(nextKeyFileName);
    await start();
    rotation.onOpen();
    await expect.poll(() => lies(nextKeyFileName)).toBe(false);
    expect([textOf(keyFileName), asked, redials]).toEqual([next, 1, 1]);
  });

  test('both are tried in turn when the edge knows neither, and none is lost', async () => {
    await keys.makeNext();
    await start();
    for (let n = 0; n < 5; n++) expect(rotation.onRefused('proof-refused')).toBe(true);
    expect(used.map((key) => key === keys.next)).toEqual([true, false, true, false, true]);
    expect([lies(keyFileName), lies(nextKeyFileName)]).toEqual([true, true]);
  });

  test('nothing is tried for another reason, or when there is no next key', async () => {
    expect(rotation.onRefused('proof-refused')).toBe(false);
    await keys.makeNext();
    for (const code of ['revoked', 'superseded', 'link-lost', 'unknown-home']) {
      expect(rotation.onRefused(code)).toBe(false);
    }
    expect(used).toEqual([]);
  });
});
