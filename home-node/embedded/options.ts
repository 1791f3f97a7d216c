// What the embedded home is told when it is started: its command line, read once. With home-node/config.ts this is the
// only file at home that reads the command line or the environment. The receipt secret comes by file: a command line
// can be read by every process of the machine.

import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { type LogLevel, logLevels } from '../log.ts';

export interface EmbeddedOptions {
  /** Absolute path of the folder that holds the site and the actor's database. */
  readonly folder: string;
  /** Loopback port; 0 takes a free one. */
  readonly port: number;
  /** Where the world finds this home: scheme and host, no path. */
  readonly origin: string;
  /** What stands behind the @ of the handle; usually the origin's host. */
  readonly handleHost: string;
  /** What stands before it. */
  readonly handle: string;
  readonly title: string;
  /** BCP 47. */
  readonly language: string;
  readonly receiptSecretFile: string;
  /** Peers may have private addresses and speak plain HTTP. */
  readonly allowPrivateAddresses: boolean;
  /** End when standard input ends, that is, when whoever started this process is gone. */
  readonly tethered: boolean;
  readonly logLevel: LogLevel;
}

export const usage = `node home-node/embedded/main.ts --folder DIR --origin URL --receipt-secret-file FILE [...]

  --folder DIR                site and actor live here; made when absent
  --origin URL                where the world finds this home, as https://example.org
  --receipt-secret-file FILE  the secret that home's receipts are made with
  --port N                    loopback port; 0, the default, takes a free one
  --handle NAME               before the @ (owner)
  --handle-host HOST          after the @ (the origin's host)
  --title TEXT                the site's and the actor's name (the origin's host)
  --language TAG              of the site and of posts (en)
  --allow-private-addresses   development: peers may be on this machine
  --tethered                  end when standard input ends
  --log LEVEL                 ${logLevels.join(', ')} (info)
`;

/** Throws `options` with what is wrong and the usage. */
export function readOptions(args: readonly string[] = process.argv.slice(2)): EmbeddedOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        folder: { type: 'string' },
        origin: { type: 'string' },
        'receipt-secret-file': { type: 'string' },
        port: { type: 'string', default: '0' },
        handle: { type: 'string', default: 'owner' },
        'handle-host': { type: 'string' },
        title: { type: 'string' },
        language: { type: 'string', default: 'en' },
        'allow-private-addresses': { type: 'boolean', default: false },
        tethered: { type: 'boolean', default: false },
        log: { type: 'string', default: 'info' },
      },
    });
    const allowPrivateAddresses = values['allow-private-addresses'];
    const origin = originOf(required('--origin', values.origin), allowPrivateAddresses);
    const logLevel = logLevels.find((level) => level === values.log);
    if (logLevel === undefined) throw new Error(`--log is ${values.log}, wanted one of ${logLevels.join(', ')}`);
    if (!/^\w{1,64}$/.test(values.handle)) throw new Error(`--handle is ${values.handle}, wanted letters, digits, _`);
    return {
      folder: resolve(required('--folder', values.folder)),
      port: portOf(values.port),
      origin: origin.origin,
      handleHost: values['handle-host'] ?? origin.host,
      handle: values.handle,
      title: values.title ?? origin.host,
      language: values.language,
      receiptSecretFile: resolve(required('--receipt-secret-file', values['receipt-secret-file'])),
      allowPrivateAddresses,
      tethered: values.tethered,
      logLevel,
    };
  } catch (thrown) {
    throw new PorchlightError('options', `Cannot start the embedded home: ${causeOf(thrown)}; start it as\n\n${usage}`);
  }
}

function required(name: string, value: string | undefined): string {
  if (value === undefined || value === '') throw new Error(`${name} is missing`);
  return value;
}

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`--port is ${text}, wanted 0 to 65535`);
  return port;
}

function originOf(text: string, mayBePlain: boolean): URL {
  const url = URL.parse(text);
  if (url === null || url.origin !== text.replace(/\/$/, '')) {
    throw new Error(`--origin is ${text}, wanted a scheme and a host, as https://example.org`);
  }
  if (url.protocol !== 'https:' && !(mayBePlain && url.protocol === 'http:')) {
    throw new Error(`--origin is ${text}, wanted https: (http: only with --allow-private-addresses)`);
  }
  return url;
}
