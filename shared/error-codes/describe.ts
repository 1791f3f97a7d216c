// The table of error codes as Markdown, for docs/errors.md.

import { type ErrorGroup, errorGroups, type MetBy } from '../error-codes.ts';

const titles: Readonly<Record<MetBy, readonly [title: string, about: string]>> = {
  owner: [
    'At home',
    'From the command `porchlight`, in the log of the home node, and in `porchlight status`. A status says that the edge gives the code as well, to the home node that asks for its owner.',
  ],
  'between home and edge': [
    'Between home and edge',
    "In calls, claims and on the link; docs/protocol.md says when. An owner meets them in the message of an `edge-refused`, or as the reason why the link is lost. Those without a status are the link's.",
  ],
  operator: [
    'For whoever runs an edge',
    "From `porchlight edge`, from building and deploying, and in the Worker's log.",
  ],
  'stranger or peer': [
    'For visitors and peers',
    'As `code` of a problem (RFC 9457), with the status. Browsers get a page instead where people are meant.',
  ],
};

/** docs/errors.md. */
export function errorManual(): string {
  return `${introduction}\n${errorGroups.map(section).join('\n')}`;
}

function section({ metBy, codes }: ErrorGroup): string {
  const [title, about] = titles[metBy];
  const rows = Object.entries(codes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { status, says, do: mends }]) => `| \`${code}\` | ${status ?? ''} | ${says} | ${mends ?? ''} |`);
  return `## ${title}\n\n${about}\n\n| code | status | says | what to do |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

const introduction = `# Errors

<!-- Made by \`npm run docs\` from shared/error-codes/: change it there. -->

Every code that Porchlight gives an error. A code is stable: it may be searched for, and it never gets another meaning.
Where nothing stands under "what to do" there is nothing for anybody to do.

With \`--json\` a command that fails says so on the last line of standard error, as
\`{"error": {"code": "not-running", "message": "Cannot ..."}}\`, and ends with the exit code that \`porchlight --help\` lists.

Why a single request on the link was ended, and why the link was closed, is said there by numbers: docs/protocol.md,
"Frames".
`;
