import type { Handlers } from '#kernel/contract/call.ts';
import { fault } from '#kernel/contract/fault.ts';
import { entityOf, partsOf } from '../../domain/quota/entity.ts';
import type { log } from '../../service.ts';
import type { Broker } from '../broker.ts';

/** The handlers of client quotas. */
export function quotaHandlers({ quotas }: Broker): Pick<Handlers<typeof log>, 'DescribeClientQuotas' | 'AlterClientQuotas'> {
  return {
    DescribeClientQuotas: async ({ caller }) => ({
      output: { entries: quotas.list(caller.scope).map(({ entity, values }) => ({ entity: partsOf(entity), values: { ...values } })) },
    }),
    async AlterClientQuotas({ caller, input }) {
      const entity = entityOf(input.entity);
      if (typeof entity === 'string') throw fault('BadInput', entity);
      if (input.validateOnly) quotas.changed(caller.scope, entity, input.changes);
      else await quotas.alter(caller.scope, entity, input.changes);
      return { output: {} };
    },
  };
}
