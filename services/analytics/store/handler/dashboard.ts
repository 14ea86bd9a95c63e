import type { Static } from 'typebox';
import type { Handlers } from '#kernel/contract/call.ts';
import { checked } from '#kernel/resource/checked.ts';
import { crudHandlers } from '#kernel/resource/crud-handlers.ts';
import type { Resources } from '#kernel/resource/provider.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { dashboardOperations, DashboardSpec } from '../../contract/dashboard.ts';
import { dashboardsMax } from '../../contract/limits.ts';
import { parseStatement } from '../../domain/statement.ts';
import type { analytics } from '../../service.ts';
import { worded } from './world.ts';

/** Dashboards; each panel asks a SELECT, in the name of whoever looks. */
export function dashboardHandlers(resources: Resources): Pick<Handlers<typeof analytics>, keyof typeof dashboardOperations> {
  const own = crudHandlers('Dashboard', resources.of('Dashboard'), dashboardsMax);
  const check = (spec: unknown) =>
    worded(async () => {
      for (const { query, title } of (spec as Static<typeof DashboardSpec>).panels)
        if ((await parseStatement(query))?.kind !== 'select')
          throw new StatementError(sqlstates.syntax, `the panel "${title}" asks no SELECT`);
    });
  return {
    ...own,
    CreateDashboard: checked(own.CreateDashboard, check),
    UpdateDashboard: checked(own.UpdateDashboard, check),
  } as never;
}
