// A real terminal for tests: a shell in tmux, typed into and read as a person would, with an empty HOME. Each shell is
// a window of one server of its own, which ends with it.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './processes.ts';

export const hasTmux = spawnSync('tmux', ['-V']).status === 0;

export interface Typed {
  readonly code: number;
  /** What stands on the screen below the command, without trailing blanks. */
  readonly screen: string;
}

export interface TmuxOptions {
  /** The whole environment of the shells. */
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly columns?: number;
}

export class TmuxTerminal {
  readonly #socket: string;
  readonly #folder: string;
  readonly #options: TmuxOptions;

  constructor(options: TmuxOptions) {
    this.#folder = mkdtempSync(join(tmpdir(), 'porchlight-tmux-'));
    this.#socket = join(this.#folder, 'socket');
    this.#options = options;
  }

  /** Opens a window with a shell that waits for a command. */
  async open(window: string): Promise<TmuxWindow> {
    const { environment, folder, columns = 80 } = this.#options;
    const shell = [
      'env',
      '-i',
      ...Object.entries({ ...environment, ...prompt }).map(([name, value]) => `${name}=${value}`),
    ];
    const size = ['-x', String(columns), '-y', '50'];
    const isFirst = spawnSync('tmux', ['-S', this.#socket, 'has-session']).status !== 0;
    const where = isFirst
      ? ['-f', '/dev/null', 'new-session', '-d', ...size, '-n', window]
      : ['new-window', '-d', '-n', window];
    this.#tmux([...where, '-c', folder, ...shell, 'TERM=screen-256color', 'bash', '--norc', '--noprofile']);
    const made = new TmuxWindow(window, (args) => this.#tmux(args));
    await made.untilPrompt(1);
    return made;
  }

  end(): void {
    spawnSync('tmux', ['-S', this.#socket, 'kill-server']);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #tmux(args: readonly string[]): string {
    return execFileSync('tmux', ['-S', this.#socket, ...args], { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
  }
}

// The title, which nobody sees, counts the prompts and has the exit code.
const prompt = {
  PS1: '$ ',
  PROMPT_COMMAND: 'printf "\\033]2;%s %s\\033\\\\" "$?" "$((++prompts))"',
};

export class TmuxWindow {
  readonly #name: string;
  readonly #tmux: (args: readonly string[]) => string;

  constructor(name: string, tmux: (args: readonly string[]) => string) {
    this.#name = `:${name}`;
    this.#tmux = tmux;
  }

  /** Types a command and waits until the next prompt. */
  async run(command: string, timeoutMs = 60_000): Promise<Typed> {
    const { count } = this.#title();
    this.begin(command);
    const code = await this.untilPrompt(count + 1, timeoutMs);
    // The command's own line, and the prompt below.
    return { code, screen: this.screen().split('\n').slice(1, -1).join('\n').trimEnd() };
  }

  /** Types a command on an empty screen and does not wait. */
  begin(command: string): void {
    this.#tmux(['send-keys', '-t', this.#name, '-R']);
    this.#tmux(['clear-history', '-t', this.#name]);
    this.type(command);
    this.press('Enter');
  }

  type(text: string): void {
    this.#tmux(['send-keys', '-t', this.#name, '-l', '--', text]);
  }

  /** A key as tmux calls it: Enter, C-c. */
  press(key: string): void {
    this.#tmux(['send-keys', '-t', this.#name, key]);
  }

  /** What stands there and what scrolled away, lines whole that the window broke; `colours`: with the escapes for them. */
  screen(colours = false): string {
    const text = this.#tmux(['capture-pane', '-p', '-J', '-S', '-', ...(colours ? ['-e'] : []), '-t', this.#name]);
    return text
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd();
  }

  async untilScreen(fits: RegExp, timeoutMs = 30_000): Promise<string> {
    return await until(
      `${String(fits)} on the screen`,
      () => {
        const screen = this.screen();
        return fits.test(screen) ? screen : null;
      },
      timeoutMs,
    );
  }

  /** Exit code of what ended before the prompt of this number. */
  async untilPrompt(number: number, timeoutMs = 30_000): Promise<number> {
    return await until(
      'the prompt',
      () => {
        const { code, count } = this.#title();
        return count >= number ? code : null;
      },
      timeoutMs,
    );
  }

  /** How many prompts there were. */
  get prompts(): number {
    return this.#title().count;
  }

  #title(): { code: number; count: number } {
    const [code = '', count = ''] = this.#tmux(['display-message', '-p', '-t', this.#name, '#{pane_title}'])
      .trim()
      .split(' ');
    return /^\d+$/.test(count) ? { code: Number(code), count: Number(count) } : { code: -1, count: 0 };
  }
}
