// Log lines: searchable by delivery id in both formats, and not to be forged by what others chose.

import { describe, expect, test } from 'vitest';
import { createLog, type LogSettings } from '../../../home-node/log.ts';

const clock = { now: () => Date.UTC(2026, 10, 23, 7, 30) };

function said(settings: LogSettings, say: (log: ReturnType<typeof createLog>) => void): string[] {
  const lines: string[] = [];
  say(
    createLog(
      () => settings,
      clock,
      (line) => lines.push(line),
    ),
  );
  return lines;
}

describe('a log line', () => {
  test('as text: time, level, what, and the facts beside it', () => {
    const lines = said({ level: 'info', format: 'text' }, (log) =>
      log.warn('Not delivered: the service answered 500', { delivery: '01ABC', sender: 'https://a.example/users/x y' }),
    );
    expect(lines).toEqual([
      '2026-11-23T07:30:00.000Z warn  Not delivered: the service answered 500 delivery=01ABC sender="https://a.example/users/x y"\n',
    ]);
  });

  test('as JSON: one object with the same facts', () => {
    const [line = ''] = said({ level: 'info', format: 'json' }, (log) =>
      log.info('Delivered.', { delivery: '01ABC', waitedMs: 12 }),
    );
    expect(JSON.parse(line)).toEqual({
      time: '2026-11-23T07:30:00.000Z',
      level: 'info',
      message: 'Delivered.',
      delivery: '01ABC',
      waitedMs: 12,
    });
    expect(line.endsWith('}\n')).toBe(true);
  });

  test('cannot be forged by a reason or a field with a line end in it', () => {
    const forged = 'x\n2026-11-23T07:30:00.000Z error All is lost.';
    for (const format of ['text', 'json'] as const) {
      const [line = '', ...more] = said({ level: 'info', format }, (log) => log.info(forged, { sender: forged }));
      expect(more).toEqual([]);
      expect(line.indexOf('\n')).toBe(line.length - 1);
    }
  });

  test('obeys nothing that others chose: no terminal is moved, no name is turned around', () => {
    const evil = 'a\u001b[2J\u009b2J\u202eb\u2028c';
    for (const format of ['text', 'json'] as const) {
      const [line = ''] = said({ level: 'info', format }, (log) => log.info(evil, { sender: evil }));
      expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Zl}\p{Bidi_Control}]/u);
    }
  });

  test('keeps its own time, level and text in JSON, whatever a field is called', () => {
    const [line = ''] = said({ level: 'info', format: 'json' }, (log) =>
      log.info('true', { level: 'error', message: 'false' }),
    );
    expect(JSON.parse(line)).toMatchObject({ level: 'info', message: 'true' });
  });

  test('is left out below the level, which may change while others hold the log', () => {
    const settings = { level: 'warn' as 'warn' | 'debug', format: 'text' as const };
    const lines: string[] = [];
    const log = createLog(
      () => settings,
      clock,
      (line) => lines.push(line),
    );
    log.info('one');
    settings.level = 'debug';
    log.debug('two');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('two');
  });
});
