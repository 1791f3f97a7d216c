// `porchlight doctor`: looks from home at everything that must be right for a domain to answer, and says what mends it.

import type { Finding, Verdict } from '../../doctor/check.ts';
import { allChecks } from '../../doctor/checks/index.ts';
import { runDoctor } from '../../doctor/doctor.ts';
import { examine } from '../../doctor/exam.ts';
import { systemPorts } from '../../doctor/system-ports.ts';
import { type Cli, type FolderOptions, folderOf, type JsonOptions, sayJson } from '../cli.ts';
import { exitCodes } from '../exit-codes.ts';
import { progressBar } from '../progress-bar.ts';
import { printable } from '../table.ts';
import type { Style, Terminal } from '../terminal.ts';
import { count } from '../words.ts';

export async function doctor(cli: Cli, options: FolderOptions & JsonOptions): Promise<void> {
  const { terminal } = cli;
  const isJson = options.json === true;
  const ports = systemPorts({ clock: cli.clock });
  const bar = progressBar(terminal);
  const step = 'checking';
  let findings: readonly Finding[];
  let done = 0;
  try {
    bar.show({ step, done, of: allChecks.length });
    findings = await runDoctor({
      exam: await examine(folderOf(cli, options)),
      ports,
      checks: allChecks,
      onFindings: (found) => {
        // Before the lines, or they would be written behind what is drawn.
        terminal.draw('');
        if (!isJson) for (const finding of found) sayFinding(terminal, finding);
        done = Math.min(done + 1, allChecks.length);
        bar.show({ step, done, of: allChecks.length });
      },
    });
  } finally {
    bar.clear();
    ports.close();
  }
  if (isJson) sayJson(cli, findings);
  else saySum(terminal, findings);
  if (findings.some(({ verdict }) => verdict === 'fault')) cli.exitWith(exitCodes.faults);
}

/** Told by sign and word; colour only comes on top. */
const marks: Readonly<Record<Verdict, readonly [mark: string, style: Style, word: string]>> = {
  well: ['✓', 'green', ''],
  warning: ['!', 'yellow', 'warning: '],
  fault: ['✗', 'red', 'fault: '],
  unchecked: ['–', 'dim', 'not checked: '],
};

function sayFinding(terminal: Terminal, { check, subject, verdict, found, cure }: Finding): void {
  const [mark, style, word] = marks[verdict];
  const [first = '', ...more] = found.split('\n').map(printable);
  terminal.say(`${terminal.style(style, mark)} ${check.padEnd(nameWidth)} ${printable(subject)}: ${word}${first}`);
  for (const line of more) terminal.say(`${indent}${line}`);
  if (cure !== null) terminal.say(`${indent}${terminal.style('bold', '→')} ${printable(cure)}`);
}

const nameWidth = Math.max(...allChecks.map(({ name }) => name.length));
const indent = ' '.repeat(nameWidth + 3);

function saySum(terminal: Terminal, findings: readonly Finding[]): void {
  const number = (verdict: Verdict): number => findings.filter((finding) => finding.verdict === verdict).length;
  const [faults, warnings] = [number('fault'), number('warning')];
  terminal.say();
  const sum =
    faults > 0
      ? terminal.style('red', `${count(faults, 'fault')} to mend, ${count(warnings, 'warning')}.`)
      : terminal.style('green', warnings === 0 ? 'All is well.' : `No faults, ${count(warnings, 'warning')}.`);
  terminal.say(sum);
  const open = new Set(findings.filter(({ verdict }) => verdict === 'unchecked').map(({ check }) => check));
  if (open.size > 0) terminal.say(`Not checked, or not wholly: ${[...open].join(', ')}.`);
}
