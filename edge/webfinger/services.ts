// WebFinger of accounts that home did not leave, because a service has not said, or cannot say, who lives there: the
// running services are asked, and what they said lately is said again while they are away. Which services? Those that may
// have the name, in the order of home's settings, whichever of home's hosts was asked; the first that has it answers.
//
//   some service has it, now or in a copy     200, as account.ts has it: canonical name, one `self`
//   none, and one that may is not there       503: peers take 404 and 410 for the end of an account
//   none, and all were asked                  410 if one said so, 404 if all did, otherwise what the first said
//
// The copy of an answer lies under each name that it was asked by, if the account has that name: strangers cannot make
// more copies than home has names.

import { limits } from '../../shared/limits.ts';
import type { Absence } from '../../shared/presence.ts';
import type { ServiceProfile, Snapshot, WebFingerAccount } from '../../shared/snapshot.ts';
import { placed, withLinks } from '../../shared/webfinger/account.ts';
import { readDescriptor } from '../../shared/webfinger/descriptor.ts';
import { acctOf, acctUri, comparable, hostOf } from '../../shared/webfinger/names.ts';
import { headersOf } from '../cache/copy.ts';
import type { Question } from '../cache/strangers.ts';
import type { HomeRecord } from '../home/directory.ts';
import type { HomeSaid } from '../home/said.ts';
import { type VisitParts, visit } from '../home/visit.ts';
import { readBody } from '../http/read-body.ts';
import { carry } from '../link/carry.ts';
import { asleepResponse } from '../pages/asleep.ts';
import { siteOf } from '../pages/site.ts';
import { forEveryone, refusalOfMethod } from '../well-known/table.ts';
import { filtered, questionOf } from './answer.ts';
import { descriptorType, malformed, unknown, webFingerPath } from './routes.ts';

export type ServicesParts = VisitParts;
type Said = Awaited<ReturnType<HomeSaid['of']>>;

/** Whom a question is for. */
interface Candidate {
  readonly host: string;
  /** null: nothing is known of who answers there. */
  readonly service: ServiceProfile | null;
}

type Answer =
  | { readonly account: WebFingerAccount; readonly headers: Headers }
  | { readonly away: Absence }
  /** It said something else. */
  | { readonly response: Response };

interface Asking {
  readonly parts: ServicesParts;
  readonly home: HomeRecord;
  readonly snapshot: Snapshot;
  readonly request: Request;
}

/** To a question that the snapshot does not answer. */
export async function askServices(
  parts: ServicesParts,
  home: HomeRecord,
  said: Said,
  request: Request,
): Promise<Response> {
  const { snapshot } = said;
  // Before home has said anything, nobody knows who lives where.
  if (snapshot === null) return openToAll(await visit(parts, home, request));
  const refusal = refusalOfMethod(request.method);
  if (refusal !== null) return refusal;
  const question = questionOf(new URL(request.url).search.slice(1));
  if (question === null) return forEveryone(malformed());
  const asking = { parts, home, snapshot, request };
  const others: Response[] = [];
  let away: Absence | null = null;
  const candidates = [...candidatesFor(question.resource, request, said, snapshot)];
  for (const candidate of candidates) {
    const answer = await ask(asking, candidate, question.resource);
    if ('account' in answer) {
      const { account, headers } = answer;
      const body = JSON.stringify(filtered(account, question.rels));
      return forEveryone(new Response(request.method === 'HEAD' ? null : body, { headers }));
    }
    if ('away' in answer) {
      away ??= answer.away;
      continue;
    }
    const next = sentOnTo(answer, request.url, said);
    if (next === null) others.push(answer.response);
    else if (!candidates.some(({ host }) => host === next)) {
      const service = snapshot.services.find(({ hosts }) => hosts.includes(next)) ?? null;
      candidates.push({ host: next, service });
    }
  }
  if (away !== null) return forEveryone(asleepResponse(request, away, siteOf(said), parts.clock.now()));
  const final = others.find(({ status }) => status === 410) ?? others.find(({ status }) => status !== 404);
  if (final !== undefined) return openToAll(final);
  return forEveryone(unknown());
}

/** Those that have not told all their accounts, where the name may be theirs, and whoever has the host that was asked. */
function candidatesFor(resource: string, request: Request, said: Said, { services }: Snapshot): readonly Candidate[] {
  const asked = new URL(request.url).host;
  const named = hostOf(resource);
  const found = new Map<string, Candidate>();
  for (const service of services) {
    if (service.tellsAccounts === true) continue;
    const { hosts, accountDomain } = service;
    const [first] = hosts;
    if (first === undefined) continue;
    if (named !== null && (hosts.includes(named) || accountDomain === named)) {
      const host = hosts.includes(named) ? named : first;
      found.set(service.name, { host, service });
    } else if (hosts.includes(asked)) found.set(service.name, { host: asked, service });
  }
  // A service that has never been up is not in the snapshot, and may have the name, whichever host was asked.
  for (const { name, hosts } of said.services) {
    const host = hosts.includes(asked) ? asked : hosts[0];
    if (host !== undefined && !services.some((one) => one.name === name)) found.set(name, { host, service: null });
  }
  const known = services.some(({ hosts }) => hosts.includes(asked));
  const settled = said.services.some(({ hosts }) => hosts.includes(asked));
  const isAsked = [...found.values()].some(({ host }) => host === asked);
  if (!known && !isAsked && (settled || found.size === 0)) found.set('', { host: asked, service: null });
  return [...found.values()];
}

/** The host of home's own that a service sends the question on to, as servers of a split domain do at its apex; or null. */
function sentOnTo({ response }: { readonly response: Response }, from: string, said: Said): string | null {
  const { status, headers } = response;
  if (status < 300 || status > 399) return null;
  const target = URL.parse(headers.get('Location') ?? '', from);
  return target !== null && target.pathname === webFingerPath && said.hosts.includes(target.host) ? target.host : null;
}

async function ask(asking: Asking, candidate: Candidate, resource: string): Promise<Answer> {
  const answer = await askFor(asking, candidate, resource, resource);
  const acct = acctOf(resource);
  // Software that knows nothing of the name that its owner gives its people knows them by its own host alone.
  if ('account' in answer || acct === null || acct.host === candidate.host) return answer;
  if (candidate.service?.accountDomain !== acct.host) return answer;
  const own = await askFor(asking, candidate, acctUri({ user: acct.user, host: candidate.host }), resource);
  return 'account' in own || 'away' in own ? own : answer;
}

/** Asks by the name `resource`, for who asked by `named`. */
async function askFor(asking: Asking, candidate: Candidate, resource: string, named: string): Promise<Answer> {
  const { parts, home, request } = asking;
  const { host } = candidate;
  const { protocol } = new URL(request.url);
  const origin = `${protocol}//${host}`;
  // Asked as no stranger in particular: what comes is for all of them, and needs no visitor's headers.
  const headers = new Headers({ Accept: `${descriptorType}, application/json` });
  const question = new Request(`${origin}${webFingerPath}?resource=${encodeURIComponent(resource)}`, { headers });
  const copy = { method: 'GET', url: copyAddress(host, resource), headers };
  const linkOf = (): Pick<Fetcher, 'fetch'> => parts.linkOf(home.homeId);
  const clientAddress = request.headers.get('CF-Connecting-IP');
  const facts = { clientAddress, host, scheme: protocol === 'http:' ? 'http' : 'https' } as const;
  const outcome = await carry(linkOf(), question, facts, linkOf);
  if ('why' in outcome) return await fromCopy(asking, candidate, copy, outcome.why);
  const failing: Absence = { reason: 'failing', service: candidate.service?.name ?? null, until: null };
  if ('failed' in outcome) return await fromCopy(asking, candidate, copy, failing);
  const { carried } = outcome;
  if (carried.status >= 500) {
    await carried.body?.cancel();
    return await fromCopy(asking, candidate, copy, failing);
  }
  const bytes = await readBody(carried, limits.descriptorBytes).catch(() => 'broken-off' as const);
  if (typeof bytes === 'string') return await fromCopy(asking, candidate, copy, failing);
  const { status, headers: own } = carried;
  const whole = new Response(bytes.length === 0 ? null : bytes, { status, headers: own, encodeBody: 'manual' });
  const account = carried.status === 200 ? readAccount(new TextDecoder().decode(bytes), candidate, asking) : null;
  // A copy of what others said before is gone when the name is.
  const isNamed = account === null ? carried.status !== 200 : hasName(account, resource) && hasName(account, named);
  if (isNamed) await keep(asking, copy, whole.clone(), bytes.length);
  return account === null ? { response: whole } : { account, headers: headersFrom(carried.headers) };
}

/** At a host that nobody can ask: what visitors are told of any address of home's neither makes nor removes it. */
function copyAddress(host: string, resource: string): URL {
  return new URL(`https://webfinger.invalid/${host}/${encodeURIComponent(comparable(resource))}`);
}

async function fromCopy(asking: Asking, candidate: Candidate, copy: Question, why: Absence): Promise<Answer> {
  const { parts, home } = asking;
  const found = await parts.copies.find(home.homeId, copy);
  if (found === null) return { away: why };
  const account = readAccount(await new Response(found.body).text(), candidate, asking);
  if (account === null) return { away: why };
  const { head } = found;
  const headers = headersFrom(headersOf(head));
  headers.set('Age', String(head.ageThen + Math.max(0, Math.floor((parts.clock.now() - head.storedAt) / 1000))));
  headers.set('Cache-Status', `porchlight; hit; detail=${why.reason}`);
  return { account, headers };
}

/** Behind the asker's back. What the service says of keeping it counts; how it varies does not, because it is always asked alike. */
async function keep({ parts, home }: Asking, copy: Question, answer: Response, bytes: number): Promise<void> {
  const headers = new Headers({ 'Content-Type': descriptorType, 'Content-Length': String(bytes) });
  for (const name of ['Cache-Control', 'CDN-Cache-Control', 'Set-Cookie', 'Age', 'ETag']) {
    const value = answer.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  const { status, body } = answer;
  const kept = parts.copies.passing(home.homeId, copy, new Response(body, { status, headers }));
  await kept.body?.cancel();
}

/** As account.ts has it: with one `self`, under its canonical name, with what its owner adds. */
function readAccount(text: string, { host, service }: Candidate, { snapshot }: Asking): WebFingerAccount | null {
  const said = readDescriptor(text);
  if (said === null) return null;
  return withLinks(placed(said, service ?? { hosts: [host] }), snapshot.links ?? []);
}

function hasName({ subject, aliases }: WebFingerAccount, name: string): boolean {
  return [subject, ...aliases].some((own) => comparable(own) === comparable(name));
}

/** Of the answer that is made of a service's own. */
function headersFrom(own: Headers): Headers {
  const control = own.get('Cache-Control');
  return new Headers({ 'Content-Type': descriptorType, ...(control === null ? {} : { 'Cache-Control': control }) });
}

/** A service's own answer. */
function openToAll(response: Response): Response {
  return forEveryone(new Response(response.body, response));
}
