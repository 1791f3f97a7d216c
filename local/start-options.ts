// What `npm start` was told, and what its data folder says already.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { configFileName, parseConfig } from '../home-node/config.ts';

export const usage = `npm start -- [--port N] [--home DIR]

Starts a whole domain on this machine, offline: the edge in workerd and a home node beside it.

  --port N     where the domain is found (8787, or the port that DIR was made for)
  --home DIR   data folder of the home; the edge's is DIR/edge (.porchlight)
  --help       this

Several run side by side with different ports and folders. Ctrl-C ends everything.
`;

export interface StartOptions {
  /** Absolute path. */
  readonly folder: string;
  readonly port: number;
  /** localhost with the port. */
  readonly domain: string;
  readonly handle: string;
}

const usualPort = 8787;

/** null: help was asked for. Throws an Error for its message when something is not as it must be. */
export function readStartOptions(args: readonly string[]): StartOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string' },
      home: { type: 'string', default: '.porchlight' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const folder = resolve(values.home);
  const port = values.port === undefined ? null : Number(values.port);
  if (port !== null && (!Number.isInteger(port) || port < 1 || port > 65_535)) {
    throw new Error(`--port is ${values.port}, wanted a number from 1 to 65535.`);
  }
  return existsSync(join(folder, configFileName)) ? ofFolder(folder, port) : newFolder(folder, port ?? usualPort);
}

/** Addresses are written into followers' servers and into the folder's own files: they do not move to another port. */
function ofFolder(folder: string, port: number | null): StartOptions {
  const path = join(folder, configFileName);
  const { edge, domain, handle } = parseConfig(readFileSync(path, 'utf8'), path);
  const url = new URL(edge);
  if (url.protocol !== 'http:' || url.host !== domain) {
    throw new Error(
      `${path} is for ${domain} at ${edge}; \`npm start\` runs only domains on localhost. Use another --home.`,
    );
  }
  const made = Number(url.port);
  if (port !== null && port !== made) {
    throw new Error(
      `${relative('.', folder) || folder} was made for port ${made}; leave out --port, or choose another folder by --home.`,
    );
  }
  return { folder, port: made, domain, handle };
}

function newFolder(folder: string, port: number): StartOptions {
  return { folder, port, domain: `localhost:${port}`, handle: 'owner' };
}

/** Makes the data folder with its settings, unless it is there. */
export function prepareFolder({ folder, domain, handle }: StartOptions): void {
  const path = join(folder, configFileName);
  if (existsSync(path)) return;
  const text = `# Made by \`npm start\`, for a domain on this machine alone.
domain = "${domain}"
edge = "http://${domain}"
handle = "${handle}"

[development]
# Others on this machine may be peers, over plain HTTP.
allow_private_addresses = true
`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, text);
}
