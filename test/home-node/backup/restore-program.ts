// Restores a backup and kills itself when so many files are unpacked.

import { restoreBackup } from '../../../home-node/backup/restore.ts';

const [file = '', folder = '', at = ''] = process.argv.slice(2);
await restoreBackup(file, folder, ({ done }) => {
  if (done === Number(at)) process.kill(process.pid, 'SIGKILL');
});
