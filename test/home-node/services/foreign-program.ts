// A foreign service for tests of the process driver: it listens on the port that it is given, knows nothing of Porchlight,
// does not watch its standard input, and starts a further process, as servers with workers do. /health answers what
// /ill and /well set; /deaf makes it ignore SIGTERM, /exit ends it.

import { spawn } from 'node:child_process';
import { createServer } from 'node:http';

const worker = spawn('sleep', ['1000'], { stdio: 'ignore' });
let status = 503;
createServer((request, response) => {
  if (request.url === '/exit') process.exit(7);
  if (request.url === '/deaf') process.on('SIGTERM', () => undefined);
  if (request.url === '/well') status = 200;
  if (request.url === '/ill') status = 503;
  response.statusCode = request.url === '/health' ? status : 200;
  response.end(JSON.stringify({ pid: process.pid, worker: worker.pid }));
}).listen(Number(process.argv[2]), '127.0.0.1', () => console.log('ready to serve'));
console.error('a word of warning');
