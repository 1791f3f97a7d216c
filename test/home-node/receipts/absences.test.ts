// The record of absences: what home was away for, by its own notes, and what it was not.

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLog } from '../../../home-node/log.ts';
import { AbsenceFile } from '../../../home-node/receipts/absence-file.ts';
import { AbsenceWatch } from '../../../home-node/receipts/absence-watch.ts';
import {
  current,
  gapMs,
  missed,
  putOff,
  type ServiceRecord,
  slackMs,
  unseen,
  wasAway,
} from '../../../home-node/receipts/absences.ts';

const minute = 60_000;
const hour = 60 * minute;
const evening = Date.UTC(2026, 10, 20, 22, 0, 0);
const morning = evening + 9 * hour;

/** A note each minute from `from` until `to`. */
function awake(record: ServiceRecord, from: number, to: number): ServiceRecord {
  let noted = record;
  for (let at = from; at <= to; at += minute) noted = current(noted, at, 0);
  return noted;
}

describe('the record of a service', () => {
  const day = awake(awake(unseen, evening - 8 * hour, evening), morning, morning + 2 * hour);
  const now = morning + 2 * hour;

  test('holds the night, and not the days around it', () => {
    expect(wasAway(day, evening + hour, now)).toBe(true);
    expect(wasAway(day, morning - 1, now)).toBe(true);
    expect(wasAway(day, evening - slackMs - 1, now)).toBe(false);
    expect(wasAway(day, morning + slackMs + 1, now)).toBe(false);
    expect(wasAway(day, now, now)).toBe(false);
  });

  test('holds whatever came before the first note, because nothing was taken then', () => {
    expect(wasAway(unseen, evening, now)).toBe(true);
    expect(wasAway(day, evening - 9 * hour, now)).toBe(true);
  });

  test('holds an absence that lasts: while what came in the night is being taken, nothing was noted', () => {
    const still = awake(unseen, evening - hour, evening);
    expect(wasAway(still, evening + hour, morning)).toBe(true);
    expect(wasAway(still, evening - slackMs - 1, morning)).toBe(false);
    expect(wasAway(still, evening + 1, evening + gapMs)).toBe(false);
  });

  test('takes a note that is some minutes late for no absence', () => {
    const late = current(awake(unseen, evening - hour, evening), evening + gapMs, 0);
    expect(late.absences).toHaveLength(1);
  });

  test('holds the time for which a service put a delivery off that came in time, from its arrival on', () => {
    const arrival = now - 50 * minute;
    const tries = [1_000, 5 * minute, 20 * minute, 50 * minute];
    const later = tries.reduce((record, after) => putOff(record, arrival, arrival + after, 0), day);
    expect(wasAway(later, arrival, now + hour)).toBe(true);
    // What came behind it had to wait as long.
    expect(wasAway(later, arrival + 40 * minute, now + hour)).toBe(true);
    expect(wasAway(later, arrival - slackMs - 1, now + hour)).toBe(false);
    expect(wasAway(day, arrival, now)).toBe(false);
  });

  test('does not begin when the edge says that something arrived long ago that is put off only now', () => {
    expect(putOff(day, now - 50 * minute, now, 0)).toEqual(day);
    // Nor does an absence reach back further, however often that is tried.
    const edges = [evening - slackMs, evening - 2 * slackMs, evening - 3 * slackMs, evening - 4 * slackMs];
    const pushed = edges.reduce((record, at) => putOff(record, at, now, 0), day);
    expect(wasAway(pushed, evening + hour, now)).toBe(true);
    expect(wasAway(pushed, evening - slackMs - 1, now)).toBe(false);
  });

  test('holds what home itself wants again', () => {
    const again = missed(day, now - 50 * minute, now, 0);
    expect(wasAway(again, now - 40 * minute, now + hour)).toBe(true);
    expect(wasAway(again, now - hour, now + hour)).toBe(false);
  });

  test('forgets what ended long ago', () => {
    const kept = current(day, now + hour, now - hour);
    expect(wasAway(kept, evening + hour, now + hour)).toBe(false);
  });

  test('holds no time to come when the clock was set back', () => {
    const back = current(day, evening + 3 * hour, 0);
    expect(back.currentAt).toBe(evening + 3 * hour);
    expect(wasAway(back, evening - hour, evening + 3 * hour + minute)).toBe(false);
  });

  test('has spans in order and apart, whatever happens', () => {
    const deed = fc.tuple(fc.boolean(), fc.nat(1_000_000_000), fc.nat(1_000_000_000));
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 40 }), (deeds) => {
        const record = deeds.reduce(
          (one, [isNote, at, other]) => (isNote ? current(one, at, 0) : putOff(one, Math.min(at, other), at, 0)),
          unseen,
        );
        for (const [number, [from, to]] of record.absences.entries()) {
          expect(from).toBeLessThanOrEqual(to);
          const before = record.absences[number - 1];
          if (before !== undefined) expect(from).toBeGreaterThan(before[1]);
        }
      }),
    );
  });
});

describe('the file of absences', () => {
  let folder: string;
  let path: string;
  const lines: string[] = [];
  const log = createLog(
    () => ({ level: 'debug', format: 'text' }),
    { now: () => evening },
    (line) => lines.push(line),
  );
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'porchlight-absences-'));
    path = join(folder, 'absences.json');
    lines.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const month = 31 * 24 * hour;

  test('knows after a crash from when on home was away, some minutes early at most', () => {
    const before = new AbsenceFile(path, log, month);
    for (let at = evening - hour; at <= evening; at += minute) before.current(['social'], at);
    const after = new AbsenceFile(path, log, month);
    expect(after.wasAway('social', evening + hour, morning)).toBe(true);
    expect(after.wasAway('social', evening - 12 * minute, morning)).toBe(false);
    after.current(['social'], morning);
    const again = new AbsenceFile(path, log, month);
    expect(again.wasAway('social', evening + hour, morning + hour)).toBe(true);
    expect(again.wasAway('other', evening + hour, morning + hour)).toBe(true);
  });

  test('writes an absence at once, and otherwise now and then', () => {
    const file = new AbsenceFile(path, log, month);
    file.current(['social'], evening);
    const written = readFileSync(path, 'utf8');
    file.current(['social'], evening + minute);
    expect(readFileSync(path, 'utf8')).toBe(written);
    file.current(['social'], evening + 6 * minute);
    expect(readFileSync(path, 'utf8')).not.toBe(written);
    file.putOff('social', evening + 6 * minute, evening + 7 * minute);
    file.close(evening + 8 * minute);
    expect(new AbsenceFile(path, log, month).wasAway('social', evening + 7 * minute, evening + 8 * minute)).toBe(true);
  });

  test('is not written for each delivery that is put off', () => {
    const file = new AbsenceFile(path, log, month);
    const inodes = new Set<number>();
    for (let at = evening; at < evening + minute; at += 100) {
      file.putOff('social', at - minute, at);
      inodes.add(statSync(path).ino);
    }
    expect(inodes.size).toBe(1);
    expect(file.wasAway('social', evening + minute - 100, evening + minute)).toBe(true);
    // The service is not current yet: the watch brings it to the disk nevertheless.
    file.current([], evening + minute);
    expect(JSON.parse(readFileSync(path, 'utf8')).social.absences[0][1]).toBe(evening + minute - 100);
  });

  test('has at once what an owner wants again, all since a time over restarts, one delivery for now', () => {
    const file = new AbsenceFile(path, log, month);
    for (let at = evening - hour; at <= evening; at += minute) file.current(['social'], at);
    const some = evening - 30 * minute;
    expect(file.wasAway('social', some, evening)).toBe(false);
    file.wantedAgain(some);
    expect(file.wasAway('social', some, evening)).toBe(true);
    expect(file.wasAway('social', some + 1, evening)).toBe(false);
    file.missed([{ name: 'social' }], some, evening);
    const after = new AbsenceFile(path, log, month);
    expect(after.wasAway('social', some + 1, evening)).toBe(true);
    expect(after.wasAway('social', some - slackMs - 1, evening)).toBe(false);
  });

  test('that cannot be read is said, and counts as if home had never been there', () => {
    writeFileSync(path, '{');
    expect(new AbsenceFile(path, log, month).wasAway('social', evening, morning)).toBe(true);
    expect(lines.join('')).toContain('Cannot read');
  });

  test.each([
    '[]',
    '{"social":5}',
    '{"social":{"currentAt":"now","absences":[]}}',
    '{"social":{"currentAt":1,"absences":[[1]]}}',
  ])('of another shape says nothing, and everything is an absence: %s', (text) => {
    writeFileSync(path, text);
    const file = new AbsenceFile(path, log, month);
    expect(lines.join('')).toContain('Cannot read all of');
    expect(file.wasAway('social', evening, morning)).toBe(true);
    file.current(['social'], morning);
    expect(file.wasAway('social', evening, morning)).toBe(true);
  });

  test('is kept by a watch that notes what is current, and no more once it is stopped', async () => {
    const file = new AbsenceFile(path, log, month);
    const asked: string[] = [];
    const clock = { now: () => Date.now() };
    const isCurrent = (name: string): boolean => {
      asked.push(name);
      return name === 'social';
    };
    const watch = new AbsenceWatch({
      clock,
      absences: file,
      services: ['social', 'videos'],
      isCurrent,
      lookEveryMs: 1,
    });
    watch.start();
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(4));
    watch.stop();
    expect(Object.keys(JSON.parse(readFileSync(path, 'utf8')) as object)).toEqual(['social']);
    const { length } = asked;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(asked).toHaveLength(length);
  });
});
