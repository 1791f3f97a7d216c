// What the home node says: one line each, for a person to read, on standard error. Secrets never come here: keys,
// claim codes and headers of deliveries are not logged by anybody.

import type { Clock } from '../shared/clock.ts';
import { type LogLevel, logLevels } from '../shared/config/home-config.ts';

export { type LogLevel, logLevels };

export type Log = Readonly<Record<LogLevel, (text: string) => void>>;

/** Says what is at least as urgent as `level`, which may change. Text that others chose (paths, reasons) cannot forge a line. */
export function createLog(level: LogLevel | (() => LogLevel), clock: Clock, write: (line: string) => void): Log {
  const heard = (): number => logLevels.indexOf(typeof level === 'function' ? level() : level);
  const say =
    (at: LogLevel) =>
    (text: string): void => {
      if (logLevels.indexOf(at) > heard()) return;
      write(`${new Date(clock.now()).toISOString()} ${at.padEnd(5)} ${oneLine(text)}\n`);
    };
  return { error: say('error'), warn: say('warn'), info: say('info'), debug: say('debug') };
}

function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}
