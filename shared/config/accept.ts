// What a value of porchlight.toml may be: hosts, origins, languages, addresses. Pure questions.

export const isText = (value: unknown): value is string => typeof value === 'string';

/** A list of texts that all fit, or undefined. */
export function textsThat(value: unknown, fits: (text: string) => boolean): readonly string[] | undefined {
  return Array.isArray(value) && value.length > 0 && value.every((one) => isText(one) && fits(one)) ? value : undefined;
}

/** A host name as URLs have it, in lower case. */
export function isHostName(host: string, withPort: boolean): boolean {
  if (!withPort && host.includes(':')) return false;
  const url = URL.parse(`http://${host}/`);
  return url !== null && url.host === host;
}

/** `http://127.0.0.1:3000`, of that with or without a slash at its end. */
export function originOf(value: unknown): string | undefined {
  const url = isText(value) ? URL.parse(value) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  return url.href === `${url.origin}/` ? url.origin : undefined;
}

/** Calls to the edge must be private: plain HTTP only where nobody listens. */
export function isEdgeOrigin(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.origin !== text) return false;
  return url.protocol === 'https:' || /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
}

export function isLanguage(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length === 1;
  } catch {
    return false;
  }
}

export interface LoopbackAddress {
  readonly host: string;
  readonly port: number;
}

/** `127.0.0.1:9469`, `[::1]:9469`, `localhost:9469`. Anything else could be reached from elsewhere. */
export function loopbackAddressOf(text: string): LoopbackAddress | undefined {
  const [, name = '', digits = ''] = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (port < 1 || port > 65_535 || URL.parse(`http://${name}/`)?.hostname !== name) return undefined;
  return { host: name.replace(/^\[|\]$/g, ''), port };
}
