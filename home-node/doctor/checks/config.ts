// Is porchlight.toml one that a home can run by?

import { join } from 'node:path';
import { configFileName } from '../../config.ts';
import { type Check, fault, well } from '../check.ts';

export const configCheck: Check = {
  name: 'config',
  about: configFileName,
  needs: 'nothing',
  run: async ({ folder, config, configTrouble }) => {
    const path = join(folder, configFileName);
    if (config !== null) return [well(path, `${config.domain}, with the edge ${config.edge}`)];
    const cure = `Mend what is named in ${path}; where there is none, begin with porchlight init, or name the right folder by --home.`;
    return await Promise.resolve([fault(path, configTrouble ?? 'it cannot be read', cure)]);
  },
};
