import { describe, expect, test } from 'vitest';
import { keptHeaders } from '../../../edge/activitypub/kept-headers.ts';
import { limits } from '../../../shared/limits.ts';

describe('keptHeaders()', () => {
  test('keeps what the sender meant for the service, in order, with names and values as they came', () => {
    const headers: [string, string][] = [
      ['Host', 'home.example'],
      ['SIGNATURE', ' keyId="k" '],
      ['Content-Type', 'application/activity+json'],
      ['Collection-Synchronization', 'digest="00"'],
      ['X-Twice', '1'],
      ['x-twice', '2'],
      ['Content-Length', '18'],
    ];
    expect(keptHeaders(headers)).toEqual(headers);
  });

  test.each([
    'Authorization',
    'Cookie',
    'Proxy-Authorization',
    'X-Date',
    'Connection',
    'Keep-Alive',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
    'Expect',
    'CF-Connecting-IP',
    'cf-ray',
    'X-Forwarded-For',
    'x-forwarded-host',
    'Forwarded',
    'X-Real-IP',
    'True-Client-IP',
    'CDN-Loop',
    'Porchlight-Receipt',
    'porchlight_receipt',
  ])('drops %s', (name) => {
    expect(keptHeaders([[name, 'x']])).toEqual([]);
  });

  test('drops what Connection names', () => {
    const headers: [string, string][] = [
      ['Connection', 'close, X-Hop'],
      ['connection', 'x-other'],
      ['X-Hop', '1'],
      ['X-Other', '2'],
      ['X-End', '3'],
    ];
    expect(keptHeaders(headers)).toEqual([['X-End', '3']]);
  });

  test('is null above limits.deliveryHeaderBytes, which dropped headers do not count for', () => {
    const overhead = 'x-long'.length + 4;
    const long = (length: number): [string, string] => ['x-long', 'x'.repeat(length)];
    expect(keptHeaders([long(limits.deliveryHeaderBytes - overhead)])).toHaveLength(1);
    expect(keptHeaders([long(limits.deliveryHeaderBytes - overhead + 1)])).toBeNull();
    expect(keptHeaders([['Cookie', 'x'.repeat(limits.deliveryHeaderBytes)]])).toEqual([]);
  });
});
