import type { Handlers } from '#kernel/contract/call.ts';
import type { AnyService } from '#kernel/contract/contract.ts';
import { checked } from '#kernel/resource/checked.ts';
import { crudHandlers } from '#kernel/resource/crud-handlers.ts';
import type { Resources } from '#kernel/resource/provider.ts';
import type { Sql } from '#seams/sql/sql.ts';
import type { alertOperations, Telling } from './contract.ts';
import { silencesOf } from './evaluate.ts';
import { receiversMax, silencesMax } from './limits.ts';
import { isSilenced, labelsOf } from './state.ts';
import { readAlerts } from './store.ts';

type Mine = Pick<Handlers<AnyService & { operations: typeof alertOperations }>, keyof typeof alertOperations>;

/** Who is told of alerts, when nobody is, and where alerts stand. */
export function tellingHandlers(sql: Sql, resources: Resources): Mine {
  const silences = crudHandlers('Silence', resources.of('Silence'), silencesMax);
  const checkSilence = (spec: unknown) => void labelsOf((spec as { where?: string[] }).where);
  return {
    ...crudHandlers('Receiver', resources.of('Receiver'), receiversMax),
    ...silences,
    CreateSilence: checked(silences.CreateSilence, checkSilence),
    UpdateSilence: checked(silences.UpdateSilence, checkSilence),
    async ListAlerts({ caller, input, now }) {
      const { state: only } = input as { readonly state?: string };
      const quiet = silencesOf(resources.of('Silence'), caller);
      const known = new Map(
        resources
          .of('AlertRule')
          .known(caller)
          .map(({ name, spec }) => [name, spec as Telling]),
      );
      const order = { firing: 0, pending: 1, resolved: 2 } as const;
      const alerts = (await readAlerts(sql.as(caller))).filter(({ state }) => only === undefined || only === state);
      alerts.sort((a, b) => order[a.state] - order[b.state] || b.since - a.since);
      const items = alerts.map(({ rule, labels, state, value, since, firedAt, resolvedAt, told }) => ({
        rule,
        labels,
        state,
        severity: known.get(rule)?.severity ?? 'warning',
        summary: known.get(rule)?.summary ?? '',
        ...(value === undefined ? {} : { value }),
        since,
        ...(firedAt === undefined ? {} : { firedAt }),
        ...(resolvedAt === undefined ? {} : { resolvedAt }),
        silenced: isSilenced({ rule, labels }, quiet, now),
        told,
      }));
      return { output: { items: items as never } };
    },
  } as Mine;
}
