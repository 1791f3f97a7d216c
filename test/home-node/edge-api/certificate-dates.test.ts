import { expect, test } from 'vitest';
import { connectionCause, dateTroubleOf } from '../../../home-node/edge-api/certificate-dates.ts';

const clock = { now: () => 12_000 };
const failed = (code: string, message: string): Error => Object.assign(new Error(message), { code });

test('a failure about dates names what home’s clock says, however deep it lies', () => {
  const notYet = failed('CERT_NOT_YET_VALID', 'certificate is not yet valid');
  expect(connectionCause(notYet, clock)).toBe(
    "certificate is not yet valid by home's clock, which says 1970-01-01T00:00:12Z; set the clock if that is wrong",
  );
  expect(dateTroubleOf(new Error('fetch failed', { cause: notYet }))).toBe('not yet valid');
  expect(dateTroubleOf(failed('CERT_HAS_EXPIRED', ''))).toBe('expired');
});

test('any other failure says nothing of the clock', () => {
  for (const thrown of [failed('ECONNREFUSED', 'refused'), new Error('certificate has expired'), 'text', undefined]) {
    expect(dateTroubleOf(thrown)).toBeNull();
    expect(connectionCause(thrown, clock)).not.toContain('clock');
  }
});
