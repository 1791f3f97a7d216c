// `porchlight up` on a terminal: until the link is open something is shown to go on, below whatever the log says
// meanwhile. A pipe and the journal get the log alone.

import type { HomeEvent } from '../home-parts.ts';
import { progressBar } from './progress-bar.ts';
import type { Terminal } from './terminal.ts';

export interface WakingBar {
  readonly onEvent: (event: HomeEvent) => void;
  /** In place of standard error, for lines of the log. */
  readonly writeLog: (line: string) => void;
  /** To be called if home never gets as far as its first event. */
  readonly clear: () => void;
}

/** null: nothing can be drawn there. */
export function wakingBar(terminal: Terminal): WakingBar | null {
  if (!terminal.canRedraw) return null;
  const bar = progressBar(terminal);
  bar.show({ step: 'starting services, opening the link', done: 0, of: null });
  return {
    onEvent: ({ event }) => {
      // Asleep: it was ended before it was ever awake.
      if (event !== 'delivered') bar.clear();
    },
    writeLog: (line) => bar.above(() => terminal.note(line.replace(/\n$/, ''))),
    clear: bar.clear,
  };
}
