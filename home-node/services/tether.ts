// Ties a program of somebody else to the home node: when the home node is gone, killed included, the program goes too.
//
// Programs of ours watch their standard input, a pipe from here, for its end. A foreign one does not, and Node can ask
// the kernel for nothing of the kind. So a shell of a few lines stands between: it starts the program in the process
// group that it leads itself, and a second copy of it reads the pipe. When the pipe ends, because home closed it or the
// kernel did when home died, the whole group is told to end, and after the grace it is killed. A shell takes 1 MB; a
// watching Node would take 40.
//
// What this cannot catch: a program that leaves its process group (a daemon of the old kind: run it in the foreground),
// and both shells being killed together with the home node, all in one moment; under systemd the unit's control group
// ends those.

const script = `
grace=$1
shift
exec 3<&0 </dev/null
trap : TERM INT HUP
"$@" 3<&- &
command=$!
(
  trap '' TERM INT HUP
  exec >/dev/null 2>&1
  read -r nothing <&3
  kill -TERM 0
  sleep "$grace"
  kill -KILL 0
) &
exec 3<&-
while :; do
  wait "$command"
  code=$?
  kill -0 "$command" 2>/dev/null || exit "$code"
done
`;

/** The command that runs `command` on a tether; it is to be spawned as the leader of a group, its standard input a pipe. */
export function tethered(command: readonly string[], graceMs: number): readonly string[] {
  return ['/bin/sh', '-c', script, 'porchlight-tether', String(Math.ceil(graceMs / 1000)), ...command];
}
