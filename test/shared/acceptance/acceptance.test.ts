import { describe, expect, test } from 'vitest';
import type { Acceptance } from '../../../shared/acceptance/acceptance.ts';
import { acceptanceOf } from '../../../shared/acceptance/of-service.ts';
import { acceptances } from '../../../shared/acceptance/profiles.ts';
import { readAcceptance } from '../../../shared/acceptance/read.ts';
import { limits } from '../../../shared/limits.ts';

const profiles = Object.entries(acceptances) as [string, Acceptance][];
const wrong = (at: string, expected: string): never => {
  throw new Error(`${at} is not ${expected}`);
};
const read = (value: unknown): Acceptance => readAcceptance(JSON.parse(JSON.stringify(value)), 'accepts', wrong);

describe('every profile', () => {
  test.each(profiles)('%s comes through a snapshot as it is', (_, accepts) => {
    expect(read(accepts)).toEqual(accepts);
  });

  test.each(profiles)('%s takes what nearly everybody sends, and no more than the edge does itself', (_, accepts) => {
    const { cavage, bodyBytes, jsonDepth } = accepts;
    expect(cavage?.algorithms).toContain('rsa-v1_5-sha256');
    expect(cavage?.named).toEqual(expect.arrayContaining(['rsa-sha256', 'hs2019']));
    expect([cavage?.times.includes('date'), cavage?.digests.includes('SHA-256')]).toEqual([true, true]);
    expect(bodyBytes).toBeLessThanOrEqual(limits.inboxBodyBytes);
    expect(jsonDepth).toBeLessThanOrEqual(limits.jsonDepth);
  });
});

describe('acceptanceOf()', () => {
  test('a home of an earlier version says kinds only: all of them that the edge can verify', () => {
    expect(acceptanceOf({ signatures: ['cavage', 'rfc9421'] })).toEqual(acceptances.both);
    expect(acceptanceOf({ signatures: ['cavage'] })).toEqual(acceptances.cavage);
    expect(acceptanceOf({ signatures: [] })).toMatchObject({ cavage: null, rfc9421: null });
  });

  test('settings that name fewer kinds than the software can verify hold', () => {
    const { mastodon } = acceptances;
    expect(acceptanceOf({ signatures: ['cavage'], accepts: mastodon })).toEqual({ ...mastodon, rfc9421: null });
    expect(acceptanceOf({ signatures: ['cavage', 'rfc9421'], accepts: acceptances.gotosocial }).rfc9421).toBe(null);
  });
});

describe('readAcceptance()', () => {
  test('leaves out what only a newer home knows, and so accepts none of it', () => {
    const { cavage } = acceptances.both;
    const newer = {
      ...acceptances.both,
      cavage: { ...cavage, algorithms: ['ed25519', 'ml-dsa-65'], more: 1 },
      more: 1,
    };
    expect(read(newer)).toEqual({ ...acceptances.both, cavage: { ...cavage, algorithms: ['ed25519'] } });
    expect(read({ ...acceptances.both, cavage: { ...cavage, spelling: 'of tomorrow' } }).cavage?.spelling).toBe(
      'plain',
    );
  });

  test.each<[string, unknown]>([
    ['accepts is not an object', 'both'],
    ['accepts.bodyBytes is not a whole number', { ...acceptances.both, bodyBytes: 0 }],
    ['accepts.jsonDepth is not a whole number', { ...acceptances.both, jsonDepth: 1.5 }],
    ['accepts.cavage is not an object', { ...acceptances.both, cavage: undefined }],
    ['accepts.cavage.named is not a list', { ...acceptances.both, cavage: { ...acceptances.both.cavage, named: 'x' } }],
    ['accepts.rfc9421.query is not true', { ...acceptances.both, rfc9421: { ...acceptances.both.rfc9421, query: 1 } }],
  ])('refuses it when %s', (said, value) => {
    expect(() => read(value)).toThrowError(said);
  });
});
