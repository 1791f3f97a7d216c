#!/usr/bin/env node
// What `porchlight` runs when it is installed: looks whether this Node is new enough, and only then loads the program,
// which an older one could not even read. Syntax and functions here are those of Node 14.
// local/build.ts writes in PORCHLIGHT_NODE, the oldest Node that will do, and PORCHLIGHT_ENTRY, what to load.

const wanted = PORCHLIGHT_NODE.split('.').map(Number);
const found = process.versions.node.split('.').map(Number);
const differs = found.findIndex((part, at) => part !== wanted[at]);

if (differs >= 0 && found[differs] < wanted[differs]) {
  process.stderr.write(
    `Cannot run porchlight: this is Node ${process.versions.node} (${process.execPath}), and ${PORCHLIGHT_NODE} or ` +
      'later is needed; install it from https://nodejs.org/en/download and run the same command again.\n',
  );
  process.exitCode = 1;
} else {
  void import(PORCHLIGHT_ENTRY);
}
