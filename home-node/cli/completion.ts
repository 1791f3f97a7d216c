// Completion scripts for shells, made from the same tree of commands that parses the command line. They are whole and
// static: pressing Tab starts no program.

import { PorchlightError } from '../../shared/errors.ts';

export interface CommandNode {
  readonly name: string;
  readonly about: string;
  /** Long options with their dashes. */
  readonly options: readonly { readonly flag: string; readonly about: string }[];
  readonly commands: readonly CommandNode[];
}

export const shells = ['bash', 'zsh', 'fish'] as const;

/** Throws `options` for a shell that is not among them. */
export function completionFor(shell: string, root: CommandNode): string {
  switch (shell) {
    case 'bash':
      return bash(root);
    case 'zsh':
      return zsh(root);
    case 'fish':
      return fish(root);
    default:
      throw new PorchlightError('options', `Cannot complete for ${shell}: wanted one of ${shells.join(', ')}.`);
  }
}

interface Place {
  /** Names on the way from the root, without it. */
  readonly path: readonly string[];
  readonly node: CommandNode;
}

function places(node: CommandNode, path: readonly string[] = []): readonly Place[] {
  return [{ path, node }, ...node.commands.flatMap((child) => places(child, [...path, child.name]))];
}

/** Words that are options do not count as the way to a command. */
function bash(root: CommandNode): string {
  const cases = places(root).map(({ path, node }) => {
    const words = [...node.commands.map(({ name }) => name), ...node.options.map(({ flag }) => flag)];
    return `    '${path.join(' ')}') words='${words.join(' ')}' ;;`;
  });
  const known = knownPaths(root).map((path) => `'${path}'`);
  return `_${root.name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' words='' word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "\${path:+$path }$word" in
      ${known.join('|')}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ "\${#COMPREPLY[@]}" -eq 0 ]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -F _${root.name} ${root.name}
`;
}

/** One that zsh loads when it first completes, from a folder of `fpath`, or that is sourced. `path` is a name of zsh's own. */
function zsh(root: CommandNode): string {
  const cases = places(root).map(({ path, node }) => {
    const commands = node.commands.map(({ name, about }) => quoted(`${name}:${about}`));
    const options = node.options.map(({ flag, about }) => quoted(`${flag}:${about}`));
    return `    ${quoted(path.join(' '))}) commands=(${commands.join(' ')}) options=(${options.join(' ')}) ;;`;
  });
  const known = knownPaths(root).map((path) => `      ${quoted(path)}) at="$next" ;;`);
  return `#compdef ${root.name}
_${root.name}() {
  local at='' next i
  local -a commands options
  for ((i = 2; i < CURRENT; i++)); do
    next="\${at:+$at }\${words[i]}"
    case "$next" in
${known.join('\n')}
    esac
  done
  case "$at" in
${cases.join('\n')}
  esac
  _describe command commands || _describe -o option options || _files
}
if [ "$funcstack[1]" = "_${root.name}" ]; then _${root.name} "$@"; else compdef _${root.name} ${root.name}; fi
`;
}

function fish(root: CommandNode): string {
  const known = knownPaths(root).map((path) => `'${path}'`);
  const lines = places(root).flatMap(({ path, node }) => {
    const here = `complete -c ${root.name} -n "__${root.name}_at '${path.join(' ')}'"`;
    const commands = node.commands.map(({ name, about }) => `${here} -f -a ${name} -d '${escapeFish(about)}'`);
    const options = node.options.map(
      ({ flag, about }) => `${here} -l ${flag.replace(/^--/, '')} -d '${escapeFish(about)}'`,
    );
    return [...commands, ...options];
  });
  return `function __${root.name}_at
  set -l at ''
  for word in (commandline -opc)[2..]
    set -l next (string trim "$at $word")
    if contains -- $next ${known.join(' ')}
      set at $next
    end
  end
  test "$at" = "$argv[1]"
end
${lines.join('\n')}
`;
}

function knownPaths(root: CommandNode): readonly string[] {
  return places(root)
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => path.join(' '));
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function escapeFish(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}
