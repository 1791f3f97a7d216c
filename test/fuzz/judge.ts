// Fuzz of the judge of deliveries: properly signed requests, mutated anywhere, and mere junk. The judge must never throw,
// and must accept nothing of which a signed part, the body, the key or the actor is another than what was signed. What is
// the same is told here from the mutated request itself, without the code under test.
//
//   node local/bootstrap.mjs test/fuzz/judge.ts [RUNS [SEED]]     a million runs, unless said otherwise

import fc from 'fast-check';
import { conclude, type KeyAnswer, read } from '../../edge/activitypub/judge.ts';
import type { Acceptance } from '../../shared/acceptance/acceptance.ts';
import { acceptances } from '../../shared/acceptance/profiles.ts';
import type { HeaderList } from '../../shared/delivery.ts';
import { limits } from '../../shared/limits.ts';
import { type PublicKey, publicKeyFromPem } from '../../shared/signature/public-key.ts';
import type { SignedRequest } from '../../shared/signature/request.ts';
import { cavageShapes, rfc9421Shapes, type Shape, type Signers, signAs } from '../contract/request-shapes.ts';
import { ed25519Signer, rsaSigner } from '../shared/signature/signing.ts';
import { Seeded } from '../support/seeded.ts';
import { mutate } from './mutations.ts';

export interface FuzzReport {
  readonly runs: number;
  readonly seed: number;
  /** Of those: accepted though mutated, because nothing that is signed changed; as signed; and by verdict. */
  readonly verdicts: Readonly<Record<string, number>>;
  readonly untouched: number;
  readonly seconds: number;
}

interface Original {
  readonly request: SignedRequest;
  readonly covered: readonly string[];
  readonly key: 'rsa' | 'ed25519';
  readonly by: Shape['by'];
}

const actor = 'https://peer.example/users/a';
const keyId = `${actor}#main-key`;
const body = Uint8Array.from(
  new TextEncoder().encode(JSON.stringify({ id: `${actor}/1`, type: 'Like', actor, object: 'https://home.example/1' })),
);
const signedAt = Date.UTC(2026, 10, 21, 3, 0, 0);
const profiles = Object.values(acceptances) as unknown as readonly [Acceptance, ...Acceptance[]];

/** Rejects with the seed and the input of the first run that the judge threw at, or accepted what it must not. */
export async function fuzzJudge(runs: number, seed: number): Promise<FuzzReport> {
  const begun = performance.now();
  const dice = new Seeded(seed);
  const signers: Signers = { rsa: await rsaSigner(keyId), ed25519: await ed25519Signer(keyId) };
  const keys = { rsa: publicKeyFromPem(signers.rsa.pem), ed25519: publicKeyFromPem(signers.ed25519.pem) };
  const stranger = publicKeyFromPem((await rsaSigner(keyId)).pem);
  const originals = await signedOnes(signers, seed);
  const verdicts: Record<string, number> = {};
  let untouched = 0;
  for (let run = 0; run < runs; run += 1) {
    const original = dice.pick(originals);
    const isLeft = dice.between(0, 19) === 0;
    const sent = isLeft ? { request: original.request, body } : mutate(dice, original.request, body);
    const receivedAt = signedAt + (dice.between(0, 9) === 0 ? dice.between(-8, 8) * 1_800_000 : 0);
    const accepts = dice.pick(profiles);
    const answer = answerOf(dice, keys[original.key], stranger);
    const facts = { ...sent, receivedAt, accepts };
    const told = (why: string) => new Error(`${why}; seed ${seed}, run ${run}: ${JSON.stringify(sent.request)}`);
    const verdict = await judged(facts, answer).catch((thrown: unknown) => {
      throw told(`the judge threw ${String(thrown)}`);
    });
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    if (verdict !== 'accepted') continue;
    if (answer.key !== 'found' || answer.publicKey === stranger || answer.owner !== actor) throw told('by another key');
    if (Math.abs(receivedAt - signedAt) > limits.signedTimeSkewMs) throw told('at another time');
    if (!isSame(original, sent.request) || !sameBytes(sent.body, body)) throw told('what was mutated is accepted');
    untouched += 1;
  }
  return { runs, seed, verdicts, untouched, seconds: (performance.now() - begun) / 1000 };
}

async function judged(facts: Parameters<typeof read>[0], answer: KeyAnswer): Promise<string> {
  const claim = await read(facts);
  if ('verdict' in claim) return claim.kind;
  const { verdict } = await conclude(claim, answer);
  return verdict.verdict === 'refused' ? verdict.kind : verdict.verdict;
}

/** A few dozen, of both kinds; each taken by software that is not known. */
async function signedOnes(signers: Signers, seed: number): Promise<[Original, ...Original[]]> {
  const made: Original[] = [];
  const letter = { host: 'home.example', path: '/inbox', body, at: signedAt };
  const shapes: readonly Shape[] = [
    ...fc.sample(cavageShapes, { numRuns: 120, seed }),
    ...fc.sample(rfc9421Shapes, { numRuns: 60, seed }),
  ];
  for (const shape of shapes) {
    const signed = await signAs(shape, signers, letter);
    if (signed === null) continue;
    const facts = { request: signed.request, body, receivedAt: signedAt, accepts: acceptances.both };
    const publicKey = publicKeyFromPem(signers[shape.key].pem);
    if ((await judged(facts, { key: 'found', publicKey, owner: actor })) !== 'accepted') continue;
    made.push({ request: signed.request, covered: shape.covered, key: shape.key, by: shape.by });
  }
  const [first, ...rest] = made;
  if (first === undefined || rest.length < 30) throw new Error(`only ${made.length} requests are as signed`);
  return [first, ...rest];
}

function answerOf(dice: Seeded, right: PublicKey, stranger: PublicKey): KeyAnswer {
  const found = { key: 'found', publicKey: right, owner: actor } as const;
  return dice.pick<KeyAnswer>([
    ...([found, found, found, found, found, found, found] as const),
    { ...found, publicKey: stranger },
    { ...found, owner: 'https://peer.example/users/b' },
    { key: 'gone' },
    { key: 'failed', reason: 'down' },
    { key: 'slow', reason: 'slow' },
    { key: 'unusable', reason: 'no key' },
  ]);
}

/** Everything that the signature is over is as it was, read by hand. */
function isSame({ request, covered, by }: Original, sent: SignedRequest): boolean {
  // draft-cavage-12 section 2.3 signs the method in small letters.
  const methodOf = ({ method }: SignedRequest) => (by === 'cavage' ? method.toLowerCase() : method);
  if (methodOf(sent) !== methodOf(request) || sent.path !== request.path || sent.scheme !== request.scheme)
    return false;
  if (sent.host.toLowerCase().replace(/:443$/, '') !== request.host) return false;
  const fields = covered.filter((name) => !/^[(@]/.test(name));
  if (fields.some((name) => linesOf(sent.headers, name) !== linesOf(request.headers, name))) return false;
  // The fields that hold the signature may be spelled anew, never say anything else.
  const bytes = (headers: HeaderList) => /[A-Za-z0-9+/]{80,}={0,2}/.exec(linesOf(headers, 'signature') ?? '')?.[0];
  return bytes(sent.headers) === bytes(request.headers);
}

/** All lines of it, without the blanks around. */
function linesOf(headers: HeaderList, name: string): string | null {
  const lines = headers.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
  return lines.length === 0 ? null : lines.map((line) => line.replace(/^[ \t]+|[ \t]+$/g, '')).join(', ');
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}

if (import.meta.main) {
  const [runs = '1000000', seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2);
  console.log(JSON.stringify(await fuzzJudge(Number(runs), Number(seed))));
}
