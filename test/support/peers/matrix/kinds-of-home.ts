// The homes of the matrix as the owner would configure them, and what is to be expected of each after a long night.

export interface Home {
  /** Of the service, and of its host below the domain. */
  readonly name: string;
  /** Which of homes.ts it is. */
  readonly software: string;
  /** As the table calls it. */
  readonly title: string;
  readonly isEmbedded: boolean;
  /** How old a signature may be to it at most, in words; null: as old as it likes. */
  readonly window: string | null;
  /** Started with the Node hook, and a secret that it shares with home. */
  readonly hasHook: boolean;
  /** Whether late deliveries are vouched for, so that it judges them by the time of their arrival. */
  readonly isVouchedFor: boolean;
  /** Whether a signature within the body (Linked Data signatures, object integrity proofs) is proof enough, at any age. */
  readonly takesBodyProof: boolean;
  /** Whether it takes what another server hands on, by that signature. */
  readonly takesHandedOn: boolean;
  /** Its section of porchlight.toml. */
  readonly toml: (host: string, port: number) => string;
}

const cavageAlone = ['cavage'];

interface Software {
  readonly name: string;
  readonly title: string;
  /** As porchlight.toml names it. */
  readonly kind: string;
  readonly window: string | null;
  readonly signatures: readonly string[];
  readonly takesBodyProof: boolean;
  readonly takesHandedOn: boolean;
}

const mastodon: Software = {
  name: 'mastodon',
  title: 'http-message-signatures without a time check, as Mastodon',
  kind: 'mastodon',
  window: null,
  signatures: ['cavage', 'rfc9421'],
  takesBodyProof: false,
  takesHandedOn: true,
};

const dateBlind: Software = {
  name: 'gotosocial',
  title: 'draft-cavage without a time check, as GoToSocial',
  kind: 'gotosocial',
  window: null,
  signatures: cavageAlone,
  takesBodyProof: false,
  takesHandedOn: false,
};

const windowed: readonly Software[] = [
  {
    name: 'fedify',
    title: 'Fedify application, an hour',
    kind: 'hollo',
    window: 'an hour',
    signatures: ['cavage', 'rfc9421'],
    takesBodyProof: true,
    takesHandedOn: true,
  },
  {
    name: 'peertube',
    title: '@peertube/http-signature as PeerTube calls it, 30 min',
    kind: 'peertube',
    window: '30 min',
    signatures: cavageAlone,
    takesBodyProof: false,
    takesHandedOn: true,
  },
  {
    name: 'misskey',
    title: '@peertube/http-signature as Misskey calls it, 5 min',
    kind: 'misskey',
    window: '5 min',
    signatures: cavageAlone,
    takesBodyProof: false,
    takesHandedOn: true,
  },
  {
    name: 'misskey-dev',
    title: '@misskey-dev/node-http-message-signatures, 5 min',
    kind: 'misskey',
    window: '5 min',
    signatures: cavageAlone,
    takesBodyProof: false,
    takesHandedOn: true,
  },
];

const embedded: Home = {
  name: 'home',
  software: 'home',
  title: 'embedded home (Fedify, an hour)',
  isEmbedded: true,
  window: 'an hour',
  hasHook: false,
  isVouchedFor: true,
  takesBodyProof: true,
  takesHandedOn: true,
  toml: (host) => `[[services]]\nname = "home"\nkind = "embedded"\nhosts = ["${host}"]`,
};

export const homes: readonly Home[] = [
  embedded,
  homeOf(mastodon, false),
  homeOf(dateBlind, false),
  ...windowed.map((software) => homeOf(software, true)),
  ...windowed.map((software) => homeOf(software, false)),
];

function homeOf(known: Software, hasHook: boolean): Home {
  const { name: software, title, kind, window, signatures, takesBodyProof, takesHandedOn } = known;
  const name = hasHook ? `${software}-hook` : software;
  const toml = (host: string, port: number): string =>
    [
      '[[services]]',
      `name = "${name}"`,
      `kind = "${kind}"`,
      `hosts = ["${host}"]`,
      `url = "http://127.0.0.1:${port}"`,
      'inboxes = ["/inbox"]',
      `signatures = [${signatures.map((each) => `"${each}"`).join(', ')}]`,
    ].join('\n');
  return {
    name,
    software,
    title: window === null ? title : `${title}, ${hasHook ? 'with' : 'without'} our hook`,
    isEmbedded: false,
    window,
    hasHook,
    isVouchedFor: hasHook,
    takesBodyProof,
    takesHandedOn,
    toml,
  };
}
