// What strangers are told when they are refused.

import { describe, expect, test } from 'vitest';
import { problem, problemOf, problemPage } from '../../../edge/http/problem.ts';

describe('problem()', () => {
  test('is problem+json with a stable code, and is never stored', async () => {
    const response = problem(404, 'no-such-call');
    expect(response.status).toBe(404);
    expect(response.headers.get('Content-Type')).toBe('application/problem+json');
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    expect(await response.json()).toEqual({ title: 'Nothing is here.', status: 404, code: 'no-such-call' });
  });

  test('has the headers that its status must have', () => {
    expect(problem(401, 'unproven').headers.get('WWW-Authenticate')).toBe('Signature');
    expect(problem(401, 'not-signed', { challenge: 'Porchlight' }).headers.get('WWW-Authenticate')).toBe('Porchlight');
    expect(problem(405, 'method', { allow: ['GET', 'HEAD'] }).headers.get('Allow')).toBe('GET, HEAD');
    expect(problem(503, 'away', { retryAfterSeconds: 59.2 }).headers.get('Retry-After')).toBe('60');
  });

  test('says a detail only when it is given one', async () => {
    expect(await problem(409, 'config-older', { detail: 'Version 7 is there.' }).json()).toMatchObject({
      detail: 'Version 7 is there.',
    });
  });
});

describe('problemPage()', () => {
  test('is a page that may fetch and run nothing', () => {
    const response = problemPage(503, '<p>asleep</p>', { retryAfterSeconds: 60 });
    expect(response.headers.get('Content-Security-Policy')).toContain("default-src 'none'");
    expect(response.headers.get('Content-Type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('Retry-After')).toBe('60');
  });
});

describe('problemOf()', () => {
  test('answers each refusal with the status that harms nobody', () => {
    const statuses = (['unproven', 'malformed', 'too-large', 'over-quota', 'try-again'] as const).map((kind) => {
      const { status, headers } = problemOf(kind, 60);
      return [status, headers.get('Retry-After')];
    });
    expect(statuses).toEqual([
      [401, null],
      [400, null],
      [413, null],
      [429, '60'],
      [503, '60'],
    ]);
  });
});
