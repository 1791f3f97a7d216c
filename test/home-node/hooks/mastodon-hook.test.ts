// The Mastodon initializer, in Ruby: against classes of Mastodon's shape and, where MASTODON_SIGNED_REQUEST is the path of a
// copy of Mastodon's app/lib/signed_request.rb (of 4.3: app/controllers/concerns/signature_verification.rb) with
// signature_parser.rb beside it, against the real class.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { besideQuery, honest, hour, type Signing, secret, unwanted, wanted, withReceipt } from './late-requests.ts';
import { hasRuby, inboxProgram, Ruby } from './ruby-program.ts';

/** To Rack an underscore is a hyphen: home takes either spelling from what comes from outside (forward-headers.ts). */
const sameToRack = 'an underscore in the name';

interface Release {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signings: readonly Signing[];
}

const now = Date.now();

function behaves({ name, env, signings }: Release): void {
  describe.skipIf(!hasRuby)(`the initializer in ${name}`, () => {
    let hooked: Ruby;
    let bare: Ruby;
    beforeAll(async () => {
      [hooked, bare] = await Promise.all([Ruby.start(env), Ruby.start(env, false)]);
    });
    afterAll(async () => await Promise.all([hooked?.stop(), bare?.stop()]));

    test('says that it is there', () => {
      expect(hooked.log).toMatch(
        /\[porchlight\] \w+: late deliveries with a receipt are judged by their time of arrival/,
      );
    });

    test.each(signings)('takes what is in time or was, signed by %s', async (signing) => {
      for (const { what, request } of wanted(signing, now)) {
        const { status, why, judged } = await hooked.ask(request);
        const isFresh = what.includes('fresh');
        expect([what, status, why, judged]).toEqual([what, 202, undefined, isFresh ? null : 'v1 judged-at-arrival']);
        expect([what, (await bare.ask(request)).status]).toEqual([what, isFresh ? 202 : 401]);
      }
    });

    test.each(signings)('refuses every other one, signed by %s', async (signing) => {
      const cases = unwanted(signing, now).filter(({ what }) => what !== sameToRack && what !== besideQuery);
      expect(cases.length).toBeGreaterThan(30);
      for (const { what, request } of cases) {
        const before = (await bare.ask(request)).status;
        const { status } = await hooked.ask(request);
        expect([what, status]).toEqual([what, before]);
      }
      const refused = await Promise.all(cases.map(async ({ request }) => (await hooked.ask(request)).status));
      expect(refused.filter((status) => status === 401).length).toBeGreaterThan(30);
    });

    test.each(signings)('judges `expires` as of the arrival, signed by %s', async (signing) => {
      const signedAt = now - 16 * hour;
      const request = honest({ signing, signedAt, expiresAt: signedAt + hour });
      expect((await hooked.ask(withReceipt(request, { receivedAt: signedAt + 1_000 }))).status).toBe(202);
      expect((await hooked.ask(withReceipt(request, { receivedAt: signedAt + 3 * hour }))).status).toBe(401);
      expect((await hooked.ask(request)).status).toBe(401);
    });
  });
}

behaves({ name: 'the shape of 4.3', env: { STAND_IN: '4.3' }, signings: ['date', 'created'] });
behaves({ name: 'the shape of 4.4 and 4.5', env: { STAND_IN: '4.5' }, signings: ['date', 'created', 'rfc9421'] });
behaves({ name: 'the shape of 4.6 and main', env: { STAND_IN: '4.6' }, signings: ['date', 'created', 'rfc9421'] });

describe.skipIf(!hasRuby)('where something is missing or strange', () => {
  const [fresh, , late] = wanted('date', now);
  if (fresh === undefined || late === undefined) throw new Error('there are none');

  async function statuses(ruby: Ruby): Promise<readonly number[]> {
    const asked: number[] = [];
    for (const { request } of [fresh, late].filter((one) => one !== undefined)) {
      asked.push((await ruby.ask(request)).status);
    }
    return asked;
  }

  test.each([
    ['names no file', ''],
    ['names one that is not there', '/there/is/none'],
    ['names one that holds something else', inboxProgram],
  ])('the secret’s setting %s: what is late is refused, and the log says why', async (_what, file) => {
    const ruby = await Ruby.start({ STAND_IN: '4.6', PORCHLIGHT_RECEIPT_SECRET_FILE: file });
    expect(await statuses(ruby)).toEqual([202, 401]);
    await ruby.stop();
    expect(ruby.log).toContain('A receipt was not taken');
    expect(ruby.log).not.toContain(Buffer.from(secret).toString('base64url'));
  });

  test.each(['window', 'initialize', 'constants', 'signature'])(
    'a Mastodon of another shape (%s) is left alone, and the log says so',
    async (other) => {
      const ruby = await Ruby.start({ STAND_IN: '4.6', STRANGE: other });
      expect(await statuses(ruby)).toEqual([202, 401]);
      await ruby.stop();
      expect(ruby.log).toContain('This Mastodon is not of a shape that the hook knows: it is left alone');
    },
  );
});

const real = process.env.MASTODON_SIGNED_REQUEST;
if (real === undefined) {
  test('Mastodon’s real class: not run (MASTODON_SIGNED_REQUEST names no copy of it)', () => {
    process.stdout.write('Mastodon’s real class: not run (MASTODON_SIGNED_REQUEST names no copy of it).\n');
    expect(real).toBeUndefined();
  });
} else {
  const probe = await Ruby.start({ MASTODON_SIGNED_REQUEST: real }, false);
  await probe.stop();
  const { rails, rfc9421 } = probe.ready;
  const told = `Mastodon’s real class ${real}: run${rails ? ', with Rails’ own request' : ', with a request of our own'}; RFC 9421 ${rfc9421 ? 'run' : 'not run (this release has none, or linzer is not there)'}.`;
  process.stdout.write(`${told}\n`);
  const signings: readonly Signing[] = rfc9421 ? ['date', 'created', 'rfc9421'] : ['date', 'created'];
  behaves({ name: `Mastodon’s real class (${real})`, env: { MASTODON_SIGNED_REQUEST: real }, signings });
}
