// The edge's lines: JSON whatever is in them, each by itself.

import { afterEach, expect, test, vi } from 'vitest';
import { say } from '../../edge/log.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('a line is JSON with its event first, at its level, and reads as what was said', () => {
  const lines: unknown[] = [];
  vi.spyOn(console, 'warn').mockImplementation((line) => void lines.push(line));
  const fields = { delivery: 'd1', path: '/a"b', bodies: 3, undecided: null };
  say('warn', 'inbox-refused', fields);
  const [line] = lines;
  expect(line).toMatch(/^\{"event":"inbox-refused","delivery":"d1"/);
  expect(JSON.parse(String(line))).toEqual({ event: 'inbox-refused', ...fields });
});

test('what others chose begins no line, moves no cursor and turns no letters around, and is still what it was', () => {
  const lines: unknown[] = [];
  vi.spyOn(console, 'info').mockImplementation((line) => void lines.push(line));
  const path = '/x\r\n{"event":"delivery-stored"}\u001b[2J\u009b2J\u007f\u2028\u202egro.live';
  say('info', 'delivery-stored', { path });
  const line = String(lines[0]);
  expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
  expect(JSON.parse(line)).toEqual({ event: 'delivery-stored', path });
});
