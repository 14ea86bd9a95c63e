import type { Session } from '#kernel/contract/session.ts';
import type { Prepared } from '#engine/pgwire/application.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { oidOf } from '../../domain/value.ts';
import type { analytics } from '../../service.ts';
import type { Plans } from '../../store/view.ts';
import { blocksOf, fieldsOf } from './answer.ts';
import { decide } from './decision.ts';

type Asking = { readonly session: Session<typeof analytics>; readonly plans: Plans };

/** SUBSCRIBE to a view or table: it goes on until it is cancelled. */
export async function subscribing({ session, plans }: Asking, name: string, committed: boolean): Promise<Prepared> {
  const view = await plans.relation(session.caller, name);
  if (view?.kind === 'query') throw new StatementError(sqlstates.kindWrong, `"${name}" is not a materialized view`);
  const operation = view?.kind === 'table' ? 'SubscribeTable' : 'SubscribeView';
  await decide(session, operation, name);
  if (view?.kind !== 'view' && view?.kind !== 'table')
    throw new StatementError(sqlstates.relationMissing, `materialized view "${name}" does not exist`);
  const fields = [{ name: 'epoch', oid: oidOf('int8') }, { name: 'diff', oid: oidOf('int4') }, ...fieldsOf(view.columns)];
  return {
    ...{ params: [], fields },
    execute: async (_, signal) => {
      const { body } = await session.invoke(operation, name, { committed }, { signal });
      return { rows: blocksOf(body), tag: (count) => `SUBSCRIBE ${count}` };
    },
  };
}
