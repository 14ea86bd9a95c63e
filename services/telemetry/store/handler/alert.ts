import type { Handlers } from '#kernel/contract/call.ts';
import { fault } from '#kernel/contract/fault.ts';
import { secondBounds } from '#kernel/observe/registry.ts';
import { crudHandlers } from '#kernel/resource/crud-handlers.ts';
import type { Resources } from '#kernel/resource/provider.ts';
import type { Sql } from '#seams/sql/sql.ts';
import type { Static } from 'typebox';
import { tellingHandlers } from '#kernel/alert/handler.ts';
import { checked } from '#kernel/resource/checked.ts';
import { rulesMax } from '#kernel/alert/limits.ts';
import { labelsOf } from '#kernel/alert/state.ts';
import type { alertOperations } from '#kernel/alert/contract.ts';
import type { ObjectiveSpec, ruleOperations } from '../../contract/alert.ts';
import { objectivesMax } from '../../contract/limits.ts';
import { badCalls, budgetOf, type Tally } from '../../domain/budget.ts';
import type { AlertRule } from '../../jobs/reading.ts';
import type { telemetry } from '../../service.ts';
import { readOperations } from '../read.ts';

type Mine = Pick<Handlers<typeof telemetry>, keyof typeof alertOperations | keyof typeof ruleOperations>;

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** A rule that could never be evaluated is refused when it is written. */
function checkRule(spec: unknown): void {
  const { metric, service, condition, threshold, where } = spec as AlertRule;
  const refuse = (path: string, detail: string) => {
    throw fault('BadInput', { path: `/spec${path}`, detail });
  };
  if ((metric === undefined) === (service === undefined)) refuse('/metric', 'A rule watches a metric or a service, one of them.');
  if ((condition === 'above' || condition === 'below') && threshold === undefined)
    refuse('/threshold', `A rule with ${condition} has a threshold.`);
  labelsOf(where);
}

/** Rules and objectives; where alerts stand; what is left of budgets. */
export function alertHandlers(sql: Sql, resources: Resources): Mine {
  const rules = crudHandlers('AlertRule', resources.of('AlertRule'), rulesMax);
  return {
    ...rules,
    CreateAlertRule: checked(rules.CreateAlertRule, checkRule),
    UpdateAlertRule: checked(rules.UpdateAlertRule, checkRule),
    ...tellingHandlers(sql, resources),
    ...crudHandlers('Objective', resources.of('Objective'), objectivesMax),
    async GetBudget({ caller, ref, now }) {
      const found = await resources.of('Objective').get(caller, ref.name);
      if (!found) throw fault('NotFound', `There is no Objective ${ref.name}.`);
      const spec = found.spec as Static<typeof ObjectiveSpec>;
      const { service, operation, target, slowerMs, days = 28 } = spec;
      const filter = { service, ...(operation === undefined ? {} : { operation }) };
      const rows = await readOperations(sql.as(caller), { from: now - days * dayMs, to: now + 1, stepMs: hourMs / 6, ...filter });
      const tallies = rows.map((row): Tally => {
        const counts = (row.buckets as unknown[]).map(Number);
        return { at: Number(row.at), total: Number(row.count), bad: badCalls(Number(row.failed), counts, secondBounds, slowerMs) };
      });
      const byDay = new Map<number, { at: number; total: number; bad: number }>();
      for (const { at, total, bad } of tallies) {
        const day = Math.floor(at / dayMs) * dayMs;
        const sum = byDay.get(day) ?? { at: day, total: 0, bad: 0 };
        byDay.set(day, { at: day, total: sum.total + total, bad: sum.bad + bad });
      }
      const perDay = [...byDay.values()].sort((a, b) => a.at - b.at);
      return { output: { objective: target, ...budgetOf(target, tallies, now), days: perDay } };
    },
  } as Mine;
}
