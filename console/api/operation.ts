import { useMemo } from 'react';
import { pollEveryMs } from '../limits.ts';
import { useOperation } from './call.ts';

/** One operation over one step of time, as telemetry tells it. */
export type OperationStep = {
  readonly service: string;
  readonly operation: string;
  readonly at: number;
  readonly count: number;
  readonly failed: number;
  readonly refused: number;
  readonly averageMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
};

export type OperationSpan = { readonly from: number; readonly to: number; readonly step: number };

/** Rates, errors and latency of the operations of a service, or of all. */
export function useOperations(span: OperationSpan, service?: string) {
  const { from, to, step } = span;
  const input = useMemo(() => ({ from, to, step, ...(service ? { service } : {}) }), [from, to, step, service]);
  return useOperation<{ stepMs: number; items: readonly OperationStep[] }>('telemetry', 'ListOperations', '', input, {
    everyMs: pollEveryMs,
  });
}

/** One value for every step of a span: calls, failures, refusals, and latency weighed by calls. */
export type OperationLine = {
  readonly at: readonly number[];
  readonly count: readonly number[];
  readonly failed: readonly number[];
  readonly refused: readonly number[];
  readonly averageMs: readonly number[];
  /** Of the operation that was slowest in that step. */
  readonly p95Ms: readonly number[];
  readonly p99Ms: readonly number[];
};

export function lineOf(items: readonly OperationStep[], { from, to, step }: OperationSpan): OperationLine {
  const width = Math.max(0, Math.round((to - from) / step));
  const empty = () => new Array<number>(width).fill(0);
  const [count, failed, refused, spentMs, p95Ms, p99Ms] = [empty(), empty(), empty(), empty(), empty(), empty()];
  for (const item of items) {
    const index = Math.floor((item.at - from) / step);
    if (index < 0 || index >= width) continue;
    count[index] = (count[index] ?? 0) + item.count;
    failed[index] = (failed[index] ?? 0) + item.failed;
    refused[index] = (refused[index] ?? 0) + item.refused;
    spentMs[index] = (spentMs[index] ?? 0) + item.averageMs * item.count;
    p95Ms[index] = Math.max(p95Ms[index] ?? 0, item.p95Ms);
    p99Ms[index] = Math.max(p99Ms[index] ?? 0, item.p99Ms);
  }
  const averageMs = spentMs.map((spent, index) => spent / Math.max(1, count[index] ?? 0));
  return { at: count.map((_, index) => from + index * step), count, failed, refused, averageMs, p95Ms, p99Ms };
}

/** The operations of some steps, each once with its sums and its worst latency, those most called first. */
export type OperationSum = Omit<OperationStep, 'at' | 'p50Ms' | 'p99Ms'>;

export function sumsOf(items: readonly OperationStep[]): readonly OperationSum[] {
  return [...Map.groupBy(items, ({ service, operation }) => `${service}.${operation}`).values()]
    .flatMap((steps) => {
      const [first] = steps;
      if (!first) return [];
      const sum = (of: (step: OperationStep) => number) => steps.reduce((all, step) => all + of(step), 0);
      const count = sum((step) => step.count);
      return [
        {
          service: first.service,
          operation: first.operation,
          count,
          failed: sum((step) => step.failed),
          refused: sum((step) => step.refused),
          averageMs: sum((step) => step.averageMs * step.count) / Math.max(1, count),
          p95Ms: Math.max(...steps.map((step) => step.p95Ms)),
        },
      ];
    })
    .sort((a, b) => b.count - a.count);
}
