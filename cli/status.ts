import { runningPlatform } from '#kernel/supervise/client.ts';
import type { ProcessStatus } from '#kernel/supervise/protocol.ts';
import { dataPath } from '#kernel/volume/path.ts';
import { noArguments } from './argument.ts';
import type { Global } from './global.ts';

const nothingRunsExit = 3;

/** `gamut status`: the processes of the platform; exit code 3 when none runs. */
export async function run(argv: string[], global: Global): Promise<number> {
  noArguments(argv);
  const data = dataPath(global.data);
  const running = await runningPlatform(data);
  const processes = running?.processes ?? [];
  if (global.output === 'json') console.log(JSON.stringify({ processes }));
  else if (!running) console.log(`Nothing runs on ${data}.`);
  else console.log([`${running.phase} on ${running.data}`, ...processes.map(row)].join('\n'));
  return running ? 0 : nothingRunsExit;
}

function row({ name, pid, state, restarts, since, reason }: ProcessStatus): string {
  const times = restarts > 0 ? `  restarts ${restarts}` : '';
  const why = reason ? `  ${reason}` : '';
  return `  ${name.padEnd(16)}${String(pid ?? '-').padEnd(9)}${state.padEnd(10)}${new Date(since).toISOString()}${times}${why}`;
}
