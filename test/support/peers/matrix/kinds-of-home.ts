// The homes of the matrix as the owner would configure them, and what is to be expected of each after a long night.

export interface Home {
  /** Of the service, and of its host below the domain. */
  readonly name: string;
  /** As the table calls it. */
  readonly title: string;
  readonly isEmbedded: boolean;
  /** How old a signature may be to it at most, in words; null: as old as it likes. */
  readonly window: string | null;
  /** Whether late deliveries are vouched for, so that it judges them by the time of their arrival. */
  readonly isVouchedFor: boolean;
  /** Whether a signature within the body (Linked Data signatures, object integrity proofs) is proof enough, at any age. */
  readonly takesBodyProof: boolean;
  /** Its section of porchlight.toml. */
  readonly toml: (host: string, port: number) => string;
}

const service =
  (name: string, signatures: readonly string[]) =>
  (host: string, port: number): string =>
    [
      '[[services]]',
      `name = "${name}"`,
      'kind = "activitypub"',
      `hosts = ["${host}"]`,
      `url = "http://127.0.0.1:${port}"`,
      'inboxes = ["/inbox"]',
      `signatures = [${signatures.map((each) => `"${each}"`).join(', ')}]`,
    ].join('\n');

const cavageAlone = ['cavage'];

const of = (name: string, title: string, window: string | null, signatures: readonly string[]): Home => ({
  name,
  title,
  window,
  isEmbedded: false,
  isVouchedFor: false,
  takesBodyProof: false,
  toml: service(name, signatures),
});

export const homes: readonly Home[] = [
  {
    name: 'home',
    title: 'embedded home (Fedify, an hour)',
    isEmbedded: true,
    window: 'an hour',
    isVouchedFor: true,
    takesBodyProof: true,
    toml: (host) => `[[services]]\nname = "home"\nkind = "embedded"\nhosts = ["${host}"]`,
  },
  of('gotosocial', 'draft-cavage without a time check, as GoToSocial', null, cavageAlone),
  { ...of('fedify', 'Fedify application, an hour', 'an hour', ['cavage', 'rfc9421']), takesBodyProof: true },
  of('peertube', '@peertube/http-signature as PeerTube calls it, 30 min', '30 min', cavageAlone),
  of('misskey', '@peertube/http-signature as Misskey calls it, 5 min', '5 min', cavageAlone),
  of('misskey-dev', '@misskey-dev/node-http-message-signatures, 5 min', '5 min', cavageAlone),
];
