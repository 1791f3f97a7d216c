// How old is what strangers are answered with while home is away? By the word of a home node that is awake and left it;
// else by the edge's own word and clock, so that it can be said of a home that sleeps, or that does not run at all.

import { limits } from '../../../shared/limits.ts';
import { span, time } from '../../cli/words.ts';
import { publicStatusPath, publicWordOf } from '../../edge-api/public-status.ts';
import { startHome } from '../answers.ts';
import { type Check, type ConfiguredExam, type Result, unchecked, warning, well } from '../check.ts';
import { originOf } from '../exam.ts';
import type { DoctorPorts } from '../ports.ts';
import { questionFailed } from '../reach.ts';

export const snapshotCheck: Check = {
  name: 'snapshot',
  about: 'what the edge answers with',
  needs: 'network',
  run: async (exam, ports) => [await snapshotResult(exam, ports), ...leftOutResults(exam)],
};

const hourMs = 3_600_000;

/** By the word of a home node that runs: what each says is what its owner can do. */
function leftOutResults({ config, node }: ConfiguredExam): readonly Result[] {
  const cure = 'What to do stands in the line; strangers are told so much less while home is away.';
  return (node?.home?.leftOut ?? []).map((text) => warning(`${config.domain}, left out`, text, cure));
}

async function snapshotResult(exam: ConfiguredExam, { ask }: DoctorPorts): Promise<Result> {
  const { config, claimed, node } = exam;
  const { domain } = config;
  if (claimed === null) return unchecked(domain, 'this home has not claimed at its edge yet');
  const left = node?.home?.snapshotAt ?? null;
  // What the edge says to strangers may be limits.statusFreshMs old.
  if (node !== null && left !== null) return judged(exam, left, node.now);
  const reached = await exam.reach(domain);
  if (reached.reached === 'nothing' || reached.reached === 'other')
    return unchecked(domain, 'no Porchlight edge answers there; see the check of the edge');
  let answer: Awaited<ReturnType<typeof ask>>;
  try {
    answer = await ask({ origin: originOf(domain, config), target: publicStatusPath });
  } catch (thrown) {
    return unchecked(domain, questionFailed(thrown));
  }
  const { says, silence } = publicWordOf(answer.status, new TextEncoder().encode(answer.body));
  if (says === null) return unchecked(domain, silence ?? 'the edge does not say');
  const { at, pagesAsOf } = says;
  if (pagesAsOf !== null && at !== null) return judged(exam, pagesAsOf, at);
  const found = 'the edge has no snapshot of this home';
  const isNew = node !== null && node.home !== null && node.now - node.since < limits.snapshotLateMs;
  return isNew ? unchecked(domain, `${found} yet`) : warning(domain, found, startHome);
}

function judged(exam: ConfiguredExam, leftAt: number, now: number): Result {
  const { domain, alerts } = exam.config;
  const found = `the edge answers by what home left at ${time(leftAt)}, ${span(now - leftAt)} ago`;
  if (now - leftAt <= alerts.snapshotHours * hourMs) return well(domain, found);
  return warning(domain, found, cureOf(exam));
}

function cureOf({ node }: ConfiguredExam): string {
  if (node === null) return 'Start the home node, which leaves a new one: porchlight up.';
  if (node.home === null) return 'Wake home, which leaves a new one: porchlight wake.';
  return 'See in the log of the home node why it cannot leave a newer one.';
}
