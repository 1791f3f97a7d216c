// What the home node says: one line each, on standard error, for a person to read or as JSON for a program that gathers
// logs. Facts that one may search for stand beside the text: every line about a delivery has its id, so that its way
// can be followed from the edge's log through home's to the ack. Secrets never come here: keys, claim codes and
// headers of deliveries are not logged by anybody.

import type { Clock } from '../shared/clock.ts';
import { type LogFormat, type LogLevel, logLevels } from '../shared/config/home-config.ts';
import { plainJson, plainText } from './plain-text.ts';

export { type LogLevel, logLevels };

/** `delivery`, `service`, `step` ... short names of the field, plain values. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

export type Log = Readonly<Record<LogLevel, (text: string, fields?: LogFields) => void>>;

/** May be changed while others hold the log that is made of it. */
export interface LogSettings {
  readonly level: LogLevel;
  readonly format: LogFormat;
}

/** Says what is at least as urgent as `level`. Text that others chose (paths, reasons) cannot forge a line. */
export function createLog(settings: LogLevel | (() => LogSettings), clock: Clock, write: (line: string) => void): Log {
  const now = typeof settings === 'function' ? settings : () => ({ level: settings, format: 'text' as const });
  const say =
    (at: LogLevel) =>
    (text: string, fields: LogFields = {}): void => {
      const { level, format } = now();
      if (logLevels.indexOf(at) > logLevels.indexOf(level)) return;
      const time = new Date(clock.now()).toISOString();
      write(format === 'json' ? jsonLine(time, at, text, fields) : textLine(time, at, text, fields));
    };
  return { error: say('error'), warn: say('warn'), info: say('info'), debug: say('debug') };
}

function jsonLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  // The line's own names come last: no field can take their place.
  return `${plainJson({ ...fields, time, level, message })}\n`;
}

function textLine(time: string, level: LogLevel, text: string, fields: LogFields): string {
  const facts = Object.entries(fields).map(([name, value]) => ` ${name}=${quoted(String(value))}`);
  return `${time} ${level.padEnd(5)} ${plainText(text)}${facts.join('')}\n`;
}

function quoted(value: string): string {
  const line = plainText(value);
  return /^[\w.:/@-]+$/.test(line) ? line : JSON.stringify(line);
}
