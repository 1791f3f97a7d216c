// Is home's clock right, by the edge's? Services judge signatures by it, TLS judges certificates by it, and a home whose
// clock is too far off takes no deliveries.

import { limits } from '../../../shared/limits.ts';
import { span, time } from '../../cli/words.ts';
import { type Check, fault, unchecked, warning, well } from '../check.ts';
import type { Answer } from '../ports.ts';
import { questionFailed, whyOutOfReach } from '../reach.ts';

const subject = "home's clock";
const cure =
  'Let the machine set its clock by the network (sudo timedatectl set-ntp true, or install chrony). A computer without a clock chip is wrong after each start until that has happened.';

export const clockCheck: Check = {
  name: 'clock',
  about: subject,
  needs: 'network',
  run: async ({ config, reach }, { ask }) => {
    const why = whyOutOfReach(await reach(new URL(config.edge).host));
    if (why !== null) return [unchecked(subject, `there is nothing to compare it with: the edge, ${why}`)];
    let answer: Answer;
    try {
      answer = await ask({ origin: config.edge, target: '/.porchlight/v1/echo/clock' });
    } catch (thrown) {
      return [unchecked(subject, questionFailed(thrown), 'Run porchlight doctor again.')];
    }
    const off = clockOffMs(answer);
    if (off === null) return [unchecked(subject, 'the edge did not say what time it is')];
    const size = Math.abs(off);
    if (size <= limits.clockWarnMs) return [well(subject, `it agrees with the edge's: ${time(answer.answeredAt)}`)];
    const differs = `it is ${span(size)} ${off < 0 ? 'behind' : 'ahead of'} the edge's, at ${time(answer.answeredAt)}`;
    if (size <= limits.homeClockOffMs) return [warning(subject, differs, cure)];
    return [fault(subject, `${differs}; nothing is taken until it is set`, cure)];
  },
};

/**
 * How far home's clock is ahead, ms; negative when behind; 0 when the answer's time lies between question and answer, in
 * the second that a Date stands for (RFC 9110 section 5.6.7). null: the answer has no time.
 */
export function clockOffMs({ headers, askedAt, answeredAt }: Answer): number | null {
  const edgeTime = Date.parse(headers.date ?? '');
  if (Number.isNaN(edgeTime)) return null;
  if (answeredAt < edgeTime) return answeredAt - edgeTime;
  return Math.max(0, askedAt - (edgeTime + 999));
}
