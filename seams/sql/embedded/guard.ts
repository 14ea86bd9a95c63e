import { type ChildProcess, spawn } from 'node:child_process';

/** A foreign program that must not outlive this process. */
export type Guarded = {
  readonly command: string;
  readonly args: readonly string[];
  /** Sent to the program when this process dies or the guard is asked to end. */
  readonly stop: 'INT' | 'TERM';
  /** Sent when it is still there after `graceSeconds`. */
  readonly kill: 'QUIT' | 'KILL';
  readonly graceSeconds: number;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
};

// File descriptor 3 is a pipe that nobody writes to: it ends when this process does, however it dies. A shell and not
// Node, since it costs a fiftieth of the memory and must run as the program's user, who may not be able to read our files.
// A signal ends a wait early, hence the loop. The shell waits for the program, so its number cannot be taken by another
// process while a signal is on its way.
const script = `
stop=$1 kill=$2 grace=$3; shift 3
"$@" 3<&- &
child=$!
end() {
  kill -"$stop" "$child" 2>/dev/null
  left=$grace
  while [ "$left" -gt 0 ] && kill -0 "$child" 2>/dev/null; do sleep 1; left=$((left - 1)); done
  kill -"$kill" "$child" 2>/dev/null
}
( trap - INT TERM; read -r _ <&3; end ) >/dev/null 2>&1 &
watch=$!
exec 3<&-
trap 'asked=1; kill -"$stop" "$child" 2>/dev/null' INT TERM
trap 'asked=1; kill -QUIT "$child" 2>/dev/null' QUIT
code=0
while :; do
  asked=
  wait "$child"
  seen=$?
  [ "$seen" = 127 ] || code=$seen
  [ -n "$asked" ] || break
done
kill "$watch" 2>/dev/null
exit "$code"
`;

/**
 * Starts a program under a shell that watches a pipe: when this process dies, by kill -9 too, the program is stopped.
 * The child answered is the shell; it ends with the program's exit code, 128 + n for a signal. The program has no standard
 * input; its output and errors are the child's, and nobody needs to read them.
 */
export function spawnGuarded(program: Guarded): ChildProcess {
  const args = ['-c', script, 'gamut-guard', program.stop, program.kill, String(program.graceSeconds), program.command, ...program.args];
  return spawn('/bin/sh', args, {
    // A group of its own: Ctrl-C at the terminal reaches the supervisor, who stops its children in order.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: program.env,
    cwd: program.cwd ?? '/',
    ...(program.uid === undefined ? {} : { uid: program.uid, gid: program.gid }),
  });
}
