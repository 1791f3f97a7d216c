import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPublicAddress } from '../../../edge/http/public-address.ts';

const byte = fc.integer({ min: 0, max: 255 });

describe('isPublicAddress()', () => {
  test.each([
    '1.1.1.1',
    '9.255.255.255',
    '11.0.0.0',
    '93.184.215.14',
    '100.63.255.255',
    '100.128.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '192.167.255.255',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '2606:2800:21f:cb07:6820:80da:af6b:8b2c',
    '2606:4700:4700::1111',
    '2A00:1450::',
    '2001:200::1',
    '3ffe:ffff::1',
  ])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  test.each([
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '100.64.0.1',
    '100.127.255.255',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.8',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.0.1',
    '198.18.0.1',
    '198.19.255.255',
    '198.51.100.7',
    '203.0.113.9',
    '224.0.0.1',
    '239.255.255.250',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:93.184.215.14',
    '::ffff:5db8:d70e',
    '::93.184.215.14',
    '64:ff9b::7f00:1',
    '64:ff9b::93.184.215.14',
    '64:ff9b:1::1',
    '100::1',
    '2001::1',
    '2001:0:7f00:1::',
    '2001:db8::1',
    '2001:1ff::1',
    '2002:7f00:1::1',
    '3fff:fff::1',
    '5f00::1',
    'fc00::1',
    'fd12:3456:789a::1',
    'fe80::1',
    'febf::1',
    'fec0::1',
    'ff02::1',
  ])('%s is not public', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  test.each([
    '',
    'example.com',
    '1.1.1',
    '1.1.1.1.1',
    '1.1.1.256',
    '01.1.1.1',
    '0x1.1.1.1',
    '16843009',
    '1.1.1.1 ',
    '2606::4700::1',
    '2606:4700',
    '2606:4700:0:0:0:0:0:0:0',
    '2606:4700:0:0:0:0:0::0:0',
    '2606:47000::1',
    '[2606:4700::1]',
    '2606:4700::1%eth0',
    '2606:4700::1.1.1',
    '2606:1.1.1.1::',
    ':2606::1',
  ])('%j is no address, and therefore not public', (text) => {
    expect(isPublicAddress(text)).toBe(false);
  });

  test('nothing from a private range passes, in any of its spellings', () => {
    const privates = fc.oneof(
      fc.tuple(fc.constantFrom(0, 10, 127), byte, byte, byte),
      fc.tuple(fc.constant(192), fc.constant(168), byte, byte),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), byte, byte),
      fc.tuple(fc.constant(169), fc.constant(254), byte, byte),
      fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), byte, byte),
      fc.tuple(fc.integer({ min: 224, max: 255 }), byte, byte, byte),
    );
    fc.assert(
      fc.property(privates, (bytes) => {
        const dotted = bytes.join('.');
        const hex = bytes.map((each) => each.toString(16).padStart(2, '0'));
        const groups = `${hex[0]}${hex[1]}:${hex[2]}${hex[3]}`;
        for (const spelled of [
          dotted,
          `::ffff:${dotted}`,
          `::ffff:${groups}`,
          `64:ff9b::${groups}`,
          `2002:${groups}::`,
        ]) {
          expect(isPublicAddress(spelled)).toBe(false);
        }
      }),
    );
  });

  test('an IPv6 address outside of 2000::/3 is never public', () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const address = groups.map((each) => each.toString(16)).join(':');
        if (isPublicAddress(address)) expect((groups[0] ?? 0) >> 13).toBe(1);
      }),
      { numRuns: 500 },
    );
  });
});
