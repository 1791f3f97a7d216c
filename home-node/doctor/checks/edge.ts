// Is the edge there at every name, by a certificate that holds, and is it the one that the link goes to?

import { limits } from '../../../shared/limits.ts';
import { span } from '../../cli/words.ts';
import { inShort, problemCode } from '../answers.ts';
import { type Check, type ConfiguredExam, fault, type Result, unchecked, warning, well } from '../check.ts';
import { originOf } from '../exam.ts';
import type { Answer, DoctorPorts } from '../ports.ts';
import { questionFailed, type Reached } from '../reach.ts';

const linkPath = '/.porchlight/v1/link';

export const edgeCheck: Check = {
  name: 'edge',
  about: 'the edge',
  needs: 'network',
  run: async (exam, ports) => {
    const hosts = [...new Set([new URL(exam.config.edge).host, ...exam.hosts])];
    return (await Promise.all(hosts.map(async (host) => await hostResults(host, exam, ports)))).flat();
  },
};

async function hostResults(host: string, exam: ConfiguredExam, ports: DoctorPorts): Promise<readonly Result[]> {
  const reached = await exam.reach(host);
  switch (reached.reached) {
    case 'nothing':
      return [fault(host, reached.trouble.found, reached.trouble.cure)];
    case 'other':
      return [anotherAnswers(host, reached.answer)];
    case 'edge':
    case 'older-edge':
      return [await sameEdge(host, reached, exam, ports), ...certificateEnds(host, reached.answer, ports)];
  }
}

function anotherAnswers(host: string, answer: Answer): Result {
  const found = `what answers there is no Porchlight edge: ${inShort(answer)}`;
  const isCloudflare = answer.headers['cf-ray'] !== undefined;
  if (answer.headers['cf-mitigated'] !== undefined) {
    return fault(host, found, 'See what the check of callers says: a bot challenge stands before the edge.');
  }
  if (answer.status >= 300 && answer.status < 400) {
    return fault(
      host,
      `it redirects to ${answer.headers.location ?? 'somewhere'}`,
      `Take the redirect for ${host} away (at Cloudflare under Rules): peers of the fediverse do not follow it.`,
    );
  }
  return fault(
    host,
    found,
    isCloudflare
      ? `Cloudflare answers, but not by the Worker: give the Worker ${host} as a custom domain.`
      : `Let ${host} point to the edge instead: remove the old record and give the Worker ${host} as a custom domain.`,
  );
}

/**
 * An edge opens the link of a home only at that home's own hosts, and says so before it asks for any proof: who answers
 * 426 has this home in its directory, by this name. Home's id is no secret.
 */
async function sameEdge(
  host: string,
  reached: Exclude<Reached, { readonly reached: 'nothing' | 'other' }>,
  { config, claimed }: ConfiguredExam,
  { ask }: DoctorPorts,
): Promise<Result> {
  const version = reached.reached === 'edge' ? `version ${reached.says.version}` : 'of an older version';
  if (claimed === null)
    return unchecked(host, `a Porchlight edge ${version} answers; whether it is yours a claim will show`);
  let answer: Answer;
  try {
    answer = await ask({
      origin: originOf(host, config),
      target: `${linkPath}?home=${encodeURIComponent(claimed.homeId)}`,
    });
  } catch (thrown) {
    return unchecked(host, questionFailed(thrown), 'Run porchlight doctor again.');
  }
  switch (problemCode(answer)) {
    case 'not-a-websocket':
      return well(host, `the edge answers (${version}), and knows this home by this name`);
    case 'not-this-home':
      return fault(
        host,
        'a Porchlight edge answers, but it does not know this home by this name',
        `Either ${host} leads to another edge than ${config.edge}: let it point to yours. Or it was never claimed there: get a code for it and run porchlight claim CODE.`,
      );
    default:
      return fault(
        host,
        `the edge answers, but the link's door does not: ${inShort(answer)}`,
        'Something between home and the edge (a rule, a firewall) keeps /.porchlight/ back: exempt that path.',
      );
  }
}

function certificateEnds(host: string, { certificateEndsAt }: Answer, { clock }: DoctorPorts): readonly Result[] {
  const left = certificateEndsAt === null ? null : certificateEndsAt - clock.now();
  if (left === null || left > limits.certificateEndsMs) return [];
  return [
    warning(
      host,
      `its certificate ends in ${span(left)}`,
      'It should have been renewed by itself: look at the certificate (at Cloudflare under SSL/TLS, Edge Certificates).',
    ),
  ];
}
