// What a service says on its standard output or error, line by line. A line without end comes in pieces.

import type { Readable } from 'node:stream';
import { limits } from '../../shared/limits.ts';

export function eachLine(stream: Readable, hear: (line: string) => void): void {
  let pieces: Buffer[] = [];
  let bytes = 0;
  const end = (): void => {
    const line = Buffer.concat(pieces).toString().replace(/\r$/, '');
    pieces = [];
    bytes = 0;
    if (line !== '') hear(line);
  };
  const add = (piece: Buffer): void => {
    for (let rest = piece; rest.length > 0; ) {
      const part = rest.subarray(0, limits.serviceLineBytes - bytes);
      pieces.push(part);
      bytes += part.length;
      rest = rest.subarray(part.length);
      if (bytes === limits.serviceLineBytes) end();
    }
  };
  stream.on('data', (data: Buffer) => {
    let from = 0;
    for (let at = data.indexOf(10); at !== -1; at = data.indexOf(10, from)) {
      add(data.subarray(from, at));
      end();
      from = at + 1;
    }
    add(data.subarray(from));
  });
  stream.once('end', end);
}
