import { fault } from '#kernel/contract/fault.ts';
import { errorCode } from '#wire/kafka/error.ts';
import { alterClientQuotas, describeClientQuotas } from '#wire/kafka/message/access.ts';
import { entityOf, filterFault, matchesEntity } from '../../domain/quota/entity.ts';
import { wordError } from './errors.ts';
import { route } from './exchange.ts';

// KIP-546. Quotas are of the caller's environment, and bind the clients of that alone.

const denied = 'CLUSTER_AUTHORIZATION_FAILED';

const answerDescribe = route(describeClientQuotas, async ({ components, strict }, { session }) => {
  const refuse = (code: number, errorMessage: string) => ({ throttleTimeMs: 0, errorCode: code, errorMessage, entries: null });
  try {
    const { output } = await session.invoke('DescribeClientQuotas', '', {});
    const wrong = filterFault(components);
    if (wrong) return refuse(errorCode[wrong.unknown ? 'UNSUPPORTED_VERSION' : 'INVALID_REQUEST'], wrong.text);
    const entries = output.entries.flatMap(({ entity: parts, values }) => {
      const entity = entityOf(parts);
      if (typeof entity === 'string' || !matchesEntity(entity, components, strict)) return [];
      return [{ entity: parts, values: Object.entries(values).map(([key, value]) => ({ key, value })) }];
    });
    return { throttleTimeMs: 0, errorCode: 0, errorMessage: null, entries };
  } catch (error) {
    const { errorCode: code, errorMessage } = wordError(error, denied);
    return refuse(code, errorMessage);
  }
});

const answerAlter = route(alterClientQuotas, async ({ entries: wanted, validateOnly }, { session }) => {
  const entries = [];
  for (const { entity, ops } of wanted) {
    try {
      if (ops.some(({ value, remove }) => !remove && !Number.isFinite(value))) throw fault('BadInput', 'A quota is a number.');
      const changes = ops.map(({ key, value, remove }) => ({ key, value: remove ? null : value }));
      await session.invoke('AlterClientQuotas', '', { entity, changes, validateOnly });
      entries.push({ errorCode: 0, errorMessage: null, entity });
    } catch (error) {
      entries.push({ ...wordError(error, denied), entity });
    }
  }
  return { throttleTimeMs: 0, entries };
});

export const clientQuotaRoutes = [answerDescribe, answerAlter];
