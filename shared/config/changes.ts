// What changed between two readings of porchlight.toml, and what of it holds while the home node runs on. Pure.

import { type HomeConfig, ownHosts, type ServiceConfig } from './home-config.ts';
import { type SectionName, schema, sections } from './schema.ts';
import type { TakesEffect } from './setting.ts';

export interface Change {
  /** As `alerts.key_days` or `services[].url`. */
  readonly path: string;
  readonly takesEffect: TakesEffect;
}

type Values = Readonly<Record<string, unknown>>;

/** The name of a setting in HomeConfig: `spool_share` is `spoolShare` there. */
export function fieldOf(key: string): string {
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The values of a section by their fields; for services those of all services, by name. */
function valuesOf(config: HomeConfig, section: SectionName): Values {
  switch (section) {
    case 'top':
    case 'development':
      return config as unknown as Values;
    case 'services':
      return {};
    case 'links':
      return {
        account: config.links.map(({ account }) => account),
        rel: config.links.map(({ rel }) => rel),
        href: config.links.map(({ href }) => href),
      };
    default:
      return config[section] as unknown as Values;
  }
}

/** In the order of the schema; none when the two mean the same. */
export function changesBetween(before: HomeConfig, after: HomeConfig): readonly Change[] {
  return sections.flatMap(({ name, path }) =>
    Object.entries(schema[name])
      .filter(([key]) => {
        if (name === 'services') return servicesDiffer(before.services, after.services, key);
        return differ(valuesOf(before, name)[fieldOf(key)], valuesOf(after, name)[fieldOf(key)]);
      })
      .map(([key, { takesEffect }]) => ({ path: path + key, takesEffect })),
  );
}

function servicesDiffer(before: readonly ServiceConfig[], after: readonly ServiceConfig[], key: string): boolean {
  const of = (service: ServiceConfig): unknown => (service as unknown as Values)[fieldOf(key)];
  if (key === 'name') return differ(before.map(of), after.map(of));
  return before.some((one) => {
    const same = after.find(({ name }) => name === one.name);
    return same !== undefined && differ(of(one), of(same));
  });
}

function differ(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) !== JSON.stringify(other);
}

/**
 * What holds once `next` was read while `running` holds: every setting that takes effect at once is that of `next`. Of
 * the hosts, only those that the services which run now have.
 */
export function tookEffect(running: HomeConfig, next: HomeConfig): HomeConfig {
  const merged: Record<string, unknown> = { ...running };
  for (const { name } of sections) {
    if (name === 'services' || name === 'links') continue;
    const values = valuesAtOnce(name, valuesOf(next, name));
    if (name === 'top' || name === 'development') Object.assign(merged, values);
    else merged[name] = { ...running[name], ...values };
  }
  const services = running.services.map((service) => {
    const same = next.services.find(({ name }) => name === service.name);
    return same === undefined ? service : { ...service, ...valuesAtOnce('services', same as unknown as Values) };
  });
  // All of a link holds at once.
  return { ...(merged as unknown as HomeConfig), services, links: next.links, hosts: hostsOf(running, next) };
}

/** Of the values of a section, or of one service, those that hold at once. */
function valuesAtOnce(section: SectionName, values: Values): Values {
  const keys = Object.entries(schema[section]).filter(([, { takesEffect }]) => takesEffect === 'at once');
  return Object.fromEntries(keys.map(([key]) => [fieldOf(key), values[fieldOf(key)]]));
}

function hostsOf(running: HomeConfig, next: HomeConfig): readonly string[] {
  const all = ownHosts(running.domain, running.services);
  // Nothing is narrowed: what services gain or lose is theirs after a restart.
  if (!differ(next.hosts, ownHosts(next.domain, next.services))) return all;
  const narrowed = next.hosts.filter((host) => all.includes(host));
  return narrowed.length === 0 ? running.hosts : narrowed;
}
