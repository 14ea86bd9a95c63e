import { OperationError } from '../contract/fault.ts';
import type { Launched, LaunchHost } from './launch.ts';
import type { Foreign, ForeignSpec } from './plan.ts';

/** Starts a program that is not ours and answers for it: it is ready when its start has returned, and drained by `stop`. */
export function launchForeign(spec: ForeignSpec, host: LaunchHost): Launched {
  const unwanted = new AbortController();
  const { promise: ended, resolve: end } = Promise.withResolvers<string>();
  let foreign: Foreign | undefined;
  const stop = (program: Foreign): void => {
    program.stop().catch((error: unknown) => {
      host.output(Buffer.from(`${String(error)}\n`));
      program.kill();
    });
  };
  const started = (program: Foreign): void => {
    foreign = program;
    void program.ended.then(end);
    if (unwanted.signal.aborted) return stop(program);
    host.onSecrets(program.secrets ?? {});
    host.onReport({ type: 'ready', doors: {} });
  };
  const failed = (error: unknown): void => {
    host.output(Buffer.from(`${String(error instanceof OperationError ? error.message : (error as Error)?.stack)}\n`));
    if (error instanceof OperationError && !error.retry) host.onReport({ type: 'fatal', code: error.code, sentence: error.message });
    end(`could not be started: ${(error as Error)?.message}`);
  };
  spec.start({ data: host.data, run: host.run, output: host.output, signal: unwanted.signal }).then(started, failed);
  return {
    pid: () => foreign?.pid ?? null,
    order(order) {
      if (order.type !== 'drain') return;
      unwanted.abort();
      if (foreign) stop(foreign);
    },
    kill() {
      unwanted.abort();
      foreign?.kill();
    },
    ended,
  };
}
