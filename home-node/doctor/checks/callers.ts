// Are programs of the fediverse let through to the edge? Bot protection that stands before it shows a puzzle to whoever
// is no browser: peers then cannot deliver, and take the account for gone. So this asks as they do, word for word in what
// such protection goes by.

import { exampleInbox } from '../../../shared/inbox-path.ts';
import { ownPaths } from '../../embedded/addresses.ts';
import { inShort, isAway, mediaType, problemCode, startHome } from '../answers.ts';
import { type Check, type ConfiguredExam, type Result, unchecked, well } from '../check.ts';
import { originOf } from '../exam.ts';
import type { Answer, DoctorPorts, Question } from '../ports.ts';
import { questionFailed, whyOutOfReach } from '../reach.ts';

interface Caller {
  readonly name: string;
  readonly userAgent: string;
  readonly accept: string;
}

const activity = 'application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"';
const callers: readonly Caller[] = [
  { name: 'Mastodon', userAgent: 'Mastodon/4.5.2 (http.rb/5.3.1; +https://mastodon.example/)', accept: activity },
  { name: 'GoToSocial', userAgent: 'gotosocial/0.20.2 (+https://gotosocial.example)', accept: activity },
  { name: 'Lemmy', userAgent: 'Lemmy/0.19.14; +https://lemmy.example', accept: 'application/activity+json' },
  { name: 'Misskey', userAgent: 'Misskey/2025.11.0 (https://misskey.example)', accept: activity },
  { name: 'curl', userAgent: 'curl/8.17.0', accept: '*/*' },
];

export const callersCheck: Check = {
  name: 'callers',
  about: 'whether programs of the fediverse are let through',
  needs: 'network',
  run: async (exam, ports) => {
    const results = exam.config.services.flatMap((service) =>
      service.hosts.map(async (host) => await hostResults(host, pathsOf(service), exam, ports)),
    );
    return (await Promise.all(results)).flat();
  },
};

type Service = ConfiguredExam['config']['services'][number];

/** Of one service: where peers deliver, and what they read before. */
interface Paths {
  readonly inbox: string | null;
  readonly actor: string | null;
}

function pathsOf(service: Service): Paths {
  if (service.kind === 'embedded') return { inbox: ownPaths.inbox, actor: ownPaths.actor };
  return { inbox: exampleInbox(service.inboxes, 'porchlight'), actor: null };
}

async function hostResults(
  host: string,
  { inbox, actor }: Paths,
  exam: ConfiguredExam,
  ports: DoctorPorts,
): Promise<readonly Result[]> {
  const why = whyOutOfReach(await exam.reach(host));
  // A challenge that stands before everything is this check's to tell.
  const isChallenged = why !== null && (await challengedAt(host, exam));
  if (why !== null && !isChallenged) return [unchecked(host, why)];
  const origin = originOf(host, exam.config);
  const resource = encodeURIComponent(`acct:${exam.config.handle}@${exam.config.domain}`);
  const paths = [`/.well-known/webfinger?resource=${resource}`, '/.well-known/nodeinfo'];
  if (actor !== null) paths.push(actor);
  const results = await Promise.all([
    ...paths.map(
      async (target) => await byAll(host, target, (caller) => question(origin, target, caller), letThrough, ports),
    ),
    ...(inbox === null ? [] : [byAll(host, inbox, (caller) => delivery(origin, inbox, caller), taken, ports)]),
  ]);
  const troubles = results.flat();
  const names = callers.map(({ name }) => name).join(', ');
  return troubles.length > 0 ? troubles : [well(host, `${names} come through to the edge`)];
}

async function challengedAt(host: string, { reach }: ConfiguredExam): Promise<boolean> {
  const reached = await reach(host);
  return reached.reached === 'other' && reached.answer.headers['cf-mitigated'] !== undefined;
}

function question(origin: string, target: string, { userAgent, accept }: Caller): Question {
  return { origin, target, headers: { 'User-Agent': userAgent, Accept: accept } };
}

/** Unsigned, so that the edge refuses it: nothing comes of it. */
function delivery(origin: string, target: string, { userAgent, accept }: Caller): Question {
  const actor = 'https://porchlight-doctor.invalid/actor';
  const body = JSON.stringify({
    '@context': 'https://www.w3.org/ns/activitystreams',
    id: `${actor}#question`,
    type: 'Create',
    actor,
    object: { id: `${actor}#nothing`, type: 'Note', attributedTo: actor, content: '' },
  });
  const headers = { 'User-Agent': userAgent, Accept: accept, 'Content-Type': 'application/activity+json' };
  return { origin, target, method: 'POST', headers, body };
}

/** What keeps a caller from what it asks for; null: nothing. */
type Judge = (answer: Answer, caller: Caller) => Hindrance | null;

interface Hindrance {
  readonly verdict: 'fault' | 'unchecked';
  readonly found: string;
  readonly cure: string | null;
}

const exempt =
  'At Cloudflare, under Security: switch Bot Fight Mode, Browser Integrity Check and "Under Attack" off for this zone, and let a custom rule skip all remaining rules for /.well-known/, /.porchlight/, your inboxes and actors.';

/** Pure: an answer that is no stranger's to see from an edge. */
export function hindranceOf(answer: Answer, accept: string): Hindrance | null {
  if (answer.headers['cf-mitigated'] !== undefined) {
    return { verdict: 'fault', found: `a bot challenge (${inShort(answer)})`, cure: exempt };
  }
  // Who takes anything may be led to a page, or shown the one that says that home sleeps; who asks for JSON gets neither
  // from an edge.
  const takesPages = accept === '*/*';
  if (!takesPages && answer.status >= 300 && answer.status < 400) {
    const found = `sent to ${answer.headers.location ?? 'somewhere else'} (${answer.status})`;
    const cure = 'Take that redirect away (at Cloudflare under Rules): peers do not follow it.';
    return { verdict: 'fault', found, cure };
  }
  // Refusals of the edge are problems in JSON; those of what stands before it are pages or a line of text.
  const refusals = takesPages ? [401, 403, 429] : [401, 403, 429, 503];
  if (['text/html', 'text/plain'].includes(mediaType(answer)) && refusals.includes(answer.status)) {
    return { verdict: 'fault', found: `a page instead of an answer (${inShort(answer)})`, cure: exempt };
  }
  return null;
}

const letThrough: Judge = (answer, { accept }) => hindranceOf(answer, accept);

/** An unsigned delivery must meet the edge's own refusal (docs/compatibility.md), nothing else. */
const taken: Judge = (answer, { accept }) => {
  const hindrance = hindranceOf(answer, accept);
  if (hindrance !== null) return hindrance;
  if (answer.status === 401 && problemCode(answer) === 'unproven') return null;
  if (isAway(answer)) {
    const found = 'no deliveries yet: the edge has not heard from home what it takes';
    return { verdict: 'unchecked', found, cure: startHome };
  }
  const found = `this inbox is not answered by the edge (${inShort(answer)})`;
  const cure =
    'See whether the path is an inbox of this service, and start the home node again so that it tells the edge.';
  return { verdict: 'fault', found, cure };
};

async function byAll(
  host: string,
  target: string,
  ask: (caller: Caller) => Question,
  judge: Judge,
  ports: DoctorPorts,
): Promise<readonly Result[]> {
  const hindered = await Promise.all(
    callers.map(async (caller): Promise<readonly (readonly [string, Hindrance])[]> => {
      try {
        const hindrance = judge(await ports.ask(ask(caller)), caller);
        return hindrance === null ? [] : [[caller.name, hindrance]];
      } catch (thrown) {
        return [
          [caller.name, { verdict: 'unchecked', found: questionFailed(thrown), cure: 'Run porchlight doctor again.' }],
        ];
      }
    }),
  );
  // One finding for all callers whom the same thing befalls.
  const byFound = new Map<string, { readonly names: string[]; readonly hindrance: Hindrance }>();
  for (const [name, hindrance] of hindered.flat()) {
    const same = byFound.get(hindrance.found);
    if (same === undefined) byFound.set(hindrance.found, { names: [name], hindrance });
    else same.names.push(name);
  }
  return [...byFound.values()].map(({ names, hindrance: { verdict, found, cure } }) => ({
    subject: `${host}${target.split('?', 1)[0] ?? ''}`,
    verdict,
    found: `${names.join(', ')}: ${found}`,
    cure,
  }));
}
