import type { Call, Handlers } from '#kernel/contract/call.ts';
import { tellingHandlers } from '#kernel/alert/handler.ts';
import { checked } from '#kernel/resource/checked.ts';
import { rulesMax } from '#kernel/alert/limits.ts';
import { crudHandlers } from '#kernel/resource/crud-handlers.ts';
import type { Resources } from '#kernel/resource/provider.ts';
import type { Sql } from '#seams/sql/sql.ts';
import type { viewAlertOperations } from '../../contract/alert.ts';
import { type ViewRule, watched } from '../../jobs/watch.ts';
import type { analytics } from '../../service.ts';
import type { Plans } from '../view.ts';
import { worded } from './world.ts';

type Mine = Pick<Handlers<typeof analytics>, keyof typeof viewAlertOperations>;

/** Rules over views; who is told; where alerts stand. */
export function alertHandlers(sql: Sql, resources: Resources, plans: Plans): Mine {
  const rules = crudHandlers('AlertRule', resources.of('AlertRule'), rulesMax);
  /** Whoever makes a rule gets to see by it what is in the view. */
  const check = async (spec: unknown, made: unknown) => {
    const call = made as Call<typeof analytics>;
    await call.also('ReadView', (spec as ViewRule).view);
    await worded(() => watched(plans, call.caller, spec as ViewRule));
  };
  return {
    ...rules,
    CreateAlertRule: checked(rules.CreateAlertRule, check),
    UpdateAlertRule: checked(rules.UpdateAlertRule, check),
    ...tellingHandlers(sql, resources),
  } as Mine;
}
