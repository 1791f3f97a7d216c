// The table of services, in `porchlight status` and `porchlight service list`.

import type { ServiceReport } from '../control/report.ts';
import { type Cell, printTable } from './table.ts';
import type { Terminal } from './terminal.ts';
import { span, time } from './words.ts';

export function printServices(terminal: Terminal, services: readonly ServiceReport[], now: number): void {
  printTable(
    terminal,
    ['service', 'kind', 'state', 'for', 'hosts'],
    services.map((service) => [
      service.name,
      service.kind,
      stateCell(service),
      span(now - service.since),
      service.hosts.join(' '),
    ]),
  );
}

function stateCell({ state, why, until }: ServiceReport): Cell {
  if (state === 'up') return { text: 'up', style: 'green' };
  const back = until === null ? '' : `, back at ${time(until)}`;
  return { text: `${why ?? 'down'}${back}`, style: why === 'failing' ? 'red' : 'yellow' };
}
