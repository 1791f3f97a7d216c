// A service that takes a moment to start: answers every request with its path. node small-service.mjs PORT

import { createServer } from 'node:http';

setTimeout(() => {
  createServer((request, response) => {
    request.resume().once('end', () => response.end(request.url));
  }).listen(Number(process.argv[2]), '127.0.0.1');
}, 400);
