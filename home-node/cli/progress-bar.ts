// Shows on a terminal how far a command has come, if that takes longer than a second; elsewhere it writes a line for each
// step, so that a log shows them too.

import type { OnProgress, Progress } from '../progress.ts';
import type { Terminal } from './terminal.ts';

/** What is over sooner needs no bar, ms. */
const patienceMs = 1_000;
const barLength = 24;

export interface ProgressBar {
  readonly show: OnProgress;
  /** Has lines written where the bar is, which stands below them then. */
  readonly above: (write: () => void) => void;
  /** To be called in the end, however it ended. */
  readonly clear: () => void;
}

export function progressBar(terminal: Terminal): ProgressBar {
  let step: string | null = null;
  let last: Progress | null = null;
  let drawing = false;
  const draw = (): void => {
    if (last !== null) terminal.draw(barText(last, terminal.columns));
  };
  const timer = setTimeout(() => {
    drawing = terminal.canRedraw;
    draw();
  }, patienceMs);
  return {
    show: (progress) => {
      last = progress;
      if (drawing) draw();
      else if (!terminal.canRedraw && progress.step !== step) terminal.note(`${progress.step} ...`);
      step = progress.step;
    },
    above: (write) => {
      if (drawing) terminal.draw('');
      write();
      if (drawing) draw();
    },
    clear: () => {
      clearTimeout(timer);
      if (drawing) terminal.draw('');
      drawing = false;
    },
  };
}

/** Says on a terminal what is waited for, if that takes longer than a second. A pipe gets nothing: it is one step. */
export async function whileWaiting<T>(terminal: Terminal, step: string, work: () => Promise<T>): Promise<T> {
  if (!terminal.canRedraw) return await work();
  const bar = progressBar(terminal);
  bar.show({ step, done: 0, of: null });
  try {
    return await work();
  } finally {
    bar.clear();
  }
}

/** One line, never longer than the terminal is wide: a longer one could not be drawn over. */
export function barText({ step, done, of }: Progress, columns: number): string {
  if (of === null || of === 0) return `${step}${done > 0 ? `: ${done}` : ''} ...`.slice(0, columns - 1);
  const share = Math.min(done / of, 1);
  const full = Math.round(share * barLength);
  const bar = `${'█'.repeat(full)}${'░'.repeat(barLength - full)}`;
  return `${bar} ${Math.floor(share * 100)} %  ${step}: ${done} of ${of}`.slice(0, columns - 1);
}
