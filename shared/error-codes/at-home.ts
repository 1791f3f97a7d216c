// Codes that an owner meets: from `porchlight`, in home's log, as the trouble of its link. Some are the edge's, told to
// the command that asked.

import type { ErrorMeaning } from './meaning.ts';

export const homeCodes = {
  'address-not-public': {
    says: 'The embedded home was led to an address that is not public, by an actor of somebody else.',
    do: null,
  },
  'alert-hook': {
    says: 'The command that tells the owner of alerts failed or took too long.',
    do: 'Mend `command` under `[alerts]` in porchlight.toml; the alert is told again.',
  },
  'already-there': {
    says: '`porchlight init` found a porchlight.toml in the folder.',
    do: 'Change that file, or name another folder by `--home`.',
  },
  'backup-exists': {
    says: 'The file that a backup is to be written to is there already.',
    do: 'Choose another name.',
  },
  'backup-failed': {
    says: 'The backup could not be written.',
    do: 'See whether there is room, and back up again.',
  },
  'backup-newer': {
    says: 'The backup was made by a later Porchlight, whose files this one does not know.',
    do: 'Install that version or a later one.',
  },
  'backup-unreadable': {
    says: 'The file is no backup of Porchlight, or it is damaged.',
    do: 'Restore another one.',
  },
  'claim-code-malformed': {
    status: 400,
    says: 'The claim code has letters and digits too few or too many.',
    do: 'Copy all of it: seven groups of four.',
  },
  'claim-file': {
    says: 'home.json, which says as whom the edge knows this home, cannot be read.',
    do: 'Restore it from a backup, or remove it and run `porchlight claim CODE` with a new code.',
  },
  config: {
    says: 'porchlight.toml is not there, cannot be read, or has faults, all of which are told at once.',
    do: 'Mend what it names; see docs/configuration.md.',
  },
  control: {
    says: 'The home node cannot listen for commands in its data folder.',
    do: 'See whose folder it is and whether there is room, and start it again.',
  },
  'control-broken': {
    says: 'The home node ended before it had answered a command, or its answer broke off.',
    do: 'See `porchlight status`, and repeat the command.',
  },
  'control-denied': {
    says: 'The home node that runs belongs to another user.',
    do: 'Run the command as that user.',
  },
  'control-malformed': {
    says: 'A command asked the home node for something that makes no sense.',
    do: 'Bring command and home node to the same version: restart the home node.',
  },
  'control-unknown': {
    says: 'The home node that runs does not know what a command asked for: it is older than the command.',
    do: 'Restart the home node.',
  },
  'edge-refused': {
    says: 'The edge refused; its own code stands in the message, and is explained here under that name.',
    do: "See the edge's code.",
  },
  'edge-reply-too-long': {
    says: 'The answer of the edge is longer than home reads.',
    do: 'See what answers at the address of `edge` in porchlight.toml: no Porchlight edge says so much.',
  },
  'edge-unreachable': {
    says: 'The edge could not be reached, or answered that it cannot now.',
    do: "See `porchlight doctor`; the network, the edge's name or home's clock may be why.",
  },
  'embedded-leavings': {
    says: 'The embedded home did not say what strangers are to be answered while home sleeps.',
    do: 'Look into its log; home asks again by itself.',
  },
  'embedded-greetings': {
    says: 'The embedded home did not greet a peer that may have given this domain up.',
    do: 'Nothing: it is asked again after the next waking. If that fails too, look into its log.',
  },
  ending: {
    says: 'The home node is ending and takes no commands any more.',
    do: 'Start it again: `porchlight up`.',
  },
  feed: {
    says: 'The feed that the embedded home posts from cannot be read, or is too long.',
    do: 'Mend or shorten the feed file; it is read again when it changes.',
  },
  'folder-of-another': {
    says: 'Root was about to write into a data folder that belongs to somebody else, who could not use it afterwards.',
    do: 'Run the command as that user: `sudo -u USER porchlight ...`.',
  },
  'folder-in-use': {
    says: 'Another process of Porchlight works on this data folder.',
    do: 'A home node of this version is taken over from by `porchlight up`; end any other first, or name another folder by `--home`.',
  },
  'folder-managed': {
    says: 'A home node that systemd runs works on this data folder, and `porchlight up` was about to take over from it.',
    do: '`systemctl restart porchlight`, or `porchlight up --replace` to take over all the same.',
  },
  'folder-not-empty': {
    says: '`porchlight restore` writes into empty folders only.',
    do: 'Name another folder by `--home`, or move this one away.',
  },
  'folder-path-too-long': {
    says: 'The path of the data folder leaves no room for the name of a socket in it.',
    do: 'Choose a shorter path.',
  },
  'home-asleep': {
    says: 'The command needs a home that is awake.',
    do: '`porchlight wake`',
  },
  'home-clock': {
    says: 'Home cannot vouch for when a delivery came, because its clock is wrong; the delivery waits.',
    do: 'Set the clock.',
  },
  'home-key': {
    says: "The file with home's key is not there, holds no key, or may be read by others.",
    do: 'As the message says: `chmod 600`, restore it from a backup, or remove it and claim with a new code.',
  },
  'key-change-open': {
    says: "It is not known yet whether the edge took home's new key.",
    do: null,
  },
  'key-change-refused': {
    says: "The edge does not take home's new key; the old one stays.",
    do: 'As the message says, then `porchlight key rotate` again.',
  },
  ledger: {
    says: "Home's ledger cannot be written; no delivery is taken until it can.",
    do: 'See whether the disk is full or failing.',
  },
  'ledger-newer': {
    says: "Home's ledger was written by a later Porchlight.",
    do: 'Run that version or a later one.',
  },
  'link-lost': {
    says: 'The connection to the edge broke.',
    do: null,
  },
  'link-not-open': {
    says: 'What was asked needs the link to the edge, and it is not open now.',
    do: 'Wait until `porchlight status` says that it is, and repeat.',
  },
  'link-silent': {
    says: 'The edge did not answer a ping; home dials anew.',
    do: null,
  },
  'link-unreachable': {
    says: 'The link could not be opened: nothing answers, or something other than the edge.',
    do: 'Home dials again by itself; if it stays so, `porchlight doctor`.',
  },
  'metrics-listen': {
    says: 'The address for metrics cannot be listened on.',
    do: 'Set another one under `[metrics]` in porchlight.toml.',
  },
  'no-dead-letter': {
    status: 404,
    says: 'There is no dead letter of this number (any more).',
    do: '`porchlight spool list --dead`',
  },
  'no-delivery': {
    status: 404,
    says: 'No delivery waits, is kept or is dead under this number or id.',
    do: '`porchlight spool list`',
  },
  'no-folder': {
    says: 'There is no porchlight.toml in the data folder.',
    do: '`porchlight init`, or name another folder by `--home`.',
  },
  'no-hook': {
    says: 'There is no hook for this kind of service, or which software it is was not said.',
    do: 'As the message says; `porchlight hook list` shows which services have one.',
  },
  'no-such-service': {
    says: 'This home has no service of this name.',
    do: 'Name one of those that the message lists.',
  },
  'not-answered': {
    says: 'A question was ended without an answer; nothing was done.',
    do: 'Run the command again.',
  },
  'not-claimed': {
    says: 'This home was never claimed at the edge that porchlight.toml names.',
    do: "Get a code from the edge's operator: `porchlight claim CODE`.",
  },
  'not-confirmed': {
    says: 'The question whether to go on was answered with no; nothing was done.',
    do: null,
  },
  'not-from-the-edge': {
    says: 'Something that is no Porchlight edge answered in its place.',
    do: 'See `edge` in porchlight.toml, and what stands in front of the edge: `porchlight doctor`.',
  },
  'not-interactive': {
    says: 'A command has a question, and nobody is there to answer it.',
    do: 'Give the answer by the option that the message names.',
  },
  'not-kept': {
    status: 404,
    says: 'The delivery is not kept, so it cannot be replayed: it waits, is dead, or is gone.',
    do: '`porchlight spool show`, and `porchlight spool retry` for what waits or is dead.',
  },
  'not-running': {
    says: 'No home node runs on this data folder.',
    do: '`porchlight up`',
  },
  'not-waiting': {
    status: 404,
    says: 'The delivery does not wait (any more): its service took it, or it is gone.',
    do: '`porchlight spool show`',
  },
  options: {
    says: 'The command line is not right; nothing was done.',
    do: 'Call it as `porchlight help` and the message say.',
  },
  'receipt-secret': {
    says: 'The file receipt-secret holds no secret, or may be read by others.',
    do: 'As the message says: `chmod 600`, or remove it, and a new one is made.',
  },
  'restore-failed': {
    says: 'The backup could not be written to the folder.',
    do: 'Mend what the message names, and restore again.',
  },
  'schema-newer': {
    says: "The embedded home's database was written by a later Porchlight.",
    do: 'Update Porchlight, or restore the file from before the update.',
  },
  'service-database': {
    says: 'The database of a service cannot be read, or holds other tables than its kind has.',
    do: 'Mend `database` (and `kind`) of that service in porchlight.toml; what it left last stays at the edge.',
  },
  'service-install': {
    says: 'The systemd unit cannot be read or written.',
    do: 'Run the command as root, or with `--user`.',
  },
  'service-leavings': {
    says: 'A service failed when home asked what it tells strangers.',
    do: 'See its log; what it left last stays at the edge.',
  },
  'service-unit': {
    says: 'No systemd unit can be made for this folder.',
    do: 'As the message says.',
  },
  'service-unit-foreign': {
    says: 'The systemd unit that is there was changed by somebody.',
    do: 'Move it away, or add `--force` to overwrite it.',
  },
  'settings-watch': {
    says: 'porchlight.toml cannot be watched for changes.',
    do: 'Restart the home node after each change.',
  },
  'wrong-edge': {
    says: 'The edge calls itself by another origin than the one that porchlight.toml names.',
    do: 'Set `edge` to what the message names.',
  },
} as const satisfies Readonly<Record<string, ErrorMeaning>>;
