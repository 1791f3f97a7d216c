// What somebody who wrote a value that is refused probably meant: a number in quotes, minutes as `5m`, an address for a
// name, http for https. Each guess is put to the setting itself, so that nothing is suggested that it would refuse too.
// Pure.

import { probablyMeant } from './faults.ts';
import { schema } from './schema.ts';
import { type Known, type Setting, written } from './setting.ts';

/** The setting as it is to be written, or null. Of a quiet one nothing is said: its value may be a password. */
export function meantInstead(key: string, setting: Setting<unknown>, value: unknown, known: Known): string | null {
  const { quiet, choices } = setting;
  if (quiet) return null;
  const fits: Fits = (guess) => setting.accept(guess, known) !== undefined;
  const near = choices === null || typeof value !== 'string' ? null : probablyMeant(value, choices);
  if (near !== null && fits(near)) return `${key} = ${written(near)}`;
  const own = setting.suggest(value, known);
  if (own !== null) return own;
  const guess = guesses(setting, value, known, fits).find((one) => one !== null && fits(one));
  return guess === undefined ? null : `${key} = ${written(guess)}`;
}

/** A line that is no TOML, mended: a text without quotes, `key: value`, curly quotes. null: it is something else. */
export function mendedLine(line: string, known: Known): string | null {
  const [, key = '', raw = ''] = /^\s*([\w-]+)\s*[=:]\s*(.*?)\s*(?:\s#.*)?$/.exec(line) ?? [];
  const setting = Object.values(schema)
    .flatMap((settings) => Object.entries<Setting<unknown>>(settings))
    .find(([name]) => name === key)?.[1];
  if (setting === undefined || setting.quiet || raw === '') return null;
  const text = unquoted(raw);
  const isRight = setting.type === 'text' && setting.accept(text, known) !== undefined;
  return isRight ? `${key} = ${written(text)}` : meantInstead(key, setting, text, known);
}

type Fits = (guess: unknown) => boolean;

/** In the order in which they are likely. */
function guesses(setting: Setting<unknown>, value: unknown, known: Known, fits: Fits): readonly unknown[] {
  const example: unknown = JSON.parse(setting.example(known));
  switch (setting.type) {
    case 'number':
      return numbers(value, setting.unit);
    case 'true or false':
      return [truth(value)];
    case 'list of texts':
      return [listOf(value, Array.isArray(example) ? example[0] : '', fits)];
    case 'text':
      if (Array.isArray(value)) return value.length === 1 ? [value[0]] : [];
      // "off" is a value of one setting, and a name like any other for the rest.
      if (setting.accept('off', known) === null && truth(value) === false) return ['off'];
      return typeof value === 'string' || typeof value === 'number' ? textsLike(example, String(value)) : [];
  }
}

function numbers(value: unknown, unit: string | null): readonly number[] {
  const number = typeof value === 'string' ? numberOf(value, unit) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) return [];
  return unit?.startsWith('share') === true ? [number, number / 100] : [number, Math.round(number)];
}

/** Minutes. */
const spans: Readonly<Record<string, number>> = { s: 1 / 60, m: 1, h: 60, d: 24 * 60, w: 7 * 24 * 60 };

/** `5`, `5m` for a setting in minutes, `2h` for one in minutes too, `80%` for a share. */
function numberOf(text: string, unit: string | null): number | null {
  const [, digits, word = ''] = /^\s*(\d+(?:\.\d+)?)\s*(%|[a-z]*)\s*$/i.exec(text) ?? [];
  if (digits === undefined) return null;
  if (word === '' || word === '%') return Number(digits);
  const of = /^(minutes|hours|days)$/.test(unit ?? '') ? spans[unit?.charAt(0) ?? ''] : undefined;
  // Of a month nobody knows how long it is.
  const span = /^mo/i.test(word) ? undefined : spans[word.toLowerCase().charAt(0)];
  return of === undefined || span === undefined ? null : (Number(digits) * span) / of;
}

function truth(value: unknown): boolean | null {
  if (/^(true|yes|on|1)$/i.test(String(value))) return true;
  return /^(false|no|off|none|0)$/i.test(String(value)) ? false : null;
}

/** A text alone is a list of one; of those that do not fit each is mended by itself. null: one cannot be. */
function listOf(value: unknown, example: unknown, fits: Fits): readonly string[] | null {
  const items =
    typeof value === 'string'
      ? value
          .replace(/^\[|\]$/g, '')
          .split(',')
          .map((one) => unquoted(one.trim()))
      : value;
  if (!Array.isArray(items)) return null;
  const mended = items.map((one) =>
    [one, ...textsLike(example, String(one))].find((way) => typeof way === 'string' && fits([way])),
  );
  return mended.every((one) => typeof one === 'string') ? mended : null;
}

/** What a text may have been meant as, where one like the example is wanted. */
function textsLike(example: unknown, text: string): readonly string[] {
  const plain = text.trim();
  const url = URL.parse(plain.includes('://') ? plain : `http://${plain}`);
  switch (/^https?:|^\/|^off$/.exec(String(example))?.[0]) {
    case 'http:':
    case 'https:':
      return url === null ? [] : [url.origin, `https://${url.host}`];
    case '/':
      return plain.includes('://') ? [url?.pathname ?? ''] : [plain, `/${plain}`];
    case 'off':
      return [plain, `127.0.0.1:${/(?:^|:)(\d{1,5})$/.exec(plain)?.[1] ?? ''}`];
    default:
      return [plain, url?.host ?? '', url?.hostname ?? '', ...namesLike(plain)];
  }
}

function namesLike(text: string): readonly string[] {
  const lower = text.toLowerCase();
  const around = [lower, text.replace(/^@/, '').replace(/@.*$/, '')];
  // What has dots is a host, and no other one is meant.
  if (text.includes('.')) return around;
  const slug = (dash: string): string => lower.replace(/[^a-z0-9]+/g, dash).replace(/^[-_]+|[-_]+$/g, '');
  return [...around, text.replaceAll('_', '-'), text.replaceAll('-', '_'), slug('-'), slug('_'), slug('')];
}

function unquoted(text: string): string {
  return text.replace(/^["'\u201c\u201d\u201e\u2018\u2019`]+|["'\u201c\u201d\u201e\u2018\u2019`]+$/g, '');
}
