import { json } from '#seams/sql/sql.ts';
import type { Call, Handlers } from '../../contract/call.ts';
import { fault } from '../../contract/fault.ts';
import { formatId } from '../../tenancy/id.ts';
import { auditReaderOf } from '../audit-reader.ts';
import { change, type Context, enveloped, found, own, paged, type Row } from '../context.ts';
import { type Asked, explainer } from '../policy/explain.ts';
import { judge } from '../policy/judge.ts';
import { policiesMax, previewedMax, previewRecordsMax } from '../policy/limits.ts';
import { policyKey } from '../policy-entry.ts';
import { registeredContracts } from '../register.ts';
import type { platform } from '../service.ts';

type All = Handlers<typeof platform>;
type PolicyOperations = 'CreatePolicy' | 'GetPolicy' | 'ListPolicies' | 'UpdatePolicy' | 'DeletePolicy' | 'ExplainAccess' | 'PreviewPolicy';

/** A policy as it is shown. */
export const policyOf = (row: Row) => enveloped(row, String(row.name), { text: String(row.text), stepUp: row.step_up === true });

/** A tenant's own policies: judged when written, live when answered. */
export function policyHandlers(context: Context): Pick<All, PolicyOperations> {
  const locate = async (call: Call, name = call.ref.name) =>
    found(
      (await own(context, call).query('select * from platform.policy where name = $1', [name])).rows,
      `policy ${name}`,
    );
  return {
    async CreatePolicy(call) {
      const { tenant } = call.caller;
      const id = context.ids.next();
      const name = call.input.name ?? `policy-${formatId(id)}`;
      const { est, stepUp } = await judge(context, name, call.input.text);
      await change(context, call.caller, async (tx, note) => {
        const made = await tx.query(
          `insert into platform.policy (tenant, id, name, text, est, step_up) select $1, $2, $3, $4, $5, $6
           where (select count(*) from platform.policy) < $7 on conflict do nothing`,
          [tenant, id, name, call.input.text, json(est), stepUp, policiesMax],
        );
        if (made.count === 0) throw fault('Conflict', `A policy is called ${name} already, or there are ${policiesMax}.`);
        await note(tenant, 'policy', policyKey(tenant, 'policy', name));
      });
      return { output: policyOf(await locate(call as Call, name)) };
    },
    async GetPolicy(call) {
      return { output: policyOf(await locate(call as Call)) };
    },
    async ListPolicies(call) {
      const { after = '', limit = 100, prefix = '' } = call.input;
      const { rows } = await own(context, call as Call).query(
        'select * from platform.policy where name > $1 and starts_with(name, $3) order by name limit $2',
        [after, limit + 1, prefix],
      );
      return { output: paged((rows as Row[]).map(policyOf), limit) };
    },
    async UpdatePolicy(call) {
      const row = await locate(call as Call);
      const { est, stepUp } = await judge(context, String(row.name), call.input.text);
      await change(context, call.caller, async (tx, note) => {
        await tx.query(
          `update platform.policy set text = $2, est = $3, step_up = $4, generation = generation + 1, version = version + 1 where id = $1`,
          [row.id, call.input.text, json(est), stepUp],
        );
        await note(call.caller.tenant, 'policy', policyKey(call.caller.tenant, 'policy', String(row.name)));
      });
      return { output: policyOf(await locate(call as Call)) };
    },
    async DeletePolicy(call) {
      const row = await locate(call as Call);
      await change(context, call.caller, async (tx, note) => {
        await tx.query('delete from platform.policy where id = $1', [row.id]);
        await note(call.caller.tenant, 'policy', policyKey(call.caller.tenant, 'policy', String(row.name)));
      });
      return { output: {} };
    },
    async ExplainAccess(call) {
      const { principal = call.caller.principal, service, operation, name = '', assurance, draft } = call.input;
      const judged = draft && { name: draft.name, est: (await judge(context, draft.name, draft.text)).est };
      const explain = explainer(context, call as Call, await registeredContracts(context), judged);
      const { verdict, question, attributesKnown } = explain({ principal, service, operation, name, ...(assurance ? { assurance } : {}) });
      const texts = await textsOf(context, call as Call, draft);
      return {
        output: {
          allowed: verdict.allow,
          reasons: verdict.reasons.map(({ from, policy }) => ({ from, policy, ...(texts.has(policy) ? { text: texts.get(policy) } : {}) })),
          errors: [...verdict.errors],
          roles: [...question.roles],
          facts: {
            principal: `Gamut::Principal::${JSON.stringify(principal)}`,
            action: `${service}::Action::${JSON.stringify(operation)}`,
            resource: `${service}::${question.kind}::${JSON.stringify(name)}`,
            context: { face: question.face, now: question.now, ...(assurance === undefined ? {} : { assurance }) },
            attributes: question.attributes,
          },
          attributesKnown,
        },
      };
    },
    async PreviewPolicy(call) {
      const { name, text } = call.input;
      const { est, warnings } = await judge(context, name, text);
      const contracts = await registeredContracts(context);
      const [now, then] = [undefined, { name, est }].map((draft) => explainer(context, call as Call, contracts, draft));
      const asked = (await latestOf(context, call as Call)).filter(
        ({ service, operation }) => contracts[service] && Object.hasOwn(contracts[service].operations, operation),
      );
      const changes = asked.flatMap((each) => {
        const [before, after] = [now?.(each).verdict.allow === true, then?.(each).verdict.allow === true];
        return before === after ? [] : [{ ...each, before, after }];
      });
      return { output: { tried: asked.length, changes, warnings: [...warnings] } };
    },
  };
}

/** The texts of the policies that may be named as reasons. */
async function textsOf(context: Context, call: Call, draft: { name: string; text: string } | undefined): Promise<Map<string, string>> {
  const { rows } = await own(context, call).query(`select 'policy.' || name as id, text from platform.policy`);
  const { rows: guards } = await context.system.platform().query(`select 'guard.' || name as id, text from platform.guard_rail`);
  const texts = new Map([...rows, ...guards].map((row) => [String((row as Row).id), String((row as Row).text)]));
  return draft ? texts.set(`policy.${draft.name}`, draft.text) : texts;
}

/** The latest different requests of the caller's environment, as the audit log has them. */
async function latestOf(context: Context, call: Call): Promise<Asked[]> {
  const reader = auditReaderOf(context);
  const { rows } = await own(context, call).query('select * from platform.audit_record where scope = $1 order by sequence desc limit $2', [
    call.caller.scope,
    previewRecordsMax,
  ]);
  const latest = new Map<string, Asked>();
  for (const row of rows as Row[]) {
    const { principal, service, operation, name } = await reader.row(call.caller.tenant, row);
    latest.set(JSON.stringify([principal, service, operation, name]), { principal, service, operation, name });
    if (latest.size === previewedMax) break;
  }
  return [...latest.values()];
}
