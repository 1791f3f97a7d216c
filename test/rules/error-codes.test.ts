// Every code that an error can have is in the table, is given somewhere, and is provoked by a test. The compiler holds the
// first; this file sees to it that nobody goes around it.

import { describe, expect, test } from 'vitest';
import { problem } from '../../edge/http/problem.ts';
import { errorGroups, meaningOf } from '../../shared/error-codes.ts';
import { PorchlightError } from '../../shared/errors.ts';
import { type SourceFile, sourceFiles } from './source-files.ts';

const isTable = ({ path }: SourceFile): boolean => /^shared\/error-codes[./]/.test(path);
const product = sourceFiles('edge', 'home-node', 'shared', 'local').filter((file) => !isTable(file));
const tests = sourceFiles('test').filter(({ path }) => !path.startsWith('test/rules/'));
const codes = errorGroups.flatMap((group) => Object.keys(group.codes));

/** An error that a file makes, with the code as it stands there. */
const made = /\b(?:new PorchlightError|PorchlightError\.heard)\(\s*'([^']+)'|\bproblem(?:Of)?\(\s*\d{3},\s*'([^']+)'/g;
const quoted = (text: string): Set<string> =>
  new Set([...text.matchAll(/(['"`])([a-z][a-z-]*)\1/g)].map(([, , code = '']) => code));
const quotedIn = (files: readonly SourceFile[], leftOut: RegExp): Set<string> =>
  quoted(files.map(({ code }) => code.replace(leftOut, ' ')).join('\n'));

describe('error codes', () => {
  test('are each in the table once, in words that say what is and what to do', () => {
    expect(codes.length).toBeGreaterThan(100);
    expect(codes.filter((code, at) => codes.indexOf(code) !== at)).toEqual([]);
    expect(codes.filter((code) => !/^[a-z]+(-[a-z]+)*$/.test(code))).toEqual([]);
    const silent = codes.filter((code) => {
      const meaning = meaningOf(code);
      return meaning === null || !/\S.*\.$/.test(meaning.says) || meaning.do?.trim() === '';
    });
    expect(silent).toEqual([]);
  });

  test('are known to the compiler, with the status that goes with each', () => {
    // @ts-expect-error: no code is called so
    expect(new PorchlightError('nonsense', '').code).toBe('nonsense');
    // @ts-expect-error: no code is called so
    expect(problem(404, 'nonsense').status).toBe(404);
    // @ts-expect-error: it goes with 503
    expect(problem(404, 'asleep').status).toBe(404);
    // @ts-expect-error: strangers are never told so
    expect(problem(404, 'not-running').status).toBe(404);
  });

  test('come from the table alone; only what another program said is taken as it is', () => {
    const casts = product.filter(({ code }) => /\bas (unknown as )?ErrorCode\b|<ErrorCode>/.test(code));
    expect(casts.map(({ path }) => path)).toEqual(['shared/errors.ts']);
    const hearers = product.filter(({ code }) => code.includes('PorchlightError.heard('));
    expect(hearers.map(({ path }) => path)).toEqual(['home-node/control/client.ts', 'home-node/link/dial.ts']);
    const unknown = product.flatMap(({ path, code }) =>
      [...code.matchAll(made)]
        .map(([, thrown, told]) => thrown ?? told ?? '')
        .filter((one) => !codes.includes(one))
        .map((one) => `${path}: ${one}`),
    );
    expect(unknown).toEqual([]);
  });

  test('are given somewhere: one that nothing gives is not explained to anybody', () => {
    // Whoever only compares with a code does not give it.
    const given = quotedIn(product, /\bcase\s+'[^']+':|[!=]==\s*'[^']+'/g);
    expect(codes.filter((code) => !given.has(code))).toEqual([]);
  });

  test('are each provoked by a test, which names what it expects and does not make it itself', () => {
    const provoked = quotedIn(tests, made);
    expect(codes.filter((code) => !provoked.has(code))).toEqual([]);
  });
});
