// Keys of `npm start`: one key at a time on a terminal, one line at a time from a pipe.

import { createInterface } from 'node:readline';

export interface Keys {
  /** Gives the terminal back as it was. */
  end(): void;
}

/** `onKey` gets small letters; Ctrl-C and Ctrl-D on a terminal are `q`, because it sends no signal meanwhile. */
export function listen(input: NodeJS.ReadStream, onKey: (key: string) => void): Keys {
  if (!input.isTTY) {
    const lines = createInterface({ input });
    lines.on('line', (line) => onKey(line.trim().toLowerCase()));
    return { end: () => lines.close() };
  }
  const hear = (data: Buffer): void => {
    for (const key of data.toString('utf8')) onKey(key === '\u0003' || key === '\u0004' ? 'q' : key.toLowerCase());
  };
  input.setRawMode(true);
  input.on('data', hear);
  return {
    end: () => {
      input.off('data', hear);
      input.setRawMode(false);
      input.pause();
    },
  };
}
