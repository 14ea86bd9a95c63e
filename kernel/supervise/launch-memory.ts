import { pathToFileURL } from 'node:url';
import type { Launched, LaunchHost } from './launch.ts';
import type { NodeSpec } from './plan.ts';
import type { Part } from './protocol.ts';
import { runPart } from './run-part.ts';

/** Starts a part inside this process, with the same orders and reports. It cannot be killed, only drained or abandoned. */
export function launchMemory(spec: NodeSpec, host: LaunchHost): Launched {
  const run = runPart({
    load: async () => ((await import(pathToFileURL(spec.module).href)) as { part: Part }).part,
    send: (report) => queueMicrotask(() => host.onReport(report)),
    explain: (error) =>
      host.output(Buffer.from(`${JSON.stringify({ level: 'error', message: String((error as Error)?.stack ?? error) })}\n`)),
  });
  return {
    pid: () => process.pid,
    order: (order) => run.take(order),
    kill: () => run.abandon(),
    ended: run.ended.then((code) => `ended with code ${code}`),
  };
}
