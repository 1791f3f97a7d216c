// Holds a data folder until it is killed.

import { FolderLock } from '../../../home-node/folder-lock.ts';

const lock = FolderLock.take(process.argv[2] ?? '');
console.log(JSON.stringify({ locked: true }));
setInterval(() => lock, 60_000);
