import { fault, OperationError } from '../contract/fault.ts';
import { heartbeatMs } from './limits.ts';
import type { AdmitOrder, Link, Order, Part, Report, Running, StartOrder } from './protocol.ts';

/** A part that runs, in its own process or inside another: it takes orders and ends with an exit code. */
export type PartRun = {
  take(order: Order): void;
  /** The supervisor is gone: what runs is told to stop, and nothing more is waited for. */
  abandon(): void;
  readonly ended: Promise<number>;
};

export type PartHost = {
  readonly load: () => Promise<Part>;
  readonly send: (report: Report) => void;
  /** Told why a start or a drain failed. */
  readonly explain: (error: unknown) => void;
};

/** Starts a part when its order comes, keeps the heartbeat, hands on admissions, drains when told. */
export function runPart(host: PartHost): PartRun {
  const { promise: ended, resolve: end } = Promise.withResolvers<number>();
  const stop = new AbortController();
  const admits = new Map<string, AdmitOrder>();
  const listeners: ((admit: AdmitOrder) => void)[] = [];
  let started: Promise<Running | undefined> | undefined;
  let beat: { stop(): void } | undefined;

  const begin = async (order: StartOrder): Promise<Running | undefined> => {
    beat = startBeat(host.send);
    const onAdmit: Link['onAdmit'] = (callback) => {
      listeners.push(callback);
      for (const admit of admits.values()) callback(admit);
    };
    try {
      const part = await host.load();
      const running = await part.start({ order, onAdmit, signal: stop.signal });
      host.send({ type: 'ready', doors: running.doors, facts: running.facts });
      return running;
    } catch (error) {
      if (!stop.signal.aborted) explainFailure(host, error);
      finish(stop.signal.aborted ? 0 : 1);
      return undefined;
    }
  };
  const drain = async (): Promise<void> => {
    if (stop.signal.aborted) return;
    stop.abort(fault('Draining'));
    try {
      await (await started)?.drain();
      finish(0);
    } catch (error) {
      host.explain(error);
      finish(1);
    }
  };
  const finish = (code: number): void => {
    beat?.stop();
    end(code);
  };
  const takers = {
    start: (order: StartOrder) => {
      started ??= begin(order);
    },
    admit: (order: AdmitOrder) => {
      admits.set(order.process, order);
      for (const listener of listeners) listener(order);
      host.send({ type: 'admitted', tokenHash: order.tokenHash });
    },
    drain: () => void drain(),
  };
  return {
    ended,
    take: (order) => (takers[order.type] as (order: Order) => void)(order),
    abandon() {
      beat?.stop();
      stop.abort(fault('Draining'));
      end(1);
    },
  };
}

/** An operating error that a repeat would meet again is fatal, so that nobody restarts into it over and over. */
function explainFailure(host: PartHost, error: unknown): void {
  host.explain(error);
  const isFatal = error instanceof OperationError && !error.retry;
  const code = error instanceof OperationError ? error.code : 'Internal';
  host.send({ type: isFatal ? 'fatal' : 'failed', code, sentence: error instanceof Error ? error.message : String(error) });
}

/** Reports every interval how late the event loop was. */
function startBeat(send: PartHost['send']): { stop(): void } {
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    send({ type: 'beat', lagMs: Math.max(0, Math.round(now - last - heartbeatMs)) });
    last = now;
  }, heartbeatMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
