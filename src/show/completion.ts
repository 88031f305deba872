/**
 * Completion for bash, zsh and fish from the table of commands. Places come from ~/.ssh/config (`Host` lines
 * without wildcards), folders are directories, classes and topics are lists.
 */
import { Failure } from '../failure.ts';
import {
  type Command,
  type Completes,
  commands,
  globalOptions,
  type Option,
  optionsOf,
} from './commands-table.ts';
import { helpNames } from './help.ts';
import { nearest } from './nearest.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
const classes = ['mutable', 'secret', 'edited', 'immutable', 'identity', 'ephemeral', 'none'];

/** Prints each alias of ~/.ssh/config; awk reads it in one process. */
const places = `awk 'tolower($1)=="host"{for(i=2;i<=NF;i++)if($i!~/[*?!]/)print $i}' ~/.ssh/config 2>/dev/null`;

/** The script for one shell. */
export function completion(shell: string): string {
  if (shell === 'bash') return bash();
  if (shell === 'zsh') return zsh();
  if (shell === 'fish') return fish();
  const near = nearest(shell, shells);
  throw new Failure('usage', 'usage', `no completion for ${shell}`, {
    hint: near === null ? `there is one for ${shells.join(', ')}` : `did you mean: ${near}`,
  });
}

function words(completes: Completes): string {
  if (completes === 'class') return classes.join(' ');
  if (completes === 'topic') return helpNames().join(' ');
  if (completes === 'shell') return shells.join(' ');
  return '';
}

function bashAnswer(completes: Completes): string {
  if (completes === 'place') return `COMPREPLY=($(compgen -W "local disk:/ $(${places})" -- "$cur"))`;
  if (completes === 'side')
    return `COMPREPLY=($(compgen -d -- "$cur") $(compgen -W "local disk:/ $(${places})" -- "$cur"))`;
  if (completes === 'folder') return 'COMPREPLY=($(compgen -d -- "$cur"))';
  if (completes === 'file') return 'COMPREPLY=($(compgen -f -- "$cur"))';
  if (completes === 'nothing') return 'COMPREPLY=()';
  return `COMPREPLY=($(compgen -W "${words(completes)}" -- "$cur"))`;
}

function optionNames(options: readonly Option[]): string {
  return options
    .flatMap((each) => [`--${each.name}`, ...(each.short === undefined ? [] : [`-${each.short}`])])
    .join(' ');
}

function withValues(options: readonly Option[]): Option[] {
  return options.filter((each) => each.value !== undefined);
}

function everyOption(): Option[] {
  const seen = new Map<string, Option>();
  for (const option of [...globalOptions, ...commands.flatMap((command) => command.options)])
    seen.set(option.name, option);
  return [...seen.values()];
}

function bash(): string {
  const valued = withValues(everyOption());
  return `# bash completion for opstimal-move; made by: opstimal-move completion bash
_opstimal_move() {
  local cur=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command= at=0 word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      ${valued.map((each) => `--${each.name}${each.short === undefined ? '' : `|-${each.short}`}`).join('|')}) ((i++)) ;;
      -*) ;;
      *) if [[ -z $command ]]; then command=$word; else ((at++)); fi ;;
    esac
  done
  case $previous in
${valued.map((each) => `    --${each.name}${each.short === undefined ? '' : `|-${each.short}`}) ${bashAnswer(each.completes ?? 'nothing')}; return ;;`).join('\n')}
  esac
  if [[ -z $command ]]; then
    COMPREPLY=($(compgen -W "${commands.map((each) => each.name).join(' ')} ${optionNames(globalOptions)}" -- "$cur"))
    return
  fi
  if [[ $cur == -* ]]; then
    case $command in
${commands.map((each) => `      ${each.name}) COMPREPLY=($(compgen -W "${optionNames(optionsOf(each))}" -- "$cur")) ;;`).join('\n')}
    esac
    return
  fi
  case $command:$at in
${commands.flatMap(bashArguments).join('\n')}
  esac
}
complete -F _opstimal_move opstimal-move
`;
}

function bashArguments(command: Command): string[] {
  return command.arguments.map(
    (argument, at) => `    ${command.name}:${argument.many ? '*' : at}) ${bashAnswer(argument.completes)} ;;`,
  );
}

/** Text inside single quotes of any of the three shells. */
function single(text: string): string {
  return text.replaceAll("'", "'\\''");
}

function zshAnswer(completes: Completes): string {
  if (completes === 'place') return `compadd -- local disk:/ \${(f)"$(${places})"}`;
  if (completes === 'side') return `${zshAnswer('folder')}; ${zshAnswer('place')}`;
  if (completes === 'folder') return '_files -/';
  if (completes === 'file') return '_files';
  if (completes === 'nothing') return ':';
  return `compadd -- ${words(completes)}`;
}

function zsh(): string {
  const valued = withValues(everyOption());
  return `#compdef opstimal-move
# zsh completion for opstimal-move; made by: opstimal-move completion zsh
_opstimal_move() {
  local command= at=0 i word
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]}
    case $word in
      ${valued.map((each) => `--${each.name}${each.short === undefined ? '' : `|-${each.short}`}`).join('|')}) ((i++)) ;;
      -*) ;;
      *) if [[ -z $command ]]; then command=$word; else ((at++)); fi ;;
    esac
  done
  case \${words[CURRENT-1]} in
${valued.map((each) => `    --${each.name}${each.short === undefined ? '' : `|-${each.short}`}) ${zshAnswer(each.completes ?? 'nothing')}; return ;;`).join('\n')}
  esac
  if [[ -z $command ]]; then
    local -a names
    names=(
${commands.map((each) => `      '${each.name}:${single(each.summary)}'`).join('\n')}
    )
    _describe command names
    [[ $PREFIX == -* ]] && compadd -- ${optionNames(globalOptions)}
    return
  fi
  if [[ $PREFIX == -* ]]; then
    case $command in
${commands.map((each) => `      ${each.name}) compadd -- ${optionNames(optionsOf(each))} ;;`).join('\n')}
    esac
    return
  fi
  case $command:$at in
${commands.flatMap((command) => command.arguments.map((argument, at) => `    ${command.name}:${argument.many ? '*' : at}) ${zshAnswer(argument.completes)} ;;`)).join('\n')}
  esac
}
if [[ $funcstack[1] == _opstimal_move ]]; then _opstimal_move "$@"; else compdef _opstimal_move opstimal-move; fi
`;
}

function fishAnswer(completes: Completes): string {
  if (completes === 'place')
    return `-f -a "local disk:/ (${places.replaceAll('$', '\\$').replaceAll('"', '\\"')})"`;
  if (completes === 'side') return fishAnswer('place').replace(/"$/, ' (__fish_complete_directories)"');
  if (completes === 'folder') return '-f -a "(__fish_complete_directories)"';
  if (completes === 'file') return '-F';
  if (completes === 'nothing') return '-f';
  return `-f -a "${words(completes)}"`;
}

function fishOption(option: Option): string {
  const short = option.short === undefined ? '' : ` -s ${option.short}`;
  const value = option.value === undefined ? '' : ` -r ${fishAnswer(option.completes ?? 'nothing')}`;
  return `-l ${option.name}${short}${value} -d '${single(option.summary)}'`;
}

function fish(): string {
  const lines = [
    '# fish completion for opstimal-move; made by: opstimal-move completion fish',
    'complete -c opstimal-move -f',
  ];
  for (const option of globalOptions) lines.push(`complete -c opstimal-move ${fishOption(option)}`);
  for (const command of commands) {
    const on = `-n "__fish_seen_subcommand_from ${command.name}"`;
    lines.push(
      `complete -c opstimal-move -n __fish_use_subcommand -f -a ${command.name} -d '${single(command.summary)}'`,
    );
    for (const option of command.options) lines.push(`complete -c opstimal-move ${on} ${fishOption(option)}`);
    const kinds = new Set(command.arguments.map((argument) => argument.completes));
    for (const kind of kinds) {
      if (kind !== 'nothing') lines.push(`complete -c opstimal-move ${on} ${fishAnswer(kind)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
