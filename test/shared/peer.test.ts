// Among whom room is shared: a server is one, however its people's addresses are written.

import { expect, test } from 'vitest';
import { peerOf } from '../../shared/peer.ts';

test.each([
  'https://Peer.example/users/a',
  'http://peer.example/users/b?c#d',
  // As parsers of URLs take them: whoever writes its own ids could be as many servers as it likes.
  'https:peer.example/users/1',
  'https:///peer.example/users/2',
  'https:\\\\peer.example\\users\\3',
  'https://peer.example\\users\\4',
  'https://5@peer.example/users/5',
])('%s is of peer.example', (sender) => {
  expect(peerOf(sender)).toBe('peer.example');
});

test('whoever says to be of a server and did not prove it shares room with its like, and with nobody of that server', () => {
  const unproven = ['a', 'b'].map((name) => peerOf(`unproven https://peer.example/users/${name}`));
  expect(new Set(unproven).size).toBe(1);
  expect(unproven).not.toContain(peerOf('https://peer.example/users/a'));
});

test.each(['matrix.example', 'matrix.example:8448', '', 'https://', 'unproven x'])('%j is its own', (sender) => {
  expect(peerOf(sender)).toBe(sender);
});

test('two hosts are two', () => {
  expect(peerOf('https://a.example/x')).not.toBe(peerOf('https://b.example/x'));
  expect(peerOf('https://a.example:8080/x')).toBe('a.example:8080');
});
