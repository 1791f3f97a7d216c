// Does an address reach the edge as it was sent? Signatures cover path and query; Cloudflare's "Normalize incoming URLs"
// rewrites both before a Worker sees them (developers.cloudflare.com/rules/normalization/how-it-works), and what was
// signed in another spelling no longer verifies.

import { inShort, jsonOf } from '../answers.ts';
import { type Check, type ConfiguredExam, fault, type Result, unchecked, well } from '../check.ts';
import { originOf } from '../exam.ts';
import type { DoctorPorts } from '../ports.ts';
import { questionFailed, whyOutOfReach } from '../reach.ts';

const echoPath = '/.porchlight/v1/echo/';

/**
 * Spellings that a Worker's own URL (WHATWG) leaves alone, so that whatever comes back changed was changed on the way.
 * Dot segments are not among them: every URL parser takes those out.
 */
const spellings: readonly (readonly [what: string, target: string])[] = [
  ['two slashes in a row are made one', 'a//b'],
  ['encoded letters and digits are decoded', '%41%7a%30'],
  ['encoded - _ ~ are decoded', '%2D%5F%7E'],
  ['an encoded dot is decoded', 'a%2Eb'],
  ['lower-case hexadecimal is made upper-case', '%c3%a9'],
  ['an encoded slash or colon is decoded', 'a%2fb%3Ac'],
  ['dots at an end are taken away', 'dot./...x.'],
  ['signs that need no encoding are encoded', ":@!$'()*,;=+"],
  ['the query is changed', '?b=2&a=1&b=+&c=%20&d=%7E&e'],
];
const allAtOnce = `a//b/%41%7a%30/%2D%5F%7E/a%2Eb/%c3%a9/a%2fb%3Ac/dot./...x./:@!$'()*,;=+?b=2&a=1&b=+&c=%20&d=%7E&e`;

const cure =
  'Signatures of some senders fail by it. At Cloudflare, in the settings of the zone under Rules, URL normalization: switch "Normalize incoming URLs" off (by its API: PUT /zones/ZONE/url_normalization with {"scope": "none", "type": "rfc3986"}). If it is off, look for a rewriting rule or proxy before the edge.';

export const addressesCheck: Check = {
  name: 'addresses',
  about: 'whether addresses reach the edge unchanged',
  needs: 'network',
  run: async (exam, ports) => await Promise.all(exam.hosts.map(async (host) => await hostResult(host, exam, ports))),
};

async function hostResult(host: string, exam: ConfiguredExam, ports: DoctorPorts): Promise<Result> {
  const why = whyOutOfReach(await exam.reach(host));
  if (why !== null) return unchecked(host, why);
  const origin = originOf(host, exam.config);
  try {
    const echoed = await echo(origin, allAtOnce, ports);
    if ('refused' in echoed) {
      return unchecked(host, `the edge does not say addresses back: ${echoed.refused}`, 'Update the edge.');
    }
    if (echoed.url === `${echoPath}${allAtOnce}`)
      return well(host, 'paths and queries reach the edge as they were sent');
    return fault(host, `addresses are changed on their way: ${await changes(origin, ports)}`, cure);
  } catch (thrown) {
    return unchecked(host, questionFailed(thrown), 'Run porchlight doctor again.');
  }
}

/** Asked one by one only when there is something to tell apart. */
async function changes(origin: string, ports: DoctorPorts): Promise<string> {
  const asked = await Promise.all(
    spellings.map(async ([what, target]) => {
      const echoed = await echo(origin, target, ports);
      return 'url' in echoed && echoed.url !== `${echoPath}${target}` ? [what] : [];
    }),
  );
  const found = asked.flat();
  return found.length === 0 ? 'in a way that could not be told apart' : found.join('; ');
}

async function echo(
  origin: string,
  target: string,
  { ask }: DoctorPorts,
): Promise<{ readonly url: string } | { readonly refused: string }> {
  const answer = await ask({ origin, target: `${echoPath}${target}` });
  const url = answer.status === 200 ? jsonOf(answer)?.url : undefined;
  return typeof url === 'string' ? { url } : { refused: inShort(answer) };
}
