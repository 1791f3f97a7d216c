// One setting of porchlight.toml: all that is to be known of it, for the reader of the file and for its manual. The
// makers below fill in what is the same for all settings of a type.

import { isText } from './accept.ts';
import type { DriverKind, ServiceKind } from './home-config.ts';

/** What was read before, on which a setting may depend. */
export interface Known {
  readonly allowPrivateAddresses: boolean;
  /** '' when it is at fault itself. */
  readonly domain: string;
  /** Of the service that is being read; null outside of services. */
  readonly kind: ServiceKind | null;
  readonly driver: DriverKind | null;
  /** Its owner says that it may be on another machine. */
  readonly otherMachine: boolean;
}

export type SettingType = 'text' | 'list of texts' | 'number' | 'true or false';

/** Who may change it: some names are good only when the operator of the edge gave a claim code for them. */
export type ChangedBy = 'owner' | 'owner, within what the edge’s operator allows';

/** What happens when it changes while the home node runs. */
export type TakesEffect = 'at once' | 'after a restart';

export interface Setting<Value> {
  readonly type: SettingType;
  readonly unit: string | null;
  /** What a value must be, to be read after "wanted". */
  readonly wanted: (known: Known) => string;
  /** undefined: the value is refused. */
  readonly accept: (value: unknown, known: Known) => Value | undefined;
  /** The value when nothing is written; undefined: something must be. */
  readonly fallback: (known: Known) => Value | undefined;
  /** The same in words. */
  readonly otherwise: string;
  readonly purpose: string;
  /** What it guards, or what a bad value of it does. */
  readonly danger: string;
  readonly changedBy: ChangedBy;
  readonly toldToEdge: boolean;
  readonly takesEffect: TakesEffect;
  /** A value as it is written in the file; the default where that can be written down. */
  readonly example: (known: Known) => string;
  /** All values that there are. */
  readonly choices: readonly string[] | null;
  /** What is to be written instead of a value that is refused; null: who knows. */
  readonly suggest: (value: unknown, known: Known) => string | null;
  /** Where it means something; anywhere else it is a fault. */
  readonly appliesTo: { readonly says: string; readonly when: (known: Known) => boolean } | null;
  /** What is written there is shown to nobody: a command may hold a password. */
  readonly quiet: boolean;
}

export type Settings = Readonly<Record<string, Setting<unknown>>>;

type Described = Pick<Setting<unknown>, 'purpose' | 'danger' | 'otherwise'> &
  Partial<
    Pick<Setting<unknown>, 'changedBy' | 'toldToEdge' | 'takesEffect' | 'appliesTo' | 'quiet' | 'unit' | 'suggest'>
  >;

type Example = string | number | boolean | readonly string[];

type OfKnown<Value> = Value | ((known: Known) => Value);

interface Asked<Value> extends Described {
  readonly wanted: OfKnown<string>;
  readonly accept: Setting<Value>['accept'];
  readonly fallback: Setting<Value>['fallback'];
  readonly example: OfKnown<Example>;
  readonly choices?: readonly string[];
}

export function setting<Value>(type: SettingType, asked: Asked<Value>): Setting<Value> {
  const { wanted, example } = asked;
  return {
    unit: null,
    changedBy: 'owner',
    toldToEdge: false,
    takesEffect: 'after a restart',
    choices: null,
    suggest: () => null,
    appliesTo: null,
    quiet: false,
    ...asked,
    type,
    wanted: (known) => (typeof wanted === 'function' ? wanted(known) : wanted),
    example: (known) => written(typeof example === 'function' ? example(known) : example),
  };
}

/** One of a few words. */
export function choice<Value extends string>(
  choices: readonly Value[],
  asked: Omit<Asked<Value>, 'wanted' | 'accept' | 'choices'>,
): Setting<Value> {
  const accept = (value: unknown): Value | undefined => choices.find((one) => one === value);
  return setting('text', { ...asked, wanted: choices.join(' or '), accept, choices });
}

/** `[least, most]`, whole or not. */
export function number<Value extends number | null>(
  [least, most]: readonly [number, number],
  whole: boolean,
  asked: Omit<Asked<Value>, 'wanted' | 'accept'>,
): Setting<number | Value> {
  const fits = (value: unknown): value is number =>
    typeof value === 'number' && value >= least && value <= most && (!whole || Number.isInteger(value));
  const wanted = `${whole ? 'a whole number' : 'a number'} from ${least} to ${most}`;
  return setting<number | Value>('number', {
    ...asked,
    wanted,
    accept: (value) => (fits(value) ? value : undefined),
  });
}

export function flag(fallback: boolean, described: Described): Setting<boolean> {
  return setting('true or false', {
    ...described,
    wanted: 'true or false',
    accept: (value) => (typeof value === 'boolean' ? value : undefined),
    fallback: () => fallback,
    example: fallback,
  });
}

/** A program and its arguments. */
export function command(asked: Described & Pick<Asked<readonly string[] | null>, 'fallback' | 'example'>) {
  return setting<readonly string[] | null>('list of texts', {
    ...asked,
    quiet: true,
    wanted: 'a program and its arguments, as ["/usr/bin/program", "argument"]',
    accept: (value) =>
      Array.isArray(value) && value.length > 0 && value.every(isText) && value[0] !== '' ? value : undefined,
  });
}

/** A value as TOML. JSON's texts, numbers and lists are TOML's, but for one character (toml.io, "String"). */
export function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  return JSON.stringify(value).replaceAll('\u007f', '\\u007F');
}
