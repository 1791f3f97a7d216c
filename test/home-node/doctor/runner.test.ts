// The doctor itself: no check can spoil another, a home without a network has one trouble, and what could not be checked
// is said.

import { describe, expect, test } from 'vitest';
import type { Check, Finding } from '../../../home-node/doctor/check.ts';
import { well } from '../../../home-node/doctor/check.ts';
import { allChecks } from '../../../home-node/doctor/checks/index.ts';
import { runDoctor } from '../../../home-node/doctor/doctor.ts';
import type { DoctorPorts } from '../../../home-node/doctor/ports.ts';
import { limits } from '../../../shared/limits.ts';
import { answerOf, edgePorts, examOf, portsOf, production, theEdge } from './exams.ts';

const failed = (code: string): Error => Object.assign(new Error(`it failed with ${code}`), { code });

function check(name: string, run: () => Promise<readonly ReturnType<typeof well>[]>): Check {
  return { name, about: name, needs: 'nothing', run };
}

const good = check('good', async () => await Promise.resolve([well('x', 'fine')]));

function verdicts(findings: readonly Finding[]): Record<string, string> {
  return Object.fromEntries(findings.map(({ check: name, verdict }) => [name, verdict]));
}

describe('a check', () => {
  test('that throws is said to be unchecked, and the others go on', async () => {
    const bad = check('bad', async () => await Promise.reject(new Error('a bug')));
    const findings = await runDoctor({ exam: examOf(null), ports: portsOf(), checks: [bad, good] });
    expect(verdicts(findings)).toEqual({ bad: 'unchecked', good: 'well' });
    expect(findings[0]).toMatchObject({
      found: expect.stringContaining('a bug'),
      cure: expect.stringContaining('report'),
    });
  });

  test('that never ends is ended, by limits.doctorCheckMs if nothing else is said', async () => {
    const endless = check('endless', async () => await new Promise(() => undefined));
    const findings = await runDoctor({ exam: examOf(null), ports: portsOf(), checks: [endless, good], checkMs: 20 });
    expect(verdicts(findings)).toEqual({ endless: 'unchecked', good: 'well' });
    expect(limits.doctorAskMs).toBeLessThan(limits.doctorCheckMs);
  });

  test('is told as soon as it is done, and all are in their order in the end', async () => {
    let finish: () => void = () => undefined;
    const slow = check('slow', async () => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return [well('x', '')];
    });
    const told: string[] = [];
    const onFindings = (findings: readonly Finding[]): void => {
      told.push(...findings.map((finding) => finding.check));
      if (told.includes('good')) finish();
    };
    const findings = await runDoctor({ exam: examOf(null), ports: portsOf(), checks: [slow, good], onFindings });
    expect(told).toEqual(['good', 'slow']);
    expect(findings.map((finding) => finding.check)).toEqual(['slow', 'good']);
  });
});

describe('without a config', () => {
  test('what needs it is unchecked, and nobody is asked', async () => {
    const disk = async () => await Promise.resolve({ freeBytes: 1e12, freeInodes: null });
    const findings = await runDoctor({ exam: examOf(null), ports: portsOf({ disk }), checks: allChecks });
    const found = verdicts(findings);
    expect(found).toMatchObject({
      config: 'fault',
      disk: 'well',
      node: 'warning',
      edge: 'unchecked',
      key: 'unchecked',
    });
    expect(Object.values(found).filter((verdict) => verdict === 'fault')).toHaveLength(1);
    expect(findings.find((finding) => finding.check === 'edge')?.found).toBe('porchlight.toml cannot be read');
  });
});

describe('the network', () => {
  const disk: DoctorPorts['disk'] = async () => await Promise.resolve({ freeBytes: 1e12, freeInodes: null });
  const network = allChecks.filter(({ needs }) => needs === 'network').map(({ name }) => name);

  async function examined(lookupCode: string, askCode: string): Promise<readonly Finding[]> {
    const ports = portsOf({
      disk,
      lookup: async () => await Promise.reject(failed(lookupCode)),
      ask: async () => await Promise.reject(failed(askCode)),
    });
    return await runDoctor({ exam: examOf(production), ports, checks: allChecks });
  }

  test.each([
    ['ETIMEOUT', 'EAI_AGAIN'],
    ['ECONNREFUSED', 'ENOTFOUND'],
    ['ETIMEOUT', 'ENETUNREACH'],
    ['ETIMEOUT', 'ABORT_ERR'],
  ])('that is not there (%s, %s) is one fault, not one for every name', async (lookupCode, askCode) => {
    const findings = await examined(lookupCode, askCode);
    expect(findings.filter(({ check: name }) => name === 'network')).toEqual([
      expect.objectContaining({ verdict: 'fault', cure: expect.stringContaining('connected') }),
    ]);
    const rest = findings.filter(({ check: name }) => network.includes(name));
    expect(rest.map(({ check: name }) => name)).toEqual(network);
    expect(rest.every(({ verdict, found }) => verdict === 'unchecked' && found === 'there is no network')).toBe(true);
  });

  test.each([
    ['ENOTFOUND', 'ENOTFOUND'],
    ['ESERVFAIL', 'EAI_AGAIN'],
    ['ETIMEOUT', 'ECONNREFUSED'],
    ['ETIMEOUT', 'CERT_NOT_YET_VALID'],
  ])('is there when anybody at all answered (%s, %s)', async (lookupCode, askCode) => {
    const findings = await examined(lookupCode, askCode);
    expect(findings.some(({ check: name }) => name === 'network')).toBe(false);
    expect(findings.find(({ check: name }) => name === 'edge')?.verdict).toBe('fault');
  });

  test('nothing is asked of a host twice that every check needs to know', async () => {
    let asked = 0;
    const ports = portsOf({
      disk,
      lookup: async () => await Promise.resolve(['104.16.0.1']),
      ask: async ({ target }) => {
        if (target === '/.porchlight/v1/edge') asked += 1;
        return await Promise.resolve(answerOf(200, theEdge));
      },
    });
    await runDoctor({ exam: examOf(production), ports, checks: allChecks });
    expect(asked).toBe(1);
  });

  test('an edge that goes away in between leaves its checks unchecked, not at fault', async () => {
    const ports = edgePorts(async () => await Promise.reject(failed('ECONNRESET')), { disk });
    const found = verdicts(await runDoctor({ exam: examOf(production), ports, checks: allChecks }));
    for (const name of ['edge', 'clock', 'addresses', 'callers', 'fediverse']) expect(found[name]).toBe('unchecked');
  });
});
