// Loaded before Misskey by --import: it takes a host with a port for no host, and so every such for its own. The hosts of a test
// have ports, those of the world have none.

import { syncBuiltinESMExports } from 'node:module';
import url from 'node:url';

const { domainToASCII } = url;
url.domainToASCII = (name) => {
  const [, host = '', port = ''] = /^(.*?)(:\d+)?$/.exec(name) ?? [];
  return domainToASCII(host) + port;
};
syncBuiltinESMExports();
