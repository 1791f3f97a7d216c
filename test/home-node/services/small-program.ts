// A service for tests of the process driver: says where it listens, ends with its standard input, and does what is
// asked of it by path (/exit ends it, /deaf makes it ignore SIGTERM, /flags says those of Node).

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const server = createServer((request, response) => {
  if (request.url === '/exit') process.exit(3);
  if (request.url === '/deaf') process.on('SIGTERM', () => undefined);
  response.end(request.url === '/flags' ? process.execArgv.join() : String(process.pid));
});
server.listen(0, '127.0.0.1', () => {
  console.log('a line that is not JSON');
  console.log(JSON.stringify({ listening: (server.address() as AddressInfo).port }));
});
process.stdin.resume().once('close', () => process.exit(0));
