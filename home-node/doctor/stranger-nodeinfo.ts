// Which software runs here, as others ask: NodeInfo (nodeinfo.diaspora.software). Some servers take it for a sign of life.

import { inShort, isAway, jsonOf, startHome } from './answers.ts';
import { type Result, unchecked, warning, well } from './check.ts';
import type { DoctorPorts } from './ports.ts';
import { questionFailed } from './reach.ts';
import { noWord, type Place } from './stranger.ts';

const cure = 'Some servers take it for a sign of life: see whether the service has it switched on.';
const json = { Accept: 'application/json' };

export async function nodeInfoResult({ host, hosts, edge }: Place, { ask }: DoctorPorts): Promise<Result> {
  const subject = `${host}/.well-known/nodeinfo`;
  const { protocol } = new URL(edge);
  try {
    const discovery = await ask({ origin: `${protocol}//${host}`, target: '/.well-known/nodeinfo', headers: json });
    if (isAway(discovery)) return unchecked(subject, noWord, startHome);
    const links = discovery.status === 200 ? jsonOf(discovery)?.links : undefined;
    if (!Array.isArray(links)) return warning(subject, `there is no NodeInfo: ${inShort(discovery)}`, cure);
    const hrefs = links.map((link: { readonly href?: unknown } | null) => URL.parse(String(link?.href)));
    const own = hrefs.find((url) => url?.protocol === protocol && hosts.includes(url.host));
    if (own === undefined || own === null)
      return warning(subject, "it names no document at one of this home's hosts", cure);
    const answer = await ask({ origin: own.origin, target: own.pathname + own.search, headers: json });
    const software = jsonOf(answer)?.software as { readonly name?: unknown } | undefined;
    if (typeof software?.name === 'string') return well(subject, `says that ${software.name} runs here`);
    return warning(subject, `its document cannot be read: ${inShort(answer)}`, cure);
  } catch (thrown) {
    return unchecked(subject, questionFailed(thrown), 'Run porchlight doctor again.');
  }
}
