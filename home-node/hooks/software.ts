// Which hook goes into which server, and how an owner puts it there: data for `porchlight hook` and for doctor.

export const hookedSoftware = ['mastodon', 'peertube', 'misskey', 'hollo', 'fedify'] as const;
export type HookedSoftware = (typeof hookedSoftware)[number];

export interface Hook {
  readonly title: string;
  /** Files of this folder. The first is the one that the server is told of. */
  readonly files: readonly string[];
  /** What it changes, and what it was tried with (docs/compatibility.md). */
  readonly about: string;
  /** Ways to put it in, each a heading and lines. `at`: the folder with the files, absolute. */
  readonly ways: (at: string) => readonly Way[];
}

export interface Way {
  readonly heading: string;
  readonly lines: readonly string[];
}

/** Of the secret, beside the files of the hook. */
export const secretFileName = 'porchlight-secret';
export const secretVariable = 'PORCHLIGHT_RECEIPT_SECRET_FILE';

const ruby = ['zz_porchlight.rb'];
const node = [
  'porchlight-hook.cjs',
  'porchlight-hook.mjs',
  'porchlight-receipt.cjs',
  'porchlight-modules.cjs',
  'porchlight-loader.mjs',
  'porchlight-fedify.mjs',
];

function nodeWays(unit: string, container: string, owner: string): Hook['ways'] {
  return (at) => [
    {
      heading: `Docker Compose, in the service ${container}:`,
      lines: [
        'environment:',
        `  NODE_OPTIONS: "--require /porchlight/porchlight-hook.cjs"`,
        `  ${secretVariable}: /porchlight/${secretFileName}`,
        'volumes:',
        `  - ${at}:/porchlight:ro`,
        `(and once: chown ${owner} ${at}/${secretFileName}, the user that the container runs as)`,
      ],
    },
    {
      heading: `systemd: systemctl edit ${unit}`,
      lines: [
        '[Service]',
        `Environment="NODE_OPTIONS=--require ${at}/porchlight-hook.cjs"`,
        `Environment=${secretVariable}=${at}/${secretFileName}`,
        `(and once: chown ${unit}: ${at}/${secretFileName})`,
      ],
    },
    {
      heading: 'Started by home (driver = "process" in porchlight.toml): before its own command,',
      lines: [
        `command = ["env", "NODE_OPTIONS=--require ${at}/porchlight-hook.cjs",`,
        `  "${secretVariable}=${at}/${secretFileName}", "node", …]`,
      ],
    },
  ];
}

export const hooks: Readonly<Record<HookedSoftware, Hook>> = {
  mastodon: {
    title: 'Mastodon',
    files: ruby,
    about: 'An initializer for the web process of Mastodon 4.3 to 4.6; Sidekiq needs none.',
    ways: (at) => [
      {
        heading: 'Docker Compose, in the service web:',
        lines: [
          'environment:',
          `  ${secretVariable}: /run/${secretFileName}`,
          'volumes:',
          `  - ${at}/zz_porchlight.rb:/opt/mastodon/config/initializers/zz_porchlight.rb:ro`,
          `  - ${at}/${secretFileName}:/run/${secretFileName}:ro`,
          `(and once: chown 991:991 ${at}/${secretFileName}, the user of Mastodon’s image)`,
        ],
      },
      {
        heading: 'From source, in Mastodon’s folder:',
        lines: [
          `cp ${at}/zz_porchlight.rb config/initializers/`,
          `chown mastodon: ${at}/${secretFileName}`,
          'systemctl edit mastodon-web:',
          '  [Service]',
          `  Environment=${secretVariable}=${at}/${secretFileName}`,
        ],
      },
    ],
  },
  peertube: {
    title: 'PeerTube',
    files: node,
    about: 'Loaded by Node before PeerTube, around the library that reads signatures, whichever of the two it uses.',
    ways: nodeWays('peertube', 'peertube', '999:999'),
  },
  misskey: {
    title: 'Misskey',
    files: node,
    about:
      'Loaded by Node before Misskey, around the library that reads signatures. Where the backend has it in its bundle, the hook changes that at one place exactly, as it is loaded, or leaves it alone and logs that: see that `porchlight doctor` finds it at work, and set it aside otherwise.',
    ways: nodeWays('misskey', 'web', '991:991'),
  },
  hollo: {
    title: 'Hollo',
    files: node,
    about: 'Loaded by Node before Hollo, around Fedify’s createFederation.',
    ways: nodeWays('hollo', 'hollo', 'root:root'),
  },
  fedify: {
    title: 'An app made with Fedify',
    files: node,
    about: 'Loaded by Node before the app, around Fedify’s createFederation; or called by the app itself.',
    ways: (at) => [
      ...nodeWays('your-app', 'your-app', 'root:root')(at),
      {
        heading: 'In the app, instead of NODE_OPTIONS:',
        lines: [
          `import { judgedAtArrival } from '${at}/porchlight-fedify.mjs';`,
          'const federation = judgedAtArrival(createFederation({ … }));',
        ],
      },
    ],
  },
};

/** Why software has no hook, and what then; null: it has one, or is not known. */
export const hookless: Readonly<Record<string, string>> = {
  embedded: 'judges by the time of arrival by itself',
  gotosocial: 'does not look at how old a request is; one that says until when it holds (expires) is lost after that',
  pixelfed: 'takes what was signed up to 24 hours ago; what is older it drops in silence',
  lemmy: 'takes what was signed up to an hour ago, and that cannot be changed from outside',
};

/** The hook for a kind of service; null: it has none, or nobody said which software it is. */
export function hookedAs(kind: string): HookedSoftware | null {
  return hookedSoftware.find((one) => one === kind) ?? null;
}
