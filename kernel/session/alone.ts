import type { Runtime } from './runtime.ts';
import type { Standing } from './standing.ts';

/** What a call is to be recorded with, or what it did on the way: another operation on another resource. */
export type Noted = { readonly operation: string; readonly name: string; readonly detail: Readonly<Record<string, unknown>> };

type Noting = {
  readonly runtime: Runtime;
  readonly standing: Standing;
  readonly operation: string;
  readonly requestId: string;
  readonly trace: { readonly sampled: boolean; readonly traceId: string };
  readonly noted: readonly Noted[];
};

/**
 * Writes down by itself what a call asked to be, durably and before its reply; undefined when it asked for nothing. What it
 * did on the way counts only where it came to its end.
 */
export function recordAlone(job: Noting, outcome: string): Promise<void> | undefined {
  const { runtime, standing, requestId, trace } = job;
  const told = job.noted.filter(({ operation }) => operation === job.operation || outcome === 'ok');
  if (told.length === 0) return undefined;
  return (async () => {
    for (const { operation, name, detail } of told) {
      const more = trace.sampled ? { ...detail, trace: trace.traceId } : detail;
      const key = standing.windowKey(operation, name, outcome);
      await runtime.recordAudit({ ...key, at: runtime.now(), count: 1, bytes: 0, requestId, detail: more }, false);
    }
  })();
}
