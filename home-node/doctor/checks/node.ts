// How the home node stands, by its own word: whether it runs, its link, its snapshot, and what waits at the edge.

import { limits } from '../../../shared/limits.ts';
import { count, span, time } from '../../cli/words.ts';
import type { HomeReport, LinkReport, NodeReport } from '../../control/report.ts';
import { type Check, fault, type Result, unchecked, warning, well } from '../check.ts';

const subject = 'home node';
/** Shares of the spool's database above which it is told. */
const spoolWarnShare = 0.8;
const spoolFaultShare = 0.95;
const hourMs = 3_600_000;

export const nodeCheck: Check = {
  name: 'node',
  about: 'the home node',
  needs: 'nothing',
  run: async ({ node, nodeTrouble, config }) =>
    await Promise.resolve(nodeResults(node, nodeTrouble, config?.alerts.snapshotHours ?? null)),
};

/** `snapshotHours`: an older snapshot is too old for its owner; null: nobody knows. */
function nodeResults(node: NodeReport | null, trouble: string | null, snapshotHours: number | null): readonly Result[] {
  if (trouble !== null) {
    return [unchecked(subject, trouble, 'See its log; start it again if it stays so.')];
  }
  if (node === null) {
    return [
      warning(subject, 'none runs on this data folder', 'Start it: porchlight up, or as a service of this machine.'),
    ];
  }
  const { home, state, since, now, wakeAt } = node;
  const running = `it is ${state} for ${span(now - since)}`;
  if (home === null) {
    const wakes = wakeAt === null ? ', until porchlight wake' : `, until ${time(wakeAt)}`;
    return [well(subject, `${running}${state === 'asleep' ? wakes : ''}`)];
  }
  const down = home.services.filter((service) => service.state === 'down' && service.why !== 'stopped');
  return [
    well(subject, running),
    linkResult(home.link, now),
    ...(home.clockOff
      ? [fault('deliveries', "none is taken, because home's clock is wrong", 'See the check of the clock.')]
      : []),
    ...snapshotResults(home, now, snapshotHours),
    ...(state === 'awake' ? down : []).map(({ name }) =>
      fault(`service ${name}`, 'the home node finds it down', 'See what the check of services says.'),
    ),
    ...spoolResults(home, now),
  ];
}

function linkResult({ state, since, trouble }: LinkReport, now: number): Result {
  if (state === 'open') return well('link', `open for ${span(now - since)}`);
  const found = `${state} for ${span(now - since)}`;
  if (trouble === null) return warning('link', found, 'Wait a moment; if it stays so, see the check of the edge.');
  return fault('link', `${found}: ${trouble.reason} (${trouble.code})`, linkCure(trouble.code));
}

/** Codes as docs/protocol.md names them, "Handshake". */
function linkCure(code: string): string {
  switch (code) {
    case 'unknown-home':
      return 'The edge does not know this home: get a code from its operator and run porchlight claim CODE.';
    case 'proof-refused':
      return "The edge knows another key: restore home's key from a backup, or claim with a new code.";
    case 'no-common-version':
      return 'Home and edge are of versions too far apart: update the older one.';
    case 'wrong-edge':
      return 'Set edge in porchlight.toml to the origin that the message names.';
    default:
      return 'Home dials again by itself; see what the checks of names and of the edge say.';
  }
}

function snapshotResults(
  { link, snapshotAt }: HomeReport,
  now: number,
  snapshotHours: number | null,
): readonly Result[] {
  if (snapshotAt !== null) {
    const found = `the edge has what the services said ${span(now - snapshotAt)} ago`;
    if (snapshotHours === null || now - snapshotAt <= snapshotHours * hourMs) return [well('snapshot', found)];
    const cure = 'See in the log of the home node why it cannot leave a newer one.';
    return [warning('snapshot', `${found}; it should be no more than ${snapshotHours} h`, cure)];
  }
  if (link.state !== 'open' || now - link.since < limits.snapshotLateMs) return [];
  const cure = 'See in the log of the home node why: a service that never came up since it was added keeps it back.';
  return [warning('snapshot', 'this home node has left none, so that the edge may answer by an old one', cure)];
}

function spoolResults({ link, spool, drain }: HomeReport, now: number): readonly Result[] {
  if (spool === null) {
    return link.state === 'open' ? [unchecked('spool', 'the edge did not say what it holds')] : [];
  }
  const { waiting, oldestWaitingAt, dead, databaseBytes } = spool;
  const results: Result[] = [];
  const share = databaseBytes / limits.spoolDatabaseBytes;
  const full = `${Math.floor(share * 100)} % of its room is used, ${count(waiting, 'delivery', 'deliveries')} wait`;
  const takeThem =
    'Let home run until they are taken; see whether a service is down. A full spool refuses what is new.';
  if (share >= spoolFaultShare) results.push(fault('spool', full, takeThem));
  else if (share >= spoolWarnShare) results.push(warning('spool', full, takeThem));
  const waited = oldestWaitingAt === null ? 0 : now - oldestWaitingAt;
  if (waited > limits.waitingLongMs && drain === null) {
    const cure = 'See whether the service they are for is up, and why it does not take them: porchlight spool list.';
    results.push(warning('spool', `${waiting} wait, the oldest for ${span(waited)}`, cure));
  }
  if (dead > 0) {
    const cure = 'Look at them, and retry or discard each: porchlight spool list --dead.';
    results.push(warning('spool', `${count(dead, 'dead letter')}, which no service took`, cure));
  }
  return results.length > 0 ? results : [well('spool', `${waiting} wait, no dead letters`)];
}
