// The control socket: how the owner's commands reach the home node that runs. HTTP over a Unix socket, JSON both ways. What
// takes a while is answered in lines (NDJSON): any number of {"progress": ...}, at the end {"result": ...} or
// {"error": ...}.

import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ErrorCode } from '../../shared/error-codes.ts';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { OnProgress } from '../progress.ts';
import { controlSocketPath } from './socket-path.ts';

/** One thing that may be asked: its arguments as JSON, unread by anybody before. */
export type ControlCall = (args: Readonly<Record<string, unknown>>, onProgress: OnProgress) => Promise<unknown>;

export type ControlCalls = Readonly<Record<string, ControlCall>>;

/** A line of an answer. */
export type ControlLine =
  | { readonly progress: { readonly step: string; readonly done: number; readonly of: number | null } }
  | { readonly result: unknown }
  | { readonly error: { readonly code: string; readonly message: string } };

export class ControlServer {
  readonly #server: Server;
  readonly #path: string;
  #closed: Promise<void> | null = null;

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
  }

  /** The folder must be held (folder-lock.ts): a socket that lies there is then a dead process's. Throws `control`. */
  static async listen(folder: string, calls: ControlCalls): Promise<ControlServer> {
    const path = controlSocketPath(folder);
    rmSync(path, { force: true });
    const server = createServer((request, response) => {
      answer(calls, request, response).catch(() => response.destroy());
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => reject(cannotListen(path, cause)));
      // Made with the rights of its user alone, so that there is no moment in which others may open it.
      const before = process.umask(0o177);
      server.listen(path, resolve);
      process.umask(before);
    });
    chmodSync(path, 0o600);
    return new ControlServer(server, path);
  }

  /** Ends whatever is being answered, as the end of the process would. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  /** Nobody else may ask, and the socket is gone, at once; resolves when all that was asked is answered, or cut off. */
  async close(): Promise<void> {
    // Once: after it the socket at that place may be another home node's.
    this.#closed ??= this.#close();
    await this.#closed;
  }

  async #close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    rmSync(this.#path, { force: true });
    this.#server.closeIdleConnections();
    await closed;
  }
}

async function answer(calls: ControlCalls, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const say = (line: ControlLine): void => {
    response.write(`${JSON.stringify(line)}\n`);
  };
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
  try {
    const name = (request.url ?? '').slice(1);
    const call = Object.hasOwn(calls, name) ? calls[name] : undefined;
    if (call === undefined || request.method !== 'POST') {
      throw new PorchlightError(
        'control-unknown',
        `Cannot do ${name}: the home node that runs does not know it; it may be older than this command: restart it.`,
      );
    }
    const args = await readArguments(request);
    // What gives nothing back is done all the same: without null the line would be {}.
    say({ result: (await call(args, (progress) => say({ progress }))) ?? null });
  } catch (thrown) {
    const code: ErrorCode = thrown instanceof PorchlightError ? thrown.code : 'internal';
    say({ error: { code, message: causeOf(thrown) } });
  }
  response.end();
}

async function readArguments(request: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.byteLength;
    if (length > limits.controlRequestBytes) {
      throw new PorchlightError(
        'control-malformed',
        `Cannot read what is asked: it is longer than ${limits.controlRequestBytes} bytes; ask for less.`,
      );
    }
    parts.push(part);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(parts).toString() || '{}');
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below, as for any other that is no object.
  }
  throw new PorchlightError(
    'control-malformed',
    'Cannot read what is asked: it is not a JSON object; restart the home node, which may be older than this command.',
  );
}

function cannotListen(path: string, cause: Error): PorchlightError {
  return new PorchlightError(
    'control',
    `Cannot listen for commands on ${path}: ${cause.message}; see whose folder it is and whether there is room.`,
    { cause },
  );
}
