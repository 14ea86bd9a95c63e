import { pollEveryMs } from '../limits.ts';
import { useOperation } from './call.ts';
import type { Thing } from './pages.ts';

export type Period = 'hour' | 'day' | 'month';
export type BudgetThing = Omit<Thing, 'status'> & {
  readonly spec: {
    readonly title: string;
    readonly service: string;
    readonly meter: string;
    readonly unit: string;
    readonly environment?: string;
    readonly dimension?: string;
    readonly value?: string;
    readonly period: Period;
    readonly amount: number;
    readonly thresholds: readonly number[];
    readonly notify: readonly string[];
  };
  readonly status: { readonly used: string; readonly percent: number; readonly since: number; readonly until: number };
};

export type BudgetAlert = {
  readonly at: number;
  readonly percent: number;
  readonly used: string;
  readonly amount: number;
  readonly told: boolean;
  readonly mailed: boolean;
};

export function useBudgets() {
  return useOperation<{ items: readonly BudgetThing[] }>('platform', 'ListBudgets', '', { limit: 1000 }, { everyMs: pollEveryMs });
}

export function useBudgetAlerts(name: string) {
  return useOperation<{ items: readonly BudgetAlert[] }>('platform', 'ListBudgetAlerts', name, { limit: 100 }, { everyMs: pollEveryMs });
}
