// Loaded before a program by NODE_OPTIONS=--import: names of PUBLIC_NAMES ({"example.org": 8443}) are found on this
// machine: what is asked of their port 443 comes to the port that is named. What a hosts file and a router's port
// forwarding would do; nothing else changes.

import { Socket } from 'node:net';

const ports = new Map(Object.entries(JSON.parse(process.env.PUBLIC_NAMES ?? '{}')));
const { connect } = Socket.prototype;

Socket.prototype.connect = function connectByName(...args) {
  // net.connect() hands over what it has read already, as one array (lib/net.js, normalizeArgs).
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  const port = typeof options === 'object' && Number(options.port) === 443 ? ports.get(options.host) : undefined;
  if (port !== undefined) {
    options.host = '127.0.0.1';
    options.port = port;
  }
  return connect.apply(this, args);
};
