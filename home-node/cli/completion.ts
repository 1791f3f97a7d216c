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
      return `#compdef ${root.name}\nautoload -U +X bashcompinit && bashcompinit\n${bash(root)}`;
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

/** zsh runs it too, by bashcompinit. Words that are options do not count as the way to a command. */
function bash(root: CommandNode): string {
  const cases = places(root).map(({ path, node }) => {
    const words = [...node.commands.map(({ name }) => name), ...node.options.map(({ flag }) => flag)];
    return `    '${path.join(' ')}') words='${words.join(' ')}' ;;`;
  });
  const known = places(root)
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => `'${path.join(' ')}'`);
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

function fish(root: CommandNode): string {
  const lines = places(root).flatMap(({ path, node }) => {
    const here =
      path.length === 0
        ? '__fish_use_subcommand'
        : `${path.map((name) => `__fish_seen_subcommand_from ${name}`).join('; and ')}`;
    const commands = node.commands.map(
      ({ name, about }) => `complete -c ${root.name} -f -n '${here}' -a ${name} -d '${escapeFish(about)}'`,
    );
    const options = node.options.map(
      ({ flag, about }) =>
        `complete -c ${root.name} -n '${here}' -l ${flag.replace(/^--/, '')} -d '${escapeFish(about)}'`,
    );
    return [...commands, ...options];
  });
  return `${lines.join('\n')}\n`;
}

function escapeFish(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}
