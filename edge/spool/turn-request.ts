// Reads a turn as home sent it. Signed by home, and still checked: one malformed answer must not reach a statement.

import type { Answer } from '../../shared/delivery.ts';
import { PorchlightError } from '../../shared/errors.ts';
import type { TurnRequest } from '../../shared/lease/messages.ts';

/** Answers, renewals and services in one turn; far more than leases can be open. */
const mostItems = 4096;

/** Throws `turn-malformed`. */
export function readTurnRequest(bytes: Uint8Array): TurnRequest {
  const request = fieldsOf(parse(bytes), 'it');
  const answers = listOf(request.answers, 'answers').map(readAnswer);
  const renew = listOf(request.renew, 'renew').map((name) => textOf(name, 'a lease'));
  const services = listOf(request.services, 'services').map((name) => textOf(name, 'a service'));
  const max = countOf(request.max, 'max');
  // A home of the version before does not say it.
  if (request.enough === undefined) return { answers, renew, services, max };
  return { answers, renew, services, max, enough: listOf(request.enough, 'enough').map(readPeer) };
}

function readPeer(given: unknown): { service: string; peer: string } {
  const { service, peer } = fieldsOf(given, 'a server');
  return { service: textOf(service, 'its service'), peer: textOf(peer, 'its name') };
}

function readAnswer(given: unknown): Answer {
  const fields = fieldsOf(given, 'an answer');
  const at = { seq: countOf(fields.seq, 'seq'), id: textOf(fields.id, 'id') };
  const outcome = fields.outcome;
  switch (outcome) {
    case 'delivered':
    case 'released':
      return { ...at, outcome };
    case 'dead':
      return { ...at, outcome, reason: textOf(fields.reason, 'reason') };
    case 'later': {
      const reason = textOf(fields.reason, 'reason');
      const asked = fields.retryAfterMs;
      return asked === undefined
        ? { ...at, outcome, reason }
        : { ...at, outcome, reason, retryAfterMs: countOf(asked, 'retryAfterMs') };
    }
    default:
      throw malformed('an outcome is none of delivered, later, dead, released');
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (thrown) {
    throw malformed('it is not JSON', thrown);
  }
}

function fieldsOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(`${what} is not an object`);
  return value as Record<string, unknown>;
}

function listOf(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw malformed(`${what} is not a list`);
  if (value.length > mostItems) throw malformed(`${what} has ${value.length} items, ${mostItems} are allowed`);
  return value;
}

function textOf(value: unknown, what: string): string {
  if (typeof value !== 'string') throw malformed(`${what} is not a text`);
  return value;
}

function countOf(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw malformed(`${what} is not a whole number from 0 on`);
  }
  return value;
}

function malformed(found: string, cause?: unknown): PorchlightError {
  return new PorchlightError(
    'turn-malformed',
    `Cannot read the turn: ${found}; home and edge must speak one version.`,
    {
      cause,
    },
  );
}
