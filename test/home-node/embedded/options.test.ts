// The command line of the embedded home.

import { describe, expect, test } from 'vitest';
import { readOptions } from '../../../home-node/embedded/options.ts';

const needed = [
  '--folder',
  '/srv/home',
  '--origin',
  'https://example.org',
  '--receipt-secret-file',
  '/srv/home/secret',
];

describe('the options of the embedded home', () => {
  test('need a folder, an origin and a secret, and have a default for the rest', () => {
    expect(readOptions(needed)).toEqual({
      folder: '/srv/home',
      port: 0,
      origin: 'https://example.org',
      handleHost: 'example.org',
      handle: 'owner',
      title: 'example.org',
      language: 'en',
      receiptSecretFile: '/srv/home/secret',
      allowPrivateAddresses: false,
      tethered: false,
      logLevel: 'info',
    });
    for (const at of [0, 2, 4]) expect(() => readOptions(needed.toSpliced(at, 2))).toThrow(/is missing/);
  });

  test.each([
    [['--origin', 'http://example.org'], /wanted https/],
    [['--origin', 'https://example.org/path'], /wanted a scheme and a host/],
    [['--origin', 'ftp://example.org', '--allow-private-addresses'], /wanted https/],
    [['--port', '70000'], /wanted 0 to 65535/],
    [['--handle', 'a b'], /letters, digits/],
    [['--log', 'loud'], /wanted one of/],
    [['--receipt-secret', 'x'], /Unknown option/],
  ])('are refused as %j, with the usage', (args, message) => {
    expect(() => readOptions([...needed, ...args])).toThrow(message);
    expect(() => readOptions([...needed, ...args])).toThrow(/start it as/);
  });

  test('allow plain HTTP in development', () => {
    const options = readOptions([...needed, '--origin', 'http://localhost:8787', '--allow-private-addresses']);
    expect(options).toMatchObject({ origin: 'http://localhost:8787', handleHost: 'localhost:8787' });
  });
});
