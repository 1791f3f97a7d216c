// Codes that whoever runs an edge meets: from `porchlight edge`, from the build, in the Worker's log.

import type { ErrorMeaning } from './meaning.ts';

export const operatorCodes = {
  'account-unclear': {
    says: 'The login reaches several Cloudflare accounts.',
    do: 'Set `CLOUDFLARE_ACCOUNT_ID` to the one that is meant.',
  },
  'cloudflare-permission': {
    says: 'The login may not do what deploying needs.',
    do: 'Give the token the permissions that docs/deploying.md lists, or run `npx wrangler login`.',
  },
  'deployment-file': {
    says: 'What deploying remembers of an edge cannot be read.',
    do: 'Restore the file from a backup, or remove it and name the hosts again by `--hosts`.',
  },
  'edge-silent': {
    says: 'The edge was uploaded and does not answer yet at some of its hosts.',
    do: 'Run the command again later; new names and certificates can take a quarter of an hour.',
  },
  'hosts-left-out': {
    says: 'Hosts that the edge answers for are not named any more.',
    do: 'Name every host, or add `--yes` if that is meant.',
  },
  'names-unreachable': {
    says: 'The name servers of a zone cannot be asked.',
    do: 'See whether this machine has a network and may ask name servers (port 53).',
  },
  'not-logged-in': {
    says: 'Nobody is logged in to Cloudflare.',
    do: 'Run `npx wrangler login`, or set `CLOUDFLARE_API_TOKEN`.',
  },
  'not-ours': {
    says: 'Something of that name is in the account that deploying did not make.',
    do: 'Choose another name by `--name`, or add `--yes` to take it over.',
  },
  'operator-key-lost': {
    says: "The edge knows an operator's key that is not on this machine.",
    do: 'Copy it from where you deployed before, or add `--new-operator-key`.',
  },
  'operator-key-other': {
    says: "The edge knows another operator's key than the one on this machine.",
    do: 'Copy that one here, or add `--yes` to make the edge know this one instead.',
  },
  'storage-not-enabled': {
    says: 'R2 is not switched on in the account.',
    do: 'Open R2 in the dashboard and accept its terms once.',
  },
  'wrangler-failed': {
    says: 'wrangler could not do one of the steps; what was done before stays.',
    do: 'Mend what it says and run the command again.',
  },
  'code-ambiguous': {
    status: 409,
    says: 'The hashes of several claim codes begin so.',
    do: 'Give more of the hash, or the code itself.',
  },
  'code-dropped': {
    status: 409,
    says: 'This claim code was dropped and does not come back.',
    do: 'Make another: `porchlight edge code`.',
  },
  'code-homes': {
    status: 409,
    says: 'The hosts of one claim code belong to several homes.',
    do: 'Make a code for each home.',
  },
  'code-hosts': {
    status: 400,
    says: 'The hosts for a claim code are none, too many, or no host names.',
    do: 'Name hosts without scheme and path, in two codes if they are too many.',
  },
  'code-known': {
    status: 409,
    says: 'This claim code is known, for other hosts.',
    do: 'Make another: `porchlight edge code`.',
  },
  'code-used': {
    status: 409,
    says: 'A home has claimed with this code: it cannot be dropped.',
    do: "Revoke the home's key instead: `porchlight edge revoke`.",
  },
  'delivery-id-malformed': {
    says: 'The Worker named a delivery by characters that no id of a delivery has; nothing was stored.',
    do: 'It is a fault of Porchlight: report it.',
  },
  'delivery-malformed': {
    says: 'The Worker handed a delivery to the spool whose body is not as long as it says; nothing was stored.',
    do: 'It is a fault of Porchlight: report it.',
  },
  'delivery-too-large': {
    says: 'The Worker handed a delivery to the spool that is longer than a row may be; nothing was stored.',
    do: 'It is a fault of Porchlight: report it.',
  },
  'host-elsewhere': {
    status: 409,
    says: "The host that is to be released is another home's.",
    do: '`porchlight edge homes`',
  },
  licence: {
    says: 'The package would contain a library that may not be given along.',
    do: 'Choose another library, or see local/third-party.ts.',
  },
  'link-unnamed': {
    says: 'A Link object was made without the name of its home.',
    do: 'Get it by `idFromName(homeId)`.',
  },
  'no-code': {
    status: 404,
    says: 'No claim code has this hash.',
    do: '`porchlight edge codes`',
  },
  'no-home': {
    status: 404,
    says: 'No home is called so or has such a host.',
    do: '`porchlight edge homes`',
  },
  'no-operator': {
    status: 404,
    says: 'The Worker has no `OPERATOR_KEY`, so that nobody is its operator.',
    do: "Set it to the public half of the operator's key and deploy.",
  },
  'not-an-edge': {
    says: 'What answers there is no Porchlight edge, or one from before operators had keys.',
    do: 'Give the origin of the edge by `--edge`, or deploy it anew.',
  },
  'operator-call-refused': {
    status: 401,
    says: "The call is not signed by the operator's key, or is about another edge, method, path or body.",
    do: 'Use the key whose public half is `OPERATOR_KEY`.',
  },
  'operator-clock': {
    status: 401,
    says: "The operator's machine and the edge differ by more than five minutes; the message says both times.",
    do: "Set the clock of the operator's machine and call again.",
  },
  'operator-key': {
    status: 503,
    says: "The Worker's `OPERATOR_KEY` is no public key.",
    do: "Set it to the public half of the operator's key and deploy.",
  },
  'operator-key-file': {
    says: "The file with the operator's key is not there, holds no key, or may be read by others.",
    do: 'As the message says: `chmod 600`, or restore it from a backup.',
  },
  'operator-malformed': {
    status: 400,
    says: "What the operator's call asks makes no sense; the detail says what.",
    do: 'Bring program and edge to the same version.',
  },
  'operator-unknown': {
    says: "The edge does not take this operator's key.",
    do: 'Use the right key, or set `OPERATOR_KEY` as the message says and deploy.',
  },
  'spool-schema-newer': {
    says: "A spool's rows were written by a later version of the Worker.",
    do: 'Deploy the later version again.',
  },
  'spool-unnamed': {
    says: 'A Spool object was made without the name of its home.',
    do: 'Get it by `idFromName(homeId)`.',
  },
} as const satisfies Readonly<Record<string, ErrorMeaning>>;
