// What an edge says in a refusal is shown to the owner: nothing in it is obeyed by a terminal, nor forges a line.

import { expect, test } from 'vitest';
import { type EdgeReply, refusalOf } from '../../../home-node/edge-api/send.ts';

function reply(problem: object): EdgeReply {
  return { status: 403, body: new TextEncoder().encode(JSON.stringify(problem)), edgeTime: null };
}

const request = { method: 'POST', path: '/x' };

test('a refusal is told by its code and its detail', () => {
  const told = refusalOf(request, reply({ code: 'claim-refused', detail: 'It is used.' }));
  expect(told).toMatchObject({ reason: 'claim-refused', detail: 'It is used.' });
});

test.each(['\u001b[2J', 'a\nCannot', '\u202Eedoc', 'x'.repeat(65), '', 7])('%j is no code of an edge', (code) => {
  expect(refusalOf(request, reply({ code })).reason).toBe('not-from-the-edge');
});

test('a detail stays on its line and is at most 500 characters', () => {
  const { message } = refusalOf(
    request,
    reply({ code: 'x', detail: `a\nerror \u009b2J\u001b]0;t\u0007${'y'.repeat(900)}` }),
  );
  expect(message).not.toMatch(/\p{Cc}/u);
  expect(message.length).toBeLessThan(600);
});
