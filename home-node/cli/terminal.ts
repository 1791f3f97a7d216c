// Where a command writes and asks: results to standard output, everything about the way there to standard error, so that
// a pipe gets nothing but results. Colours, bars and questions are for terminals only.

import type { Readable, Writable } from 'node:stream';
import { styleText } from 'node:util';
import { PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { plainLines } from '../plain-text.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

export interface TerminalStream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface TerminalOptions {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: TerminalStream;
  readonly errors: TerminalStream;
  /** As of the environment; NO_COLOR and FORCE_COLOR decide over what a terminal would get (no-color.org). */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export class Terminal {
  readonly #options: TerminalOptions;

  constructor(options: TerminalOptions) {
    this.#options = options;
  }

  /** A person sits there who can be asked. */
  get isInteractive(): boolean {
    const { input, errors } = this.#options;
    return input.isTTY === true && errors.isTTY === true;
  }

  /** Something can be drawn over what was drawn before. */
  get canRedraw(): boolean {
    return this.#options.errors.isTTY === true && this.#options.env.TERM !== 'dumb';
  }

  /** The result goes to a terminal, not into a file or another program. */
  get writesToPerson(): boolean {
    return this.#options.output.isTTY === true;
  }

  get columns(): number {
    return this.#options.errors.columns ?? 80;
  }

  /** A line of the result. */
  say(line = ''): void {
    this.#options.output.write(`${plainLines(line)}\n`);
  }

  /** A line about the way there. */
  note(line: string): void {
    this.#options.errors.write(`${plainLines(line)}\n`);
  }

  /** Text that a later draw replaces; nothing where nothing can be redrawn. */
  draw(text: string): void {
    if (this.canRedraw) this.#options.errors.write(`\r\u001b[2K${text}`);
  }

  /** For lines of the result. */
  style(style: Style, text: string): string {
    return this.#styled(this.#options.output, style, text);
  }

  /** For lines about the way there. */
  styleNote(style: Style, text: string): string {
    return this.#styled(this.#options.errors, style, text);
  }

  /** Throws `not-interactive` where nobody can answer; `otherwise` says what to do then. */
  async ask(question: string, otherwise: string): Promise<string> {
    if (!this.isInteractive) {
      throw new PorchlightError(
        'not-interactive',
        `Cannot ask "${question.trim()}": this is no terminal; ${otherwise}`,
      );
    }
    // Few commands ask, and a home node never does.
    const { createInterface } = await import('node:readline/promises');
    const lines = createInterface({ input: this.#options.input, output: this.#options.errors });
    let isAnswered = false;
    const ended = new Promise<never>((_, reject) => {
      lines.once('close', () => {
        if (isAnswered) return;
        // Ctrl-C or Ctrl-D leave the cursor behind the question.
        this.note('');
        reject(new PorchlightError('not-answered', 'Cannot go on: the question got no answer; nothing was done.'));
      });
    });
    try {
      const answer = (await Promise.race([lines.question(question), ended])).trim();
      isAnswered = true;
      return answer;
    } finally {
      ended.catch(() => undefined);
      lines.close();
    }
  }

  /** The first line of standard input. Throws `not-answered` when there is none; `what` says of what. */
  async inputLine(what: string): Promise<string> {
    let text = '';
    for await (const part of this.#options.input) {
      text += String(part);
      if (text.includes('\n') || text.length > limits.cliInputLength) break;
    }
    const line = (text.split('\n', 1)[0] ?? '').trim();
    if (line !== '' && text.length <= limits.cliInputLength) return line;
    const found = line === '' ? 'nothing' : 'more than a line';
    throw new PorchlightError('not-answered', `Cannot read ${what}: found ${found} on standard input; write it there.`);
  }

  #styled(stream: TerminalStream, style: Style, text: string): string {
    const { NO_COLOR: never, FORCE_COLOR: always } = this.#options.env;
    if (never !== undefined && never !== '') return text;
    const wanted = always === undefined || always === '' ? stream.isTTY === true : always !== '0';
    return wanted ? styleText(style, text, { validateStream: false }) : text;
  }
}
